"""The loop: what the model is told, what comes back, and when it ends; in both dialects and both faces."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from grokkit import AsyncGrok, Grok, RunLimits, tool
from grokkit.agents import (
    Approval,
    Decision,
    RunHook,
    RunLimitReached,
    RunRecord,
    ToolFinished,
    ToolResult,
    ToolStarted,
    TurnFinished,
    record_of,
    tool_called,
)
from grokkit.errors import InvalidRequest, Misused, NoCapacity
from grokkit.testing import MockTransport, Simulator
from grokkit.testing.simulator.thought import ServerCall
from grokkit.tools import web_search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.agents import ApprovalRequest
    from grokkit.tools import Tool
    from grokkit.wire.events import ToolCall

DIALECTS = ["responses", "chat"]


@tool(effects="read_only")
def weather(city: str) -> str:
    """The weather of a city."""
    return f"Rain in {city}."


@tool(effects="read_only")
def fails(city: str) -> str:
    """Never works."""
    raise RuntimeError(f"no data on {city}")


@pytest.fixture
def sim() -> Simulator:
    sim = Simulator(seed=3)
    sim.on(last="Oslo").reply("Let me look.", tool_calls=[("weather", {"city": "Oslo"})])
    sim.on(last="Rain in").reply("Take an umbrella.")
    return sim


def said(body: Any) -> list[dict[str, Any]]:
    """What a request says, in the form of chat, whatever its dialect."""
    if isinstance(body.get("input"), str):
        return [{"role": "user", "content": body["input"]}]
    items: list[dict[str, Any]] = body["messages"] if "messages" in body else body["input"]
    return items


def outputs(body: Any) -> list[str]:
    """The results of calls in a request."""
    items = [item for item in said(body) if item.get("type") == "function_call_output" or item.get("role") == "tool"]
    return [str(item.get("output", item.get("content"))) for item in items]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_the_model_is_told_what_its_calls_gave_until_it_has_no_more(
    face: Any, sim: Simulator, dialect: Any
) -> None:
    grok = face.client(transport=sim.transport(), base_url=sim.base_url, api_key=sim.key)

    result = await face.call(grok.agent(tools=[weather], dialect=dialect, name="clerk").run, "What to wear in Oslo?")

    assert (result.value, result.name, result.stopped, result.turns) == ("Take an umbrella.", "clerk", "done", 2)
    assert [(call.call.name, call.output, call.status) for call in result.calls] == [
        ("weather", "Rain in Oslo.", "done")
    ]
    assert outputs(sim.calls[-1].json) == ["Rain in Oslo."]
    assert said(sim.calls[-1].json)[0]["role"] == "user"
    assert result.record.status == "done"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_usage_and_cost_are_those_of_all_answers(sim: Simulator, dialect: Any) -> None:
    result = await sim.async_grok().agent(tools=[weather], dialect=dialect).run("What to wear in Oslo?")

    usages = [turn.usage for turn in result.record.turns]
    assert len(usages) == 2
    assert result.usage == usages[0] + usages[1]
    assert result.usage.cost_usd is not None
    assert result.usage.cost_usd > result.last.usage.cost_usd


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_calls_of_one_turn_run_side_by_side_up_to_the_bound_and_answer_in_order(dialect: Any) -> None:
    running: list[str] = []
    most = 0
    together = asyncio.Event()

    @tool(effects="read_only")
    async def slow(city: str) -> str:
        """Slow."""
        nonlocal most
        running.append(city)
        most = max(most, len(running))
        if len(running) == 3:
            together.set()
        await together.wait()
        running.remove(city)
        return city

    cities = ["e", "d", "c", "b", "a"]
    sim = Simulator(seed=3)
    sim.on(nth=1).reply(tool_calls=[("slow", {"city": city}) for city in cities])
    sim.on(nth=2).reply("Done.")

    result = await sim.async_grok().agent(tools=[slow], parallel=3, dialect=dialect).run("Go")

    assert most == 3
    assert [call.output for call in result.calls] == cities
    assert outputs(sim.calls[-1].json) == cities


async def test_one_failing_tool_loses_no_sibling(sim: Simulator) -> None:
    sim.on(last="both").reply(tool_calls=[("fails", {"city": "Rome"}), ("weather", {"city": "Oslo"})])
    sim.on(nth=2).reply("Done.")

    result = await sim.async_grok().agent(tools=[weather, fails]).run("both")

    assert [call.status for call in result.calls] == ["failed", "done"]
    assert outputs(sim.calls[-1].json)[1] == "Rain in Oslo."


async def test_instructions_come_first_and_tools_each_time(sim: Simulator) -> None:
    grok = sim.async_grok()

    await grok.agent(tools=[weather], instructions="Be brief.").run("Oslo?")
    await grok.agent(tools=[weather], instructions="Be brief.", dialect="chat").run("Oslo?")

    responses, chat = sim.calls[1].json, sim.calls[3].json
    assert responses["instructions"] == "Be brief."
    assert chat["messages"][0] == {"role": "system", "content": "Be brief."}
    assert [one["name"] for one in responses["tools"]] == ["weather"]
    assert [one["function"]["name"] for one in chat["tools"]] == ["weather"]


async def test_the_models_reasoning_goes_back_sealed_and_nothing_is_stored(sim: Simulator) -> None:
    sim.on(last="think").reply(reasoning="Hm.", tool_calls=[("weather", {"city": "Oslo"})])

    await sim.async_grok().agent(tools=[weather], model="grok-4.3").run("think")

    second = sim.calls[1].json
    assert second["store"] is False
    assert [item.get("type") for item in second["input"]] == [
        None,
        "reasoning",
        "function_call",
        "function_call_output",
    ]
    assert second["input"][1]["encrypted_content"]


async def test_tools_of_the_server_go_along_and_are_not_run_here(sim: Simulator) -> None:
    sim.on(last="news").reply("Nothing.", server_calls=[ServerCall(type="web_search_call")])

    result = await sim.async_grok().agent(tools=[weather, web_search()]).run("news")

    assert result.calls == ()
    assert [one["type"] for one in sim.calls[0].json["tools"]] == ["function", "web_search"]


def plain(city: str) -> str:
    """A plain function."""
    return f"Rain in {city}."


async def test_a_plain_function_is_a_tool(sim: Simulator) -> None:
    sim.on(last="plain").reply(tool_calls=[("plain", {"city": "Oslo"})])

    result = await sim.async_grok().agent(tools=[plain]).run("plain")

    assert result.value == "Take an umbrella."
    assert [one.effects for one in sim.async_grok().agent(tools=[plain]).tools] == ["destructive"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("choice", ["required", "weather"])
async def test_a_forced_call_is_forced_once(sim: Simulator, dialect: Any, choice: str) -> None:
    await sim.async_grok().agent(tools=[weather], tool_choice=choice, dialect=dialect).run("What to wear in Oslo?")

    first, second = (call.json for call in sim.calls)
    flat = {"type": "function", "name": "weather"}
    nested = {"type": "function", "function": {"name": "weather"}}
    named = flat if dialect == "responses" else nested
    assert first["tool_choice"] == ("required" if choice == "required" else named)
    assert "tool_choice" not in second


async def test_a_choice_that_forces_nothing_stays(sim: Simulator) -> None:
    await sim.async_grok().agent(tools=[weather], tool_choice="auto").run("What to wear in Oslo?")

    assert [call.json["tool_choice"] for call in sim.calls] == ["auto", "auto"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"tools": [weather, weather]}, "two tools are named 'weather'"),
        ({"tools": [{"type": "function", "name": "f"}]}, "nobody can run it"),
        ({"tools": weather}, r"tools= takes a list(.|\n)*tools=\[...\]"),
        ({"tools": [weather], "tool_choice": "snow"}, "neither a tool"),
        ({"tool_choice": "required"}, "needs tools"),
        ({"parallel": 0}, "at least one"),
        ({"parallel": "3"}, "at least one"),
        ({"time_limit": 0}, "time_limit=0"),
        ({"longest_output": 0}, "leaves nothing to read"),
        ({"limits": {"turns": 5}}, "RunLimits"),
        ({"approve": "sometimes"}, "approve='sometimes'"),
        ({"approve": lambda: True}, "neither"),
        ({"journal": Path("runs.db")}, "journal= was given"),
        ({"results": "memory"}, "results= was given a str"),
        ({"dialect": "grpc"}, "dialect='grpc'"),
        ({"dialect": "chat", "session": "bills"}, "conversation of the Responses API"),
        ({"hooks": print}, "hooks= takes a list"),
        ({"hooks": [RunHook]}, "not their classes"),
        ({"stop": "done"}, "stop= takes a list"),
    ],
)
def test_what_cannot_be_together_is_refused_at_once(options: dict[str, Any], why: str) -> None:
    with pytest.raises(Misused, match=why):
        AsyncGrok(api_key="test").agent(**options)


def test_an_option_that_does_not_exist_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="no option 'tool'"):
        AsyncGrok(api_key="test").agent(**cast("Any", {"tool": weather}))


async def test_an_empty_prompt_is_refused(sim: Simulator) -> None:
    with pytest.raises(InvalidRequest, match="empty"):
        await sim.async_grok().agent().run("")

    assert sim.calls == []


async def test_ask_runs_functions_and_tells_the_usage_of_all(face: Any, sim: Simulator) -> None:
    grok = face.client(transport=sim.transport(), base_url=sim.base_url, api_key=sim.key)

    answer = await face.call(grok.ask, "What to wear in Oslo?", tools=[weather, web_search()], instructions="Be brief.")

    assert answer.text == "Take an umbrella."
    assert answer.usage.input_tokens > answer.wire.usage["input_tokens"]
    assert all(call.json["instructions"] == "Be brief." for call in sim.calls)


async def test_ask_with_definitions_only_makes_one_call(sim: Simulator) -> None:
    answer = await sim.async_grok().ask("What to wear in Oslo?", tools=[weather.definition()])

    assert [call.name for call in answer.tool_calls] == ["weather"]


@pytest.mark.parametrize("offered", [weather, plain, weather.definition()])
async def test_requests_take_tools_as_definitions_and_run_nothing(sim: Simulator, offered: Any) -> None:
    grok = sim.async_grok()

    answer = await grok.responses.create(input="What to wear in Oslo?", tools=[offered])
    await grok.chat.create(messages=[{"role": "user", "content": "Hi"}], tools=[offered] if callable(offered) else [])

    assert answer.tool_calls
    assert sim.calls[0].json["tools"][0]["parameters"]["required"] == ["city"]
    assert not callable(offered) or sim.calls[1].json["tools"][0]["function"]["name"] == offered.__name__


async def test_a_session_keeps_each_turn_and_its_transcript_is_valid(sim: Simulator) -> None:
    from grokkit.sessions import MemorySessions, mend

    sim.on(last="thanks").reply("You are welcome.")
    grok = sim.async_grok(sessions=MemorySessions())
    session = grok.session("trip")
    await session.ask("Hello")

    result = await grok.agent(tools=[weather], session="trip").run("What to wear in Oslo?")
    await session.ask("thanks")

    items = await session.items()
    assert mend(items).changes == ()
    assert [item.get("type") for item in items].count("function_call_output") == 1
    assert len(await session.history()) == 4
    assert result.record.session == "trip"
    assert len(sim.calls[1].json["input"]) > 1  # what was said before the run


async def test_a_stopped_run_leaves_its_results_in_the_session(sim: Simulator) -> None:
    from grokkit.sessions import MemorySessions, is_synthetic, mend

    grok = sim.async_grok(sessions=MemorySessions())
    agent = grok.agent(tools=[weather], session=grok.session("trip"), stop=tool_called("weather"))

    result = await agent.run("What to wear in Oslo?")
    items = await grok.session("trip").items()

    assert (result.stopped, result.turns) == ("stop_condition", 1)
    assert mend(items).changes == ()
    assert [item["output"] for item in items if item.get("type") == "function_call_output"] == ["Rain in Oslo."]
    assert not any(map(is_synthetic, items))


async def test_stop_conditions_may_be_several_and_async(sim: Simulator) -> None:
    async def wet(turn: TurnFinished) -> bool:
        return any("Rain" in result.output for result in turn.results)

    result = await sim.async_grok().agent(tools=[weather], stop=[tool_called("other"), wet]).run("Oslo")

    assert (result.stopped, result.value) == ("stop_condition", "Let me look.")


class Watching(RunHook):
    """Sees what happens, and changes it."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def before_tool(self, call: ToolCall, tool: Tool[..., Any]) -> Decision | None:
        self.seen.append(f"before {tool.name}")
        return Decision.with_arguments({"city": "Bergen"}) if "Oslo" in call.arguments else None

    def after_tool(self, result: ToolResult) -> ToolResult:
        self.seen.append("after")
        return msgspec.structs.replace(result, output=result.output.upper())

    def told(self, event: object) -> None:
        self.seen.append(type(event).__name__)


