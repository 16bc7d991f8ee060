"""As users meet it: a client, a simulator, an outage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit.config.policies import Circuit
from grokkit.errors import (
    CircuitOpen,
    ContentRefused,
    ContextTooLong,
    GrokError,
    KeyRejected,
    ModelNotFound,
    NoCapacity,
    OutOfCredits,
    RateLimited,
    StreamInterrupted,
)
from grokkit.telemetry.events import CircuitClosed, CircuitOpened, CircuitProbed
from grokkit.testing import Fault, Simulator

if TYPE_CHECKING:
    from grokkit import AsyncGrok
    from grokkit.telemetry.events import Event
    from grokkit.testing import TurnableClock

MODEL = "grok-4.7"
POLICY = Circuit(min_calls=5, open_for=5.0)


@pytest.fixture
def sim(clock: TurnableClock) -> Simulator:
    return Simulator(clock=clock)


def client(sim: Simulator, **options: Any) -> AsyncGrok:
    settings: Any = {"model": MODEL, "retries": 0, "rate_limit": "off", "circuit": POLICY, **options}
    return sim.async_grok(**settings)


async def outcome(grok: AsyncGrok, **options: Any) -> type[object]:
    """The class of what came of one call."""
    try:
        return type(await grok.ask("Hi", **options))
    except GrokError as error:
        return type(error)


async def test_an_outage_costs_few_calls(sim: Simulator, clock: TurnableClock) -> None:
    events: list[Event] = []
    grok = client(sim, hooks=[events.append])
    sim.outage(60)

    refused = 0
    for _ in range(600):
        refused += await outcome(grok) is CircuitOpen
        await clock.advance(0.1)

    reached = len(sim.calls)
    assert reached <= 5 + 7, "five to open it, then probes after 5, 10, and every 10 s"
    assert refused == 600 - reached
    assert any(isinstance(event, CircuitOpened) for event in events)
    assert any(isinstance(event, CircuitProbed) for event in events)


async def test_calls_pass_again_after_an_outage(sim: Simulator, clock: TurnableClock) -> None:
    events: list[Event] = []
    grok = client(sim, hooks=[events.append])
    sim.outage(3)
    assert [await outcome(grok) for _ in range(6)] == [NoCapacity] * 5 + [CircuitOpen]
    await clock.advance(5)

    answers = [(await grok.ask("Hi")).text for _ in range(10)]

    assert all(answers)
    assert [type(event) for event in events if isinstance(event, CircuitProbed | CircuitClosed)] == [
        CircuitProbed,
        CircuitClosed,
    ]


async def test_other_models_go_on_while_one_is_overloaded(sim: Simulator) -> None:
    grok = client(sim)
    sim.outage(60, model=MODEL)
    for _ in range(6):
        await outcome(grok)

    assert await outcome(grok) is CircuitOpen
    assert (await grok.ask("Hi", model="grok-4.3")).text


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("context", ContextTooLong),
        ("content", ContentRefused),
        ("model", ModelNotFound),
        ("rate_limit", RateLimited),
        ("credits", OutOfCredits),
        ("wrong_key", KeyRejected),
    ],
)
async def test_what_is_not_the_server_s_fault_opens_nothing(
    sim: Simulator, trouble: str, error: type[GrokError]
) -> None:
    sim.on(last="Hi").reply(error=trouble)
    grok = client(sim)

    assert {await outcome(grok) for _ in range(30)} == {error}


@pytest.mark.parametrize("trouble", ["capacity", "server", "edge", "unavailable", "overloaded", "timeout"])
async def test_what_is_the_server_s_fault_opens_it(sim: Simulator, trouble: str) -> None:
    sim.on(last="Hi").reply(error=trouble)
    grok = client(sim)

    outcomes = [await outcome(grok) for _ in range(6)]

    assert outcomes.index(CircuitOpen) == 5


async def test_streams_that_break_off_open_it(sim: Simulator) -> None:
    sim.on(last="Hi").reply("one two three four five six seven eight", fault=Fault(end_after=9))
    grok = client(sim)
    for _ in range(5):
        with pytest.raises(StreamInterrupted):
            async with grok.stream("Hi") as stream:
                _ = [event async for event in stream]

    with pytest.raises(CircuitOpen, match="StreamInterrupted"):
        async with grok.stream("Hi"):
            pass


async def test_streams_that_readers_leave_open_nothing(sim: Simulator) -> None:
    grok = client(sim)

    for _ in range(10):
        async with grok.stream("Hi") as stream:
            await anext(stream)

    assert (await grok.ask("Hi")).text


async def test_off_is_absent_from_the_stack(sim: Simulator) -> None:
    assert "circuit" in str(client(sim).stack).splitlines()
    assert "circuit" not in str(client(sim, circuit="off").stack).splitlines()
