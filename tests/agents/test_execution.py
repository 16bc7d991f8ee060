"""Calls of one turn: each has one result, none loses its siblings, and what has effects is announced before."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from grokkit.agents.approval import Approval, ApprovalRequest, Decision
from grokkit.agents.bench import key_of
from grokkit.agents.execution import Execution
from grokkit.agents.journal import CallRecord, MemoryJournal, RunRecord, RunTaken
from grokkit.agents.results import JournalUnavailable, ToolResult
from grokkit.clock import SystemClock
from grokkit.errors import Misused, StoreUnavailable
from grokkit.testing import TurnableClock
from grokkit.tools import Tool, ToolContext, tool
from grokkit.wire.events import ToolCall

if TYPE_CHECKING:
    from collections.abc import Sequence

RUN = RunRecord(id="run")


def call(name: str, arguments: str = "{}", call_id: str | None = None) -> ToolCall:
    return ToolCall(id=call_id or f"call_{name}", name=name, arguments=arguments)


async def execution(tools: Sequence[Tool[..., Any]], **settings: Any) -> tuple[Execution, MemoryJournal]:
    """An execution of a run that has just begun, and its journal."""
    journal: MemoryJournal = settings.pop("journal", None) or MemoryJournal()
    await journal.begin(RUN)
    clock = settings.pop("clock", None) or SystemClock()
    return Execution(tools, journal=journal, claim=RUN.claim, clock=clock, **settings), journal


async def outputs(tools: Sequence[Tool[..., Any]], *calls: ToolCall, **settings: Any) -> list[tuple[str, str]]:
    made, _ = await execution(tools, **settings)
    return [(result.status, result.output) for result in (await made.run(calls, turn=1)).results]


@tool(effects="read_only")
def weather(city: str) -> str:
    """Forecast."""
    return f"{city}: rain"


@tool
async def pay(cents: int) -> dict[str, int]:
    """Pay."""
    return {"paid": cents}


@tool
def broken() -> str:
    """Does not work."""
    raise ValueError("no such account, key sk-abcdef0123456789abcdef was used")


async def test_results_come_in_the_order_of_the_calls_whoever_ends_first() -> None:
    first = asyncio.Event()

    @tool
    async def slow() -> str:
        """Waits for the other."""
        await first.wait()
        return "slow"

    @tool
    async def fast() -> str:
        """Lets the other go on."""
        first.set()
        return "fast"

    assert await outputs([slow, fast], call("slow"), call("fast")) == [("done", "slow"), ("done", "fast")]


async def test_sync_and_async_tools_give_text_and_json() -> None:
    calls = (call("weather", '{"city": "Oslo"}'), call("pay", '{"cents": 5}'))

    assert await outputs([weather, pay], *calls) == [("done", "Oslo: rain"), ("done", '{"paid":5}')]


async def test_one_that_fails_does_not_lose_its_siblings_and_shows_no_key() -> None:
    calls = (call("weather", '{"city": "Oslo"}'), call("broken"), call("pay", '{"cents": 5}'))
    made, journal = await execution([weather, pay, broken])

    results = (await made.run(calls, turn=1)).results

    assert [result.status for result in results] == ["done", "failed", "done"]
    assert results[1].output == "broken failed: ValueError: no such account, key sk-*** was used"
    assert "test_execution.py" in (results[1].error or "")
    assert "abcdef0123" not in repr(await journal.load("run"))


async def test_an_unknown_tool_is_told_to_the_model_with_the_nearest_name() -> None:
    [(status, output)] = await outputs([weather, pay], call("wether"))

    assert status == "refused"
    assert output == "there is no tool named 'wether': did you mean 'weather'? There are: pay, weather"


async def test_bad_arguments_are_told_to_the_model_and_nothing_runs() -> None:
    [(status, output)] = await outputs([pay], call("pay", '{"cents": "five"}'))

    assert status == "refused"
    assert "cents: expected an integer" in output


async def test_a_result_without_a_form_is_a_failure_that_says_that_it_ran() -> None:
    @tool
    def thing() -> object:
        """Gives what cannot be sent."""
        return object()

    [(status, output)] = await outputs([thing], call("thing"))

    assert status == "failed"
    assert output.startswith("thing ran to its end, but the result of the tool thing")


async def test_an_error_whose_text_is_an_error_is_told_by_its_name() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    @tool
    def odd() -> str:
        """Fails oddly."""
        raise Odd

    assert await outputs([odd], call("odd")) == [("failed", "odd failed: Odd")]


async def test_a_tool_that_cancels_itself_has_failed() -> None:
    @tool
    async def quitter() -> str:
        """Raises what is raised where tasks are cancelled."""
        raise asyncio.CancelledError

    [(status, output), (other, _)] = await outputs([quitter, pay], call("quitter"), call("pay", '{"cents": 1}'))

    assert (status, other) == ("failed", "done")
    assert "CancelledError" in output


async def test_no_more_run_at_a_time_than_may() -> None:
    running, most = 0, 0

    @tool
    async def work() -> str:
        """Counts."""
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1
        return "done"

    results = await outputs([work], *(call("work", call_id=f"c{n}") for n in range(10)), parallel=3)

    assert len(results) == 10
    assert most == 3


async def test_an_async_tool_is_stopped_at_its_limit() -> None:
    clock, ended = TurnableClock(), []

    @tool(effects="read_only", time_limit=5)
    async def slow() -> str:
        """Takes an hour."""
        try:
            await clock.sleep(3600)
        except asyncio.CancelledError:
            ended.append(clock.now() - 1000)
            raise
        return "late"

    async with clock.rushing():
        [(status, output)] = await outputs([slow], call("slow"), clock=clock, time_limit=60)

    assert (status, output, ended) == ("timed_out", "slow timed out after 5 s", [5.0])


async def test_a_sync_tool_is_left_behind_at_the_run_s_limit_and_may_have_taken_effect() -> None:
    clock, go_on, ended = TurnableClock(), threading.Event(), threading.Event()

    @tool
    def slow() -> None:
        """Cannot be stopped."""
        go_on.wait(20)
        ended.set()

    async with clock.rushing():
        [(status, output)] = await outputs([slow], call("slow"), clock=clock, time_limit=5)
    still_running = not ended.is_set()
    go_on.set()

    assert still_running
    assert status == "timed_out"
    assert output == (
        "slow timed out after 5 s. It may have taken effect all the same: find out before you call it again"
    )
    assert ended.wait(20)


async def test_an_async_tool_that_will_not_be_stopped_is_left_behind() -> None:
    clock, go_on = TurnableClock(), asyncio.Event()

    @tool(time_limit=5)
    async def stubborn() -> str:
        """Ignores being cancelled."""
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue
        raise ValueError("nobody hears it")

    async with clock.rushing():
        [(status, _)] = await outputs([stubborn], call("stubborn"), clock=clock)
    go_on.set()

    assert status == "timed_out"


async def test_a_tool_that_ends_well_when_it_is_stopped_has_its_result() -> None:
    clock = TurnableClock()

    @tool(time_limit=5)
    async def tidy() -> str:
        """Gives what it has when it must end."""
        try:
            await clock.sleep(3600)
        except asyncio.CancelledError:
            return "half of it"
        return "all of it"

    async with clock.rushing():
        assert await outputs([tidy], call("tidy"), clock=clock) == [("done", "half of it")]


async def test_a_tool_that_fails_while_it_is_stopped_timed_out() -> None:
    clock = TurnableClock()

    @tool(time_limit=5, effects="idempotent")
    async def clumsy() -> None:
        """Fails at its clean-up."""
        try:
            await clock.sleep(3600)
        finally:
            raise ValueError("clean-up")

    async with clock.rushing():
        assert await outputs([clumsy], call("clumsy"), clock=clock) == [("timed_out", "clumsy timed out after 5 s")]


async def test_the_key_reaches_the_tool_and_is_the_call_s_own() -> None:
    seen: list[tuple[str, str | None, str | None]] = []

    @tool
    def keyed(context: ToolContext) -> str:
        """Knows its key."""
        seen.append((context.key, context.call_id, context.tenant))
        return "done"

    made, journal = await execution([keyed], tenant="acme")
    await made.run([call("keyed")], turn=1)
    await made.run([call("keyed")], turn=2)

    assert seen == [
        (key_of("run", 1, "call_keyed"), "call_keyed", "acme"),
        (key_of("run", 2, "call_keyed"), "call_keyed", "acme"),
    ]
    assert [one.key for one in (await journal.load("run")).calls] == [key for key, _, _ in seen]


class Watched(MemoryJournal):
    """Tells in which order things are written."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []

    async def intend(self, claim: Any, call: CallRecord) -> None:
        self.log.append(f"intend {call.call.name}")
        await super().intend(claim, call)

    async def settle(self, claim: Any, call: CallRecord) -> None:
        self.log.append(f"settle {call.call.name} {call.status}")
        await super().settle(claim, call)