async def test_hooks_see_and_change_what_happens_before_and_after_a_tool(sim: Simulator) -> None:
    hook = Watching()
    sim.on(last="RAIN IN BERGEN").reply("Bergen, then.")

    result = await sim.async_grok().agent(tools=[weather], hooks=[hook]).run("Oslo")

    assert result.value == "Bergen, then."
    assert [one for one in hook.seen if one != "TurnStarted"] == [
        "before weather",
        "ToolStarted",
        "after",
        "ToolFinished",
        "TurnFinished",
        "TurnFinished",
        "RunFinished",
    ]


async def test_a_function_among_the_hooks_is_told_and_harms_nobody(
    sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[object] = []

    def breaks(event: object) -> None:
        seen.append(event)
        raise RuntimeError("broken")

    with caplog.at_level(logging.ERROR, logger="grokkit"):
        result = await sim.async_grok().agent(tools=[weather], hooks=[breaks]).run("Oslo")

    assert result.stopped == "done"
    assert [type(event) for event in seen if isinstance(event, ToolStarted | ToolFinished)] == [
        ToolStarted,
        ToolFinished,
    ]
    assert "grok.hook_failed" in caplog.text


async def test_an_error_of_the_model_knows_how_far_the_run_came(sim: Simulator) -> None:
    sim.on(nth=2).reply(error="capacity")
    made: list[str] = []

    @tool(name="weather")
    def counted(city: str) -> str:
        """Counted."""
        made.append(city)
        return f"Rain in {city}."

    agent = sim.async_grok(retries=0).agent(tools=[counted])
    with pytest.raises(NoCapacity) as raised:
        await agent.run("What to wear in Oslo?")
    record = record_of(raised.value)
    assert record is not None
    assert (record.status, len(record.turns)) == ("failed", 1)

    sim.on(last="Rain in").reply("Take an umbrella.")
    result = await sim.async_grok(retries=0).agent(tools=[counted]).resume(record)

    assert (result.value, result.turns, made) == ("Take an umbrella.", 2, ["Oslo"])
    assert [call.output for call in result.calls] == ["Rain in Oslo."]


async def test_what_a_stop_condition_raises_comes_out_and_the_run_can_go_on(sim: Simulator) -> None:
    def breaks(_turn: TurnFinished) -> bool:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken") as raised:
        await sim.async_grok().agent(tools=[weather], stop=breaks).run("Oslo")
    record = record_of(raised.value)

    assert record is not None
    assert (await sim.async_grok().agent(tools=[weather]).resume(record)).value == "Take an umbrella."


async def test_cancelling_a_run_leaves_nothing_running(sim: Simulator) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    @tool(name="weather", effects="read_only")
    async def hangs(city: str) -> str:
        """Hangs."""
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return city

    before = asyncio.all_tasks()
    run = asyncio.create_task(sim.async_grok().agent(tools=[hangs]).run("Oslo"))
    await begun.wait()

    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    assert ended.is_set()
    assert asyncio.all_tasks() == before


def test_an_agent_is_used_from_one_loop_after_another(sim: Simulator) -> None:
    agent = sim.async_grok().agent(tools=[weather], journal="memory")

    values = [asyncio.run(agent.run("Oslo")).value for _ in range(2)]

    assert values == ["Take an umbrella."] * 2


async def test_an_agent_is_a_tool_of_another_one_and_counts_with_it(sim: Simulator) -> None:
    grok = sim.async_grok()
    sim.on(last="plan").reply(tool_calls=[("forecaster", {"task": "What to wear in Oslo?"})])
    sim.on(last="umbrella").reply("Pack an umbrella.")
    inner = grok.agent(tools=[weather], name="forecaster", instructions="You know the weather.")

    result = await grok.agent(tools=[inner.as_tool()]).run("plan")

    assert result.value == "Pack an umbrella."
    assert len(sim.calls) == 4
    assert result.usage.output_tokens > sum(turn.usage.output_tokens for turn in result.record.turns)
    assert inner.as_tool().effects == "read_only"
    assert sim.calls[0].json["tools"][0]["description"] == "You know the weather."


async def test_an_agent_that_is_a_tool_cannot_wait_for_an_approval(sim: Simulator) -> None:
    grok = sim.async_grok()
    sim.on(last="plan").reply(tool_calls=[("forecaster", {"task": "What to wear in Oslo?"})])
    sim.on(last="failed").reply("So be it.")
    inner = grok.agent(tools=[weather], name="forecaster", approve="always")

    result = await grok.agent(tools=[inner.as_tool(description="Knows.")]).run("plan")

    assert [call.status for call in result.calls] == ["failed"]
    assert "approval" in str(result.calls[0].error)


@pytest.mark.parametrize("dialect", ["responses", "chat"])
async def test_what_no_request_can_carry_is_replaced_in_results_and_in_errors(sim: Simulator, dialect: Any) -> None:
    @tool(effects="read_only")
    def files(missing: bool) -> str:
        """Names of files, which may be in any encoding."""
        if missing:
            raise FileNotFoundError("caf\udce9.txt")
        return "caf\udce9.txt"

    sim.on(last="files").reply(tool_calls=[("files", {"missing": False}), ("files", {"missing": True})])
    sim.on(last="caf?.txt").reply("Two.")

    result = await sim.async_grok().agent(tools=[files], dialect=dialect, journal="memory").run("files")

    assert [call.output for call in result.calls] == ["caf?.txt", "files failed: FileNotFoundError: caf?.txt"]
    assert RunRecord.from_json(result.record.to_json()) == result.record


@pytest.mark.parametrize(
    ("longest", "length"), [({}, 200_000), ({"longest_output": 10}, 10), ({"longest_output": None}, 0)]
)
async def test_a_result_that_is_too_long_is_cut_and_the_model_is_told(
    sim: Simulator, longest: dict[str, Any], length: int
) -> None:
    @tool(effects="read_only")
    def dump() -> str:
        """All of it."""
        return "x" * 300_000

    sim.on(last="dump").reply(tool_calls=[("dump", {})])
    sim.on(last="x").reply("Much.")

    result = await sim.async_grok().agent(tools=[dump], **longest).run("dump")

    said = f"\n(cut: these are the first {length:,} of 300,000 characters)" if length else ""
    assert result.calls[0].output == "x" * (length or 300_000) + said


@pytest.mark.parametrize("some", [False, True])
async def test_a_plain_function_decides_in_a_thread_of_its_own(face: Any, sim: Simulator, some: bool) -> None:
    threads: list[threading.Thread] = []

    def ask(request: ApprovalRequest) -> Decision | None:
        threads.append(threading.current_thread())
        return Decision.decline(f"no {request.call.name}")

    @tool
    def pay() -> str:
        """Pay."""
        raise AssertionError("nobody allowed it")

    sim.on(last="bill").reply(tool_calls=[("pay", {})])
    sim.on(last="no pay").reply("As you like.")
    grok = face.client(transport=sim.transport(), base_url=sim.base_url, api_key=sim.key)

    approve: Any = Approval(lambda call, _tool: call.name == "pay", ask) if some else ask

    result = await face.call(grok.agent(tools=[pay], approve=approve).run, "bill")

    assert result.calls[0].status == "declined"
    assert threading.current_thread() not in threads


async def test_who_decides_by_something_else_than_a_decision_is_told_so(sim: Simulator) -> None:
    async def ask(_request: ApprovalRequest) -> Any:
        return True

    @tool
    def pay() -> str:
        """Pay."""
        raise AssertionError("nobody allowed it")

    sim.on(last="bill").reply(tool_calls=[("pay", {})])

    with pytest.raises(Misused, match=r"ask gave a bool(.|\n)*give a Decision"):
        await sim.async_grok().agent(tools=[pay], approve=ask).run("bill")


async def test_a_typed_agent_gives_a_value_and_repairs_it(face: Any, sim: Simulator) -> None:
    sim.on(last="Rain in").reply('{"value": ["umbrella", 7]}')
    sim.on(last="cannot be used").reply('{"value": ["umbrella", "boots"]}')
    grok = face.client(transport=sim.transport(), base_url=sim.base_url, api_key=sim.key)

    result = await face.call(grok.agent(tools=[weather], into=list[str]).run, "What to wear in Oslo?")

    assert (result.value, result.turns) == (["umbrella", "boots"], 3)
    assert sim.calls[0].json["text"]["format"]["type"] == "json_schema"
    assert result.record.status == "done"


async def test_a_limit_ends_a_run_by_blocking_too() -> None:
    sim = Simulator(seed=3)
    sim.on().reply(tool_calls=[("weather", {"city": "Oslo"})])

    def run() -> None:
        sim.grok().agent(tools=[weather], limits=RunLimits(turns=2)).run("Oslo")

    with pytest.raises(RunLimitReached):
        await asyncio.to_thread(run)


def test_a_mock_serves_an_agent_as_any_client() -> None:
    mock = MockTransport()
    wanted = [("weather", {"city": "Oslo"})]
    mock.on(path="/responses").reply(tool_calls=calls(wanted)).then("Take an umbrella.")

    assert Grok(api_key="test", transport=mock).agent(tools=[weather]).run("Oslo").value == "Take an umbrella."


def calls(wanted: Sequence[tuple[str, dict[str, Any]]]) -> list[ToolCall]:
    """Calls as a mock replies them."""
    from grokkit import ToolCall

    return [
        ToolCall(id=f"call_{place}", name=name, arguments=msgspec.json.encode(arguments).decode())
        for place, (name, arguments) in enumerate(wanted)
    ]
