"""A run that is read while it goes on: typed events, the result of the plain run, and nothing left behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import TextDelta, ToolCallDelta, ToolCallDone, tool
from grokkit.agents import (
    ApprovalNeeded,
    ArgumentsDelta,
    RunFinished,
    RunLimitReached,
    RunLimits,
    ToolFinished,
    ToolStarted,
    TurnFinished,
    TurnStarted,
)
from grokkit.errors import Misused, NoCapacity, StreamInterrupted, StreamNotOpen
from grokkit.testing import Fault, Simulator

if TYPE_CHECKING:
    from grokkit.agents import AsyncRunStream, RunEvent

OF_THE_RUN = (TurnStarted, ToolStarted, ToolFinished, ApprovalNeeded, TurnFinished, RunFinished)


@tool(effects="read_only")
def weather(city: str) -> str:
    """The weather of a city."""
    return f"Rain in {city}."


@pytest.fixture
def sim() -> Simulator:
    sim = Simulator(seed=3)
    sim.on(last="Oslo").reply("Let me look.", tool_calls=[("weather", {"city": "Oslo"})])
    sim.on(last="Rain in").reply("Take an umbrella.")
    return sim


def steps(events: list[RunEvent]) -> list[str]:
    """The events of the run itself."""
    return [type(event).__name__ for event in events if isinstance(event, OF_THE_RUN)]


@pytest.mark.parametrize("dialect", ["responses", "chat"])
async def test_events_come_as_they_happen_and_the_result_is_that_of_the_plain_run(
    face: Any, sim: Simulator, dialect: Any
) -> None:
    grok = face.client(transport=sim.transport(), base_url=sim.base_url, api_key=sim.key)
    agent = grok.agent(tools=[weather], dialect=dialect)
    plain = await face.call(agent.run, "What to wear in Oslo?")

    events, result = await all_of(agent.stream("What to wear in Oslo?"))

    assert steps(events) == [
        "TurnStarted",
        "ToolStarted",
        "ToolFinished",
        "TurnFinished",
        "TurnStarted",
        "TurnFinished",
        "RunFinished",
    ]
    texts = [event.text for event in events if isinstance(event, TextDelta)]
    assert "".join(texts) == "Let me look.Take an umbrella."
    [done] = [event for event in events if isinstance(event, ToolCallDone)]
    assert events.index(done) < next(place for place, event in enumerate(events) if isinstance(event, ToolStarted))
    assert events[-1] == RunFinished(result)
    assert (result.value, result.turns, result.stopped) == (plain.value, plain.turns, plain.stopped)
    assert [call.output for call in result.calls] == [call.output for call in plain.calls]
    assert [item.get("role") for item in result.items] == [item.get("role") for item in plain.items]


async def all_of(stream: Any) -> tuple[list[Any], Any]:
    """All events of a run of either face, and its result."""
    if hasattr(stream, "__aenter__"):
        async with stream:
            return [event async for event in stream], stream.result

    def read() -> tuple[list[Any], Any]:
        with stream:
            return list(stream), stream.result

    return await asyncio.to_thread(read)


async def test_arguments_show_as_far_as_they_have_come(sim: Simulator) -> None:
    sim.on(last="long").reply(tool_calls=[("weather", {"city": "Llanfairpwllgwyngyll"})], fragments=6)
    seen: list[Any] = []

    async with sim.async_grok().agent(tools=[weather]).stream("long") as run:
        async for event in run:
            if isinstance(event, ToolCallDelta):
                assert isinstance(event, ArgumentsDelta)
                assert event.raw
                seen.append(dict(event.partial or {}))

    assert seen[-1] == {"city": "Llanfairpwllgwyngyll"}
    assert len({str(one) for one in seen}) > 1


async def test_text_and_done_read_a_run_to_its_end(face: Any, sim: Simulator) -> None:
    grok = face.client(transport=sim.transport(), base_url=sim.base_url, api_key=sim.key)
    agent = grok.agent(tools=[weather])

    async with face.reading(agent.stream("Oslo")) if face.name == "blocking" else agent.stream("Oslo") as run:
        if face.name == "async":
            text = "".join([piece async for piece in run.text()])
            result = await run.done()
        else:
            text = "".join(await asyncio.to_thread(list, run.stream.text()))
            result = await asyncio.to_thread(run.stream.done)

    assert text == "Let me look.Take an umbrella."
    assert result.value == "Take an umbrella."


async def test_a_run_has_no_result_before_its_end_and_is_opened_once(sim: Simulator) -> None:
    run = sim.async_grok().agent(tools=[weather]).stream("Oslo")
    with pytest.raises(StreamNotOpen):
        await anext(run)
    async with run:
        with pytest.raises(Misused, match="not at its end"):
            _ = run.result
        assert not run.complete
        await run.done()
        assert run.complete
    with pytest.raises(Misused, match="opened before"):
        await run.__aenter__()


async def test_leaving_early_cancels_the_tools_that_run() -> None:
    sim = Simulator(seed=3)
    sim.on().reply(tool_calls=[("hangs", {}), ("hangs", {})])
    ended: list[str] = []

    @tool(effects="read_only")
    async def hangs() -> str:
        """Hangs."""
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")
        return ""

    before = asyncio.all_tasks()
    async with sim.async_grok().agent(tools=[hangs]).stream("Go") as run:
        async for event in run:
            if isinstance(event, ToolStarted):
                break
        await asyncio.sleep(0)

    assert len(ended) in {1, 2}
    assert asyncio.all_tasks() == before
    assert not run.complete
    with pytest.raises(Misused, match="left before its end"):
        _ = run.result


async def test_leaving_early_closes_the_connection(face: Any, watched: Any) -> None:
    with watched(seed=3) as sim:
        sim.on().reply("one two three", pieces=["one ", "two ", "three"], fault=Fault(stall_at_event=8))
        grok = face.client(base_url=sim.base_url, api_key=sim.key)
        stream = grok.agent().stream("Go")

        if face.name == "async":
            async with stream:
                await until_text(stream)
        else:
            await asyncio.to_thread(read_some, stream)

        await asyncio.to_thread(sim.until_left)
        await face.call(grok.close)


async def until_text(stream: Any) -> None:
    async for event in stream:
        if not isinstance(event, TurnStarted):
            return


def read_some(stream: Any) -> None:
    with stream:
        for event in stream:
            if not isinstance(event, TurnStarted):
                return


def test_leaving_early_by_blocking_cancels_the_tools_that_run(hanging: Any) -> None:
    sim = Simulator(seed=3)
    sim.on().reply(tool_calls=[("hangs", {})])
    with sim.grok().agent(tools=[hanging.tool]).stream("Go") as run:
        next(event for event in run if isinstance(event, ToolStarted))

    assert hanging.ended.wait(20)


def test_a_run_that_is_left_open_is_closed_with_a_warning() -> None:
    sim = Simulator(seed=3)
    sim.on().reply(fault=Fault(stall_before_headers=True))
    open_runs = [sim.grok().agent().stream("Go").__enter__()]
    next(open_runs[0])

    with pytest.warns(ResourceWarning, match="left open"):
        open_runs.clear()


async def test_what_ends_the_run_is_raised_behind_its_last_event(sim: Simulator) -> None:
    sim.on(nth=2).reply(error="capacity")
    events: list[RunEvent] = []

    async def read(run: AsyncRunStream[str]) -> None:
        async for event in run:
            events.append(event)  # noqa: PERF401 - those before the error count

    async with sim.async_grok(retries=0).agent(tools=[weather]).stream("Oslo") as run:
        with pytest.raises(NoCapacity):
            await read(run)
        with pytest.raises(NoCapacity):
            await run.done()

    assert steps(events)[-1] == "TurnStarted"
    assert not run.complete


async def test_a_limit_is_raised_by_a_streamed_run(face: Any, sim: Simulator) -> None:
    grok = face.client(transport=sim.transport(), base_url=sim.base_url, api_key=sim.key)

    with pytest.raises(RunLimitReached):
        await all_of(grok.agent(tools=[weather], limits=RunLimits(turns=1)).stream("Oslo"))


async def test_a_slow_reader_slows_the_answer_down() -> None:
    sim = Simulator(seed=3)
    words = [f"{count} " for count in range(3000)]
    sim.on().reply("".join(words), pieces=words)

    async with sim.async_grok().agent().stream("Go") as run:
        first = await anext(run)
        for _ in range(200):
            await asyncio.sleep(0)
        waiting = len(run._reader.waiting)
        rest = [event async for event in run]

    assert isinstance(first, TurnStarted)
    assert 0 < waiting < 2500
    assert "".join(event.text for event in rest if isinstance(event, TextDelta)) == "".join(words)


async def test_a_streamed_run_in_a_session_is_kept(sim: Simulator) -> None:
    from grokkit.sessions import MemorySessions, mend

    grok = sim.async_grok(sessions=MemorySessions())

    async with grok.agent(tools=[weather], session="trip").stream("Oslo") as run:
        result = await run.done()
    items = await grok.session("trip").items()

    assert result.value == "Take an umbrella."
    assert mend(items).changes == ()
    assert len(await grok.session("trip").history()) == 2


async def test_grok_stream_runs_functions_between_its_answers(face: Any, sim: Simulator) -> None:
    grok = face.client(transport=sim.transport(), base_url=sim.base_url, api_key=sim.key)

    async with face.reading(grok.stream("What to wear in Oslo?", tools=[weather])) as reading:
        text = "".join(await reading.texts())
        stream = reading.stream

    assert text == "Let me look.Take an umbrella."
    assert stream.result.text == "Take an umbrella."
    assert stream.complete
    assert stream.partial == stream.result
    assert stream.request_id == stream.result.request_id
    assert stream.result.usage.input_tokens > stream.result.wire.usage["input_tokens"]
    assert [call.json["stream"] for call in sim.calls] == [True, True]


async def test_a_break_in_a_stream_with_functions_is_the_streams_error(sim: Simulator) -> None:
    sim.on(nth=2).reply("Take an umbrella.", fault=Fault(end_after=9))

    async with sim.async_grok(retries=0).stream("Oslo", tools=[weather]) as stream:
        with pytest.raises(StreamInterrupted):
            await stream.done()
        with pytest.raises(StreamInterrupted):
            await anext(stream)
        assert stream.partial.text == "Let me look."


async def test_a_stream_with_functions_is_opened_by_its_block(sim: Simulator) -> None:
    stream = sim.async_grok().stream("Oslo", tools=[weather])

    with pytest.raises(StreamNotOpen):
        await anext(stream)
    async with stream:
        with pytest.raises(StreamNotOpen):
            _ = stream.partial
        with pytest.raises(Misused, match="opened before"):
            await stream.__aenter__()
    assert sim.calls == [] or stream.complete is False


async def test_who_is_cancelled_while_leaving_leaves_nothing_behind(sim: Simulator) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    @tool(effects="read_only")
    async def slow() -> str:
        """Takes a moment to end."""
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            ended.set()
        return ""

    sim.on(last="Wait").reply(tool_calls=[("slow", {})])
    run = sim.async_grok().agent(tools=[slow]).stream("Wait")

    async def leave() -> None:
        async with run:
            await begun.wait()

    leaving = asyncio.create_task(leave())
    await begun.wait()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])

    assert ended.is_set()
    with pytest.raises(Misused, match="left before its end"):
        _ = run.result