async def test_what_has_effects_is_announced_before_it_is_done_and_reading_is_not() -> None:
    journal = Watched()

    @tool(effects="idempotent")
    def put() -> None:
        """Puts."""
        journal.log.append("put")

    @tool(effects="destructive")
    def send() -> None:
        """Sends."""
        journal.log.append("send")

    @tool(effects="read_only")
    def look() -> None:
        """Looks."""
        journal.log.append("look")

    made, _ = await execution([put, send, look], journal=journal)
    for name in ("put", "send", "look"):
        await made.run([call(name)], turn=1)

    assert journal.log == [
        *("intend put", "put", "settle put done"),
        *("intend send", "send", "settle send done"),
        *("look", "settle look done"),
    ]


async def test_done_results_are_returned_and_not_made_again() -> None:
    made, journal = await execution([pay])
    first = await made.run([call("pay", '{"cents": 5}')], turn=1)

    taken = await journal.claim("run")
    again = Execution([], journal=journal, claim=taken.claim, clock=SystemClock(), known=taken.calls)

    assert await again.run([call("pay", '{"cents": 5}')], turn=1) == first
    assert await made.run([call("pay", '{"cents": 5}')], turn=1) == first


def intended(effects: Any, **changes: Any) -> CallRecord:
    made = CallRecord(turn=1, call=call("act"), effects=effects, key="k", begun=1)
    return replace(made, **changes)


