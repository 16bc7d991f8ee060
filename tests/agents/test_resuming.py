"""A run that pauses, breaks off or is left goes on elsewhere: from its record, or from its journal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import ToolCall, tool
from grokkit.agents import (
    ApprovalNeeded,
    Decision,
    MemoryJournal,
    RunFinished,
    RunLimitReached,
    RunLimits,
    RunRecord,
    ToolStarted,
    record_of,
)
from grokkit.agents.journal import RunExists, RunUnknown
from grokkit.errors import Misused, NoCapacity
from grokkit.sessions import MemorySessions, mend
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from pathlib import Path

    from grokkit.agents import ApprovalRequest

DIALECTS = ["responses", "chat"]


class Till:
    """What a destructive tool works on."""

    def __init__(self) -> None:
        self.paid: list[int] = []

    @tool(effects="destructive")
    def pay(self, cents: int) -> str:
        """Pay an amount."""
        self.paid.append(cents)
        return f"paid {cents}"


@tool(effects="read_only")
def balance() -> str:
    """What is left."""
    return "500 left"


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def sim() -> Simulator:
    sim = Simulator(seed=3)
    sim.on(nth=1).reply(tool_calls=[("pay", {"cents": 5}), ("balance", {}), ("pay", {"cents": 7})])
    sim.on(nth=2).reply("Paid.")
    return sim


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_run_waits_for_approval_and_goes_on_in_another_client(
    face: Any, sim: Simulator, till: Till, dialect: Any
) -> None:
    def agent() -> Any:
        grok = face.client(transport=sim.transport(), base_url=sim.base_url, api_key=sim.key)
        return grok.agent(tools=[till.pay, balance], approve="destructive", dialect=dialect)

    paused = await face.call(agent().run, "Pay the bills")
    first, second = paused.pending
    assert (paused.stopped, paused.record.status, till.paid) == ("paused", "paused", [])
    assert first.question == 'Run pay with {"cents":5}?'
    with pytest.raises(Misused, match="waits for approval"):
        _ = paused.value

    record = RunRecord.from_json(paused.record.to_json())
    decisions = {first.call.id: Decision.approve(), second.call.id: Decision.decline("too much")}
    result = await face.call(agent().resume, record, decisions)

    assert (result.value, result.stopped, result.turns) == ("Paid.", "done", 2)
    assert [call.status for call in result.calls] == ["done", "done", "declined"]
    assert till.paid == [5]
    assert result.id == paused.id
    assert result.usage.total_tokens > paused.usage.total_tokens


async def test_without_all_decisions_it_waits_on_for_the_others(sim: Simulator, till: Till) -> None:
    agent = sim.async_grok().agent(tools=[till.pay, balance], approve="destructive")
    paused = await agent.run("Pay the bills")
    first, second = paused.pending

    again = await agent.resume(paused.record, {second.call.id: Decision.with_arguments({"cents": 6})})
    result = await agent.resume(again.record, {first.call.id: Decision.result("was paid in cash")})

    assert [request.call.id for request in again.pending] == [first.call.id]
    assert till.paid == [6]
    assert [call.output for call in result.calls][:2] == ["was paid in cash", "500 left"]
    assert result.value == "Paid."


async def test_who_is_asked_at_once_keeps_the_run_going(sim: Simulator, till: Till) -> None:
    async def ask(request: ApprovalRequest) -> Decision:
        return Decision.approve() if request.call.arguments == '{"cents":5}' else Decision.decline()

    result = await sim.async_grok().agent(tools=[till.pay, balance], approve=ask).run("Pay the bills")

    assert (result.stopped, till.paid) == ("done", [5])


async def test_a_streamed_run_tells_what_waits_and_can_be_resumed_as_a_stream(sim: Simulator, till: Till) -> None:
    agent = sim.async_grok().agent(tools=[till.pay, balance], approve="destructive")

    async with agent.stream("Pay the bills") as run:
        events = [event async for event in run]
        paused = run.result
    waiting = [event.request for event in events if isinstance(event, ApprovalNeeded)]
    approved = {request.call.id: Decision.approve() for request in waiting}
    async with agent.resume_stream(paused.record, approved) as run:
        later = [event async for event in run]

    assert waiting == [*paused.pending]
    assert [event.call.name for event in later if isinstance(event, ToolStarted)] == ["pay", "pay"]
    assert isinstance(later[-1], RunFinished)
    assert sorted(till.paid) == [5, 7]


@pytest.mark.parametrize("where", ["memory", "sqlite"])
async def test_a_run_is_resumed_by_its_id_out_of_the_journal(
    sim: Simulator, till: Till, where: str, tmp_path: Path
) -> None:
    journal = MemoryJournal() if where == "memory" else f"sqlite:///{tmp_path}/runs.db"

    def agent() -> Any:
        return sim.async_grok().agent(tools=[till.pay, balance], approve="destructive", journal=journal)

    paused = await agent().run("Pay the bills", id="bills-7")
    result = await agent().resume("bills-7", {request.call.id: Decision.approve() for request in paused.pending})

    assert (result.value, sorted(till.paid)) == ("Paid.", [5, 7])
    with pytest.raises(RunExists):
        await agent().run("Pay them again", id="bills-7")
    with pytest.raises(RunUnknown):
        await agent().resume("bills-8")


async def test_a_run_that_is_done_gives_its_result_again_and_asks_nobody(sim: Simulator, till: Till) -> None:
    agent = sim.async_grok().agent(tools=[till.pay, balance], journal="memory")
    done = await agent.run("Pay the bills", id="bills")
    asked = len(sim.calls)

    again = await agent.resume("bills")

    assert len(sim.calls) == asked
    assert (again.value, again.turns, again.stopped, again.usage) == (done.value, 2, "done", done.usage)
    assert [call.output for call in again.calls] == [call.output for call in done.calls]
    assert again.items == done.items
    assert again.record == done.record


async def test_a_typed_run_that_is_done_gives_its_value_again() -> None:
    sim = Simulator(seed=3)
    sim.on().reply('{"value": [1, 2]}')
    agent = sim.async_grok().agent(into=list[int], journal="memory")

    done = await agent.run("Count", id="count")

    assert (await agent.resume("count")).value == done.value == [1, 2]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_run_that_broke_goes_on_with_what_was_said(sim: Simulator, till: Till, dialect: Any) -> None:
    sim.on(nth=2).reply(error="capacity")
    agent = sim.async_grok(retries=0).agent(tools=[till.pay, balance], dialect=dialect)
    with pytest.raises(NoCapacity) as raised:
        await agent.run("Pay the bills")
    broken = sim.calls[-1].json
    sim.on().reply("Paid.")

    result = await agent.resume(record_of(raised.value) or pytest.fail("no record"))

    assert result.value == "Paid."
    assert sorted(till.paid) == [5, 7]
    assert sim.calls[-1].json == broken  # the same question, word by word


async def test_a_run_that_never_began_asks_its_prompt(sim: Simulator, till: Till) -> None:
    sim.on(nth=1).reply(error="capacity")
    agent = sim.async_grok(retries=0).agent(tools=[till.pay])
    with pytest.raises(NoCapacity) as raised:
        await agent.run("Pay the bills")
    sim.on().reply("There are none.")

    result = await agent.resume(record_of(raised.value) or pytest.fail("no record"))

    assert (result.value, result.turns) == ("There are none.", 1)


async def test_a_run_that_was_left_goes_on_from_its_last_turn(till: Till) -> None:
    sim = Simulator(seed=3)
    sim.on(nth=1).reply(tool_calls=[("slow", {})])
    sim.on(nth=2).reply("Done.")
    free, begun = asyncio.Event(), asyncio.Event()

    @tool(effects="read_only")
    async def slow() -> str:
        """Slow."""
        begun.set()
        await free.wait()
        return "slow"

    agent = sim.async_grok().agent(tools=[slow], journal="memory")
    async with agent.stream("Go", id="slow"):
        await begun.wait()
    free.set()
    result = await agent.resume("slow")

    assert (result.value, result.turns, [call.status for call in result.calls]) == ("Done.", 2, ["done"])


async def test_a_resumed_run_in_a_session_leaves_a_valid_transcript(sim: Simulator, till: Till) -> None:
    grok = sim.async_grok(sessions=MemorySessions())
    agent = grok.agent(tools=[till.pay, balance], session="bills", approve="destructive")
    paused = await agent.run("Pay the bills")

    result = await agent.resume(paused.record, {request.call.id: Decision.approve() for request in paused.pending})
    items = await grok.session("bills").items()

    assert result.value == "Paid."
    assert mend(items).changes == ()
    assert len(await grok.session("bills").history()) == 2


async def test_a_turn_that_only_the_session_heard_of_is_not_asked_again(sim: Simulator, till: Till) -> None:
    """The process died between the session's word and the journal's."""
    grok = sim.async_grok(sessions=MemorySessions())
    journal = MemoryJournal()
    agent = grok.agent(tools=[till.pay, balance], session="bills", journal=journal)
    await grok.session("bills").ask("Pay the bills", tools=[till.pay.definition(), balance.definition()])
    prompt = [{"role": "user", "content": "Pay the bills"}]
    await journal.begin(RunRecord(id="bills", session="bills", prompt=prompt))

    result = await agent.resume("bills")

    assert (result.value, result.turns, sorted(till.paid)) == ("Paid.", 2, [5, 7])
    assert len(sim.calls) == 2
    assert len(await grok.session("bills").history()) == 2
    assert result.usage.total_tokens > 0


async def test_a_run_goes_on_only_where_it_can(sim: Simulator, till: Till) -> None:
    grok = sim.async_grok(sessions=MemorySessions())
    paused = await grok.agent(tools=[till.pay, balance], approve="always", session="bills").run("Pay")

    with pytest.raises(Misused, match="'bills'"):
        await grok.agent(tools=[till.pay, balance]).resume(paused.record)
    with pytest.raises(Misused, match="was begun in responses"):
        await grok.agent(tools=[till.pay, balance], dialect="chat").resume(paused.record)


async def test_a_decision_on_a_call_that_is_not_there_is_refused(sim: Simulator, till: Till) -> None:
    agent = sim.async_grok().agent(tools=[till.pay, balance], approve="always")
    paused = await agent.run("Pay the bills")

    with pytest.raises(Misused, match="no call 'pay'"):
        await agent.resume(paused.record, {"pay": Decision.approve()})

    assert till.paid == []


async def test_a_nested_run_goes_on_where_the_outer_one_does(till: Till) -> None:
    sim = Simulator(seed=3)
    sim.on(last="Pay the bills").reply(tool_calls=[("clerk", {"task": "five cents"})])
    sim.on(last="five cents").reply(tool_calls=[("pay", {"cents": 5})])
    sim.on(last="paid 5", nth=1).reply(error="capacity")
    grok = sim.async_grok(retries=0)
    clerk = grok.agent(name="clerk", tools=[till.pay], journal="memory")
    key = "call-1"

    with pytest.raises(NoCapacity):
        await clerk.as_tool(description="Pays.").run({"task": "five cents"}, key=key)
    sim.on(last="paid 5").reply("All paid.")
    said = await clerk.as_tool(description="Pays.").run({"task": "five cents"}, key=key)

    assert (said, till.paid) == ("All paid.", [5])


async def test_a_resume_that_broke_later_is_made_again_as_it_was(till: Till) -> None:
    sim = Simulator(seed=3)
    sim.on(last="Pay").reply(tool_calls=[("pay", {"cents": 5})])
    sim.on(last="paid 5").reply(tool_calls=[("balance", {})])
    sim.on(last="500 left").reply(error="capacity").then("Paid.")
    agent = sim.async_grok(retries=0).agent(tools=[till.pay, balance], approve="destructive", journal="memory")
    paused = await agent.run("Pay", id="bill")
    decisions = {paused.pending[0].call.id: Decision.approve()}
    with pytest.raises(NoCapacity):
        await agent.resume("bill", decisions)

    result = await agent.resume("bill", decisions)

    assert (result.value, till.paid) == ("Paid.", [5])
    assert (await agent.resume("bill", decisions)).value == "Paid."


async def test_a_decision_never_counts_for_a_later_call_of_the_same_id(till: Till) -> None:
    """Some servers begin to count anew with each answer."""
    sim = Simulator(seed=3)
    first, second = (ToolCall(id="call_0", name="pay", arguments=f'{{"cents": {cents}}}') for cents in (5, 7000))
    sim.on(last="Pay").reply(tool_calls=[first])
    sim.on(last="paid 5").reply(tool_calls=[second])
    sim.on(last="declined").reply("Paid one.")
    agent = sim.async_grok().agent(tools=[till.pay], approve="destructive", journal="memory")
    await agent.run("Pay", id="bill")

    again = await agent.resume("bill", {"call_0": Decision.approve()})
    with pytest.raises(Misused, match=r"in several turns(.|\n)*request.key"):
        await agent.resume("bill", {"call_0": Decision.approve()})
    result = await agent.resume("bill", {again.pending[0].key: Decision.decline()})

    assert (result.value, till.paid) == ("Paid one.", [5])


async def test_what_is_no_record_and_no_decision_is_said_to_be_none(sim: Simulator, till: Till) -> None:
    agent = sim.async_grok().agent(tools=[till.pay, balance], approve="always")
    paused = await agent.run("Pay the bills")
    wrong: Any = {paused.pending[0].call.id: True}
    text: Any = paused.record.to_json()

    with pytest.raises(Misused, match=r"is a bool(.|\n)*give a Decision"):
        await agent.resume(paused.record, wrong)
    with pytest.raises(Misused, match="from_json"):
        await agent.resume(text)
    with pytest.raises(RunUnknown, match="has no journal"):
        await agent.resume(paused.id)


async def test_a_paused_run_tells_what_came_of_the_calls_that_did_not_wait(sim: Simulator, till: Till) -> None:
    agent = sim.async_grok().agent(tools=[till.pay, balance], approve="destructive")

    paused = await agent.run("Pay the bills")
    result = await agent.resume(paused.record, {request.call.id: Decision.approve() for request in paused.pending})

    assert [call.output for call in paused.calls] == ["500 left"]
    assert [call.output for call in result.calls] == ["paid 5", "500 left", "paid 7"]


@pytest.mark.parametrize("journal", [None, "memory"])
async def test_what_nested_runs_used_before_a_break_counts_afterwards_once(till: Till, journal: str | None) -> None:
    sim = Simulator(seed=3)
    sim.on(last="Plan").reply(tool_calls=[("clerk", {"task": "five cents"})])
    sim.on(last="five cents").reply(tool_calls=[("pay", {"cents": 5})])
    sim.on(last="paid 5").reply("All paid.")
    sim.on(last="All paid").reply(error="capacity").then("Planned.")
    grok = sim.async_grok(retries=0)
    clerk = grok.agent(name="clerk", tools=[till.pay], journal=journal)
    agent = grok.agent(tools=[clerk.as_tool(description="Pays.")], journal="memory")
    with pytest.raises(NoCapacity):
        await agent.run("Plan", id="plan")

    result = await agent.resume("plan")
    [call] = result.record.calls
    own = sum(turn.usage.total_tokens for turn in result.record.turns if turn.usage)

    assert result.usage.total_tokens == own + sum(usage.total_tokens for usage in call.nested.values())
    assert result.usage.total_tokens > own
    assert (await agent.resume("plan")).usage == result.usage


async def test_money_that_nested_runs_used_before_a_break_ends_a_run_afterwards(till: Till) -> None:
    sim = Simulator(seed=3)
    sim.on(last="Plan").reply(tool_calls=[("clerk", {"task": "five cents"})])
    sim.on(last="five cents").reply("Later.", usage={"input_tokens": 1_000_000, "output_tokens": 5})
    sim.on(last="Later").reply(error="capacity").then(tool_calls=[("clerk", {"task": "once more"})])
    grok = sim.async_grok(retries=0)
    clerk = grok.agent(name="clerk", tools=[till.pay])
    agent = grok.agent(tools=[clerk.as_tool(description="Pays.")], journal="memory", limits=RunLimits(usd=0.01))
    with pytest.raises(NoCapacity):
        await agent.run("Plan", id="plan")

    with pytest.raises(RunLimitReached) as raised:
        await agent.resume("plan")

    assert raised.value.limit == "usd"


async def test_a_client_closes_the_journals_that_it_opened(tmp_path: Path) -> None:
    sim = Simulator(seed=3)
    journal = f"sqlite:///{tmp_path}/runs.db"
    async with sim.async_grok() as grok:
        await grok.agent(journal=journal).run("Hi", id="one")
        await grok.with_options(timeout=5).agent(journal=journal).run("Hi", id="two")
        assert list(tmp_path.glob("runs.db-*"))

    assert [path.name for path in tmp_path.iterdir()] == ["runs.db"]