async def resumed(known: CallRecord, effects: Any = "read_only", **settings: Any) -> tuple[Any, list[str]]:
    """What comes of a call that was begun by a process that is not there any more, and the keys the tool saw."""
    keys: list[str] = []
    decisions = settings.pop("decisions", None)

    @tool(effects=effects)
    def act(context: ToolContext, n: int = 0) -> str:
        """Acts."""
        keys.append(context.key)
        return f"acted {n}"

    journal = MemoryJournal()
    taken = await journal.adopt(replace(RUN, calls=[known]))
    made = Execution([act], journal=journal, claim=taken.claim, clock=SystemClock(), known=taken.calls, **settings)
    return await made.run([call("act")], turn=1, decisions=decisions), keys


@pytest.mark.parametrize("effects", ["read_only", "idempotent"])
async def test_what_was_begun_and_does_no_harm_runs_again_under_its_key(effects: Any) -> None:
    done, keys = await resumed(intended(effects, arguments='{"n": 3}'), effects, approve="always")

    assert keys == ["k"]
    assert done.results[0].output == '(run with changed arguments: {"n": 3})\nacted 3'
    assert not done.pending


@pytest.mark.parametrize(
    ("then", "now"), [("destructive", "destructive"), ("destructive", "read_only"), ("idempotent", "destructive")]
)
async def test_what_was_begun_and_may_do_harm_waits_for_a_decision(then: Any, now: Any) -> None:
    done, keys = await resumed(intended(then), now)

    assert (done.results, keys) == ([], [])
    [request] = done.pending
    assert (request.reason, request.effects, request.key, request.begun) == ("unknown", "destructive", "k", 1)
    assert request.question == "act with {} was begun and may have taken effect (key k). Run it again?"


@pytest.mark.parametrize(
    ("decision", "status", "output", "runs"),
    [
        (Decision.again(), "done", "acted 0", 1),
        (Decision.result("paid on Monday"), "done", "paid on Monday", 0),
        (
            Decision.decline("ask the bank"),
            "declined",
            "act was begun and cut off, and may have taken effect; it was not run again: ask the bank",
            0,
        ),
    ],
)
async def test_a_decision_ends_the_doubt(decision: Decision, status: str, output: str, runs: int) -> None:
    done, keys = await resumed(intended("destructive"), "destructive", decisions={"call_act": decision})

    assert [(result.status, result.output) for result in done.results] == [(status, output)]
    assert len(keys) == runs


@pytest.mark.parametrize("decision", [Decision.approve(), Decision.again(1), Decision.with_arguments({"n": 1})])
async def test_a_decision_that_was_made_before_the_call_was_begun_again_runs_nothing(decision: Decision) -> None:
    known = intended("destructive", begun=2)

    done, keys = await resumed(known, "destructive", decisions={"call_act": decision})

    assert (len(done.pending), keys) == (1, [])


async def test_who_is_asked_at_once_decides_on_what_is_unknown_too() -> None:
    asked: list[ApprovalRequest] = []

    async def ask(request: ApprovalRequest) -> Decision:
        asked.append(request)
        return Decision.approve()

    done, keys = await resumed(intended("destructive"), "destructive", approve=ask)

    assert ([request.reason for request in asked], done.results[0].status, keys) == (["unknown"], "done", ["k"])


async def test_a_tool_that_is_gone_is_not_run_again() -> None:
    taken = await (journal := MemoryJournal()).adopt(replace(RUN, calls=[intended("idempotent")]))
    made = Execution([], journal=journal, claim=taken.claim, clock=SystemClock(), known=taken.calls)

    [result] = (await made.run([call("act")], turn=1)).results

    assert (result.status, result.output) == ("refused", "there is no tool named 'act'. There are none")


async def test_arguments_that_do_not_fit_any_more_are_refused() -> None:
    done, keys = await resumed(intended("idempotent", arguments='{"n": "x"}'), "idempotent")

    assert (done.results[0].status, keys) == ("refused", [])


async def test_a_call_id_that_comes_twice_has_one_result_or_is_refused() -> None:
    paid: list[int] = []

    @tool
    def spend(cents: int) -> str:
        """Spend."""
        paid.append(cents)
        return "spent"

    same, other = call("spend", '{"cents": 1}'), call("spend", '{"cents": 2}')
    made, _ = await execution([spend])
    results = (await made.run([same, same, other], turn=1)).results

    assert [result.status for result in results] == ["done", "done", "refused"]
    assert "is that of another call" in results[2].output
    assert paid == [1]


async def cancelled(made: Execution, started: asyncio.Event, *calls: ToolCall) -> None:
    running = asyncio.create_task(made.run(calls, turn=1))
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_who_is_cancelled_writes_down_what_may_have_happened() -> None:
    started, stopped = asyncio.Event(), []
    waiting = 0

    def waits(name: str, effects: Any) -> Tool[..., Any]:
        async def wait() -> None:
            """Waits for ever."""
            nonlocal waiting
            waiting += 1
            if waiting == 2:
                started.set()
            try:
                await asyncio.Event().wait()
            finally:
                stopped.append(name)

        return tool(name=name, effects=effects)(wait)

    made, journal = await execution(
        [waits("send", "destructive"), waits("put", "idempotent"), waits("late", "destructive")], parallel=2
    )
    await cancelled(made, started, call("send"), call("put"), call("late"))

    calls = (await journal.load("run")).calls
    assert sorted(stopped) == ["put", "send"]
    assert {one.call.name: one.status for one in calls} == {"send": "unknown", "put": "intended"}
    assert not any(one.settled for one in calls)


async def test_what_was_done_before_the_tool_noticed_is_known_to_be_done() -> None:
    started = asyncio.Event()

    @tool
    async def send() -> str:
        """Sends, and is not to be disturbed."""
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "sent"
        return ""

    made, journal = await execution([send])
    await cancelled(made, started, call("send"))

    assert [(one.status, one.output) for one in (await journal.load("run")).calls] == [("done", "sent")]


class Failing(Watched):
    """A journal on a full disk."""

    def __init__(self, *, at: str, error: Exception | None = None) -> None:
        super().__init__()
        self.at = at
        self.error = error or StoreUnavailable("the disk is full")

    async def intend(self, claim: Any, call: CallRecord) -> None:
        if self.at == "intend":
            raise self.error
        await super().intend(claim, call)

    async def settle(self, claim: Any, call: CallRecord) -> None:
        if self.at == "settle":
            raise self.error
        await super().settle(claim, call)


async def test_nothing_is_done_that_cannot_be_announced() -> None:
    done: list[str] = []

    @tool
    def send() -> None:
        """Sends."""
        done.append("sent")

    made, _ = await execution([send], journal=Failing(at="intend"))

    with pytest.raises(JournalUnavailable, match="send was not called, nothing was done: the disk is full") as caught:
        await made.run([call("send"), call("send", call_id="other")], turn=1)
    assert (done, caught.value.results) == ([], [])


async def test_what_was_done_and_cannot_be_written_down_is_in_the_error() -> None:
    made, journal = await execution([pay, weather], journal=Failing(at="settle"))

    with pytest.raises(JournalUnavailable, match="what came of pay could not be written down") as caught:
        await made.run([call("pay", '{"cents": 5}'), call("weather", '{"city": "Oslo"}')], turn=1)

    assert sorted(result.output for result in caught.value.results) == ["Oslo: rain", '{"paid":5}']
    assert [one.status for one in (await journal.load("run")).calls] == ["intended"]


async def test_who_was_overtaken_does_nothing() -> None:
    made, journal = await execution([pay])
    await journal.claim("run")

    with pytest.raises(RunTaken):
        await made.run([call("pay", '{"cents": 5}')], turn=1)
    assert not (await journal.load("run")).calls


async def test_after_an_error_that_ends_the_turn_no_call_is_begun_and_none_is_cut_off() -> None:
    go_on, done = asyncio.Event(), []

    @tool
    async def slow() -> str:
        """Takes its time."""
        await go_on.wait()
        done.append("slow")
        return "slow"

    @tool
    async def late() -> None:
        """Would be next."""
        done.append("late")

    def hook(what: ToolCall, _tool: Tool[..., Any]) -> None:
        if what.name == "broken":
            go_on.set()
            raise RuntimeError("the hook is broken")

    made, journal = await execution([slow, late, broken], parallel=1, before=[hook])

    with pytest.raises(RuntimeError, match="the hook is broken"):
        await made.run([call("slow"), call("late"), call("broken")], turn=1)
    assert done == ["slow"]
    assert [one.status for one in (await journal.load("run")).calls] == ["done"]


async def test_hooks_decide_before_and_change_what_the_model_reads_after() -> None:
    async def before(what: ToolCall, _tool: Tool[..., Any]) -> Decision | None:
        return Decision.decline("not on Sundays") if what.name == "pay" else None

    def after(result: ToolResult) -> ToolResult | None:
        return replace(result, output=result.output.replace("Oslo", "***")) if result.status == "done" else None

    made, journal = await execution([pay, weather], before=[before], after=[after])
    results = (await made.run([call("pay", '{"cents": 1}'), call("weather", '{"city": "Oslo"}')], turn=1)).results

    assert [result.output for result in results] == ["pay was not run, it was declined: not on Sundays", "***: rain"]
    assert {one.output for one in (await journal.load("run")).calls} == {result.output for result in results}


async def test_a_result_that_the_hooks_have_not_seen_is_shown_to_them_when_the_run_goes_on() -> None:
    def hide(result: ToolResult) -> ToolResult:
        return replace(result, output="***")

    known = intended("destructive", status="done", output="secret", reviewed=False)
    done, keys = await resumed(known, "destructive", after=[hide])

    assert (done.results[0].output, keys) == ("***", [])


async def test_starts_results_and_open_questions_are_told() -> None:
    told: list[Any] = []
    made, _ = await execution([pay, weather], approve="destructive", told=told.append)

    done = await made.run([call("weather", '{"city": "Oslo"}'), call("pay", '{"cents": 1}')], turn=1)

    assert told == [call("weather", '{"city": "Oslo"}'), done.pending[0], done.results[0]]


async def test_no_calls_have_no_results() -> None:
    made, _ = await execution([])

    done = await made.run([], turn=1)

    assert (done.results, done.pending) == ([], [])


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"tools": [pay], "approve": "sometimes"}, "approve='sometimes' is none of 'destructive', 'always'"),
        ({"tools": [pay], "approve": 3}, "approve= takes"),
    ],
)
async def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(Misused, match=problem):
        Execution(journal=MemoryJournal(), claim=RUN.claim, clock=SystemClock(), **settings)


@pytest.mark.parametrize(
    ("approve", "asked"),
    [
        (None, []),
        ("destructive", ["pay"]),
        ("always", ["weather", "pay"]),
        (lambda what, _tool: what.name == "weather", ["weather"]),
        (Approval(lambda what, _tool: what.name == "weather"), ["weather"]),
    ],
)
async def test_who_has_to_be_asked_is_a_matter_of_settings(approve: Any, asked: list[str]) -> None:
    made, journal = await execution([pay, weather], approve=approve)

    done = await made.run([call("weather", '{"city": "Oslo"}'), call("pay", '{"cents": 1}')], turn=1)

    assert [request.call.name for request in done.pending] == asked
    assert len(done.results) + len(done.pending) == 2
    assert len((await journal.load("run")).calls) == len(done.results)


async def test_a_call_that_waited_is_made_as_was_decided() -> None:
    made, _ = await execution([pay], approve="destructive")
    waiting = call("pay", '{"cents": 100}')
    [request] = (await made.run([waiting], turn=1)).pending

    decided = {"call_pay": Decision.with_arguments({"cents": 1})}
    [result] = (await made.run([waiting], turn=1, decisions=decided)).results

    assert request.question == 'Run pay with {"cents": 100}?'
    assert result.output == '(run with changed arguments: {"cents":1})\n{"paid":1}'
    assert result.key == request.key


@pytest.mark.parametrize(
    ("decision", "status", "output"),
    [
        (Decision.approve(), "done", '{"paid":100}'),
        (Decision.decline(), "declined", "pay was not run, it was declined"),
        (Decision.result("paid in cash"), "done", "paid in cash"),
        (None, None, None),
    ],
)
async def test_one_who_is_asked_at_once_decides(decision: Decision | None, status: str, output: str) -> None:
    async def ask(_request: ApprovalRequest) -> Decision | None:
        return decision

    made, _ = await execution([pay], approve=ask)
    done = await made.run([call("pay", '{"cents": 100}')], turn=1)

    expected = [] if decision is None else [(status, output)]
    assert [(result.status, result.output) for result in done.results] == expected
    assert len(done.pending) == (decision is None)


async def test_questions_are_asked_one_at_a_time() -> None:
    asking, most = 0, 0

    class Terminal:
        async def __call__(self, _request: ApprovalRequest) -> Decision:
            nonlocal asking, most
            asking += 1
            most = max(most, asking)
            await asyncio.sleep(0)
            asking -= 1
            return Decision.approve()

    made, _ = await execution([pay], approve=Terminal())
    await made.run([call("pay", '{"cents": 1}', f"c{n}") for n in range(5)], turn=1)

    assert most == 1


async def test_arguments_that_were_decided_on_and_do_not_fit_are_an_error_for_who_decided() -> None:
    made, journal = await execution([pay], approve="destructive")
    decided = {"call_pay": Decision.with_arguments({"euros": 1})}

    with pytest.raises(Misused, match="approved with arguments that do not fit"):
        await made.run([call("pay", '{"cents": 100}')], turn=1, decisions=decided)
    assert not (await journal.load("run")).calls
