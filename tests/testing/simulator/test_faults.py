"""What goes wrong on purpose, seen through the client: each fault, its error, and what was really sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from grokkit.config import Timeouts
from grokkit.errors import (
    ConnectionLost,
    EdgeFailed,
    FirstEventTimedOut,
    GrokError,
    Misused,
    ServerFailed,
    StreamCorrupted,
    StreamInterrupted,
    StreamStalled,
    WireTimedOut,
)
from grokkit.testing import TurnableClock
from grokkit.testing.simulator import Fault, Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Write 30 words"}]
BODY = {"model": "grok-4.20-0309-non-reasoning", "messages": MESSAGES}
STREAM = {**BODY, "stream": True}


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture(params=["transport", "sockets"])
async def sim(request: pytest.FixtureRequest, clock: TurnableClock) -> AsyncIterator[Simulator]:
    simulator = Simulator(clock=clock)
    if request.param == "transport":
        yield simulator
    else:
        async with simulator:
            yield simulator


async def stream(sim: Simulator, **options: Any) -> str:
    async with (
        sim.async_grok(retries=0, **options) as grok,
        sim.clock.rushing(),  # type: ignore[attr-defined]
        grok.chat.stream(BODY["model"], messages=MESSAGES) as events,
    ):
        return (await events.done()).text


async def plain(sim: Simulator, **options: Any) -> str:
    async with sim.async_grok(retries=0, **options) as grok, sim.clock.rushing():  # type: ignore[attr-defined]
        return (await grok.chat.create(BODY["model"], messages=MESSAGES)).text


async def test_a_cut_after_some_bytes_closes_the_connection(sim: Simulator) -> None:
    sim.faults(cut_at_byte=700)

    with pytest.raises(StreamInterrupted) as caught:
        await stream(sim)

    assert sim.calls[-1].sent == 700
    assert caught.value.partial is not None
    assert caught.value.partial.text


async def test_a_cut_plain_reply_is_a_lost_connection(sim: Simulator) -> None:
    sim.faults(cut_at_byte=10)

    with pytest.raises(ConnectionLost):
        await plain(sim, stream_long_calls=False)


async def test_a_hang_up_comes_without_any_reply(sim: Simulator) -> None:
    sim.faults(hang_up=True)

    with pytest.raises(ConnectionLost):
        await plain(sim)
    assert sim.calls[-1].status is None


async def test_a_stall_before_headers_runs_into_the_first_limit(sim: Simulator) -> None:
    sim.faults(stall_before_headers=True)

    with pytest.raises(FirstEventTimedOut):
        await stream(sim, timeout=Timeouts(first_event=30))


async def test_a_stall_after_headers_runs_into_the_first_limit_too(sim: Simulator) -> None:
    sim.faults(stall_after_headers=True)

    with pytest.raises(FirstEventTimedOut):
        await stream(sim, timeout=Timeouts(first_event=30, wire=60))


@pytest.mark.parametrize("where", [{"stall_at_event": 3}, {"stall_mid_event": 3}])
async def test_a_stall_in_mid_stream_runs_into_the_silence_limit(sim: Simulator, where: dict[str, int]) -> None:
    sim.faults(**where)

    with pytest.raises((WireTimedOut, StreamStalled, StreamInterrupted)):
        await stream(sim, timeout=Timeouts(idle=60, wire=30))


async def test_a_stall_may_end(sim: Simulator) -> None:
    sim.faults(stall_mid_event=2, stall_seconds=20)

    text = await stream(sim)

    assert len(text.split()) == 30


@pytest.mark.parametrize("kind", ["comment", "ping"])
async def test_keep_alives_hold_the_wire_but_are_no_progress(sim: Simulator, kind: str) -> None:
    sim.faults(stall_at_event=3, keep_alive=kind, keep_alive_every=5)

    with pytest.raises((StreamStalled, StreamInterrupted)):
        await stream(sim, timeout=Timeouts(idle=100, wire=30))


async def test_a_caller_that_leaves_ends_the_work(sim: Simulator, clock: TurnableClock) -> None:
    sim.faults(stall_at_event=2)

    async with sim.async_grok() as grok:
        async with grok.chat.stream(BODY["model"], messages=MESSAGES) as events:
            await anext(aiter(events))
        await clock.settle()

    assert sim.calls[-1].disconnected
    assert not sim.calls[-1].finished


async def test_an_error_in_mid_stream_is_a_frame_and_the_end(sim: Simulator) -> None:
    sim.faults(error_at_event=4)

    with pytest.raises((StreamInterrupted, ServerFailed)) as caught:
        await stream(sim)

    assert "Timed out waiting for first token" in str(caught.value)
    assert sim.calls[-1].frames == 5


async def test_a_good_status_may_bring_an_error_in_place_of_a_stream(sim: Simulator) -> None:
    sim.faults(plain_error_in_stream=True)

    with pytest.raises(ServerFailed):
        await stream(sim)
    assert sim.calls[-1].status == 200


async def test_a_corrupt_event_is_told(sim: Simulator) -> None:
    sim.faults(corrupt=3)

    with pytest.raises((StreamCorrupted, StreamInterrupted)):
        await stream(sim)


async def test_an_end_without_an_ending_is_an_error(sim: Simulator) -> None:
    sim.faults(end_after=5)

    with pytest.raises(StreamInterrupted):
        await stream(sim)


@pytest.mark.parametrize(
    ("fault", "order"),
    [
        ({"duplicate": 1}, [0, 1, 1, 2, 3]),
        ({"reorder": 1}, [0, 2, 1, 3]),
        ({"drop": 1}, [0, 2, 3]),
    ],
)
async def test_events_are_sent_twice_swapped_or_not_at_all(
    clock: TurnableClock, fault: dict[str, int], order: list[int]
) -> None:
    sim = Simulator(clock=clock)
    sim.on().reply(pieces=["a", "b", "c", "d"])
    sim.faults(**fault)

    reply = await sim.fetch("POST", CHAT, json=STREAM)

    letters = [frame["choices"][0]["delta"].get("content") for frame in reply.frames if frame["choices"]]
    assert letters[: len(order)] == ["abcd"[number] for number in order]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 413, 415, 422, 429, 500, 502, 503, 504, 529])
async def test_every_status_comes_with_a_body(sim: Simulator, status: int) -> None:
    sim.faults(status=status)

    with pytest.raises(GrokError) as caught:
        await plain(sim)

    assert caught.value.status == status
    assert caught.value.body


@pytest.mark.parametrize("status", [520, 521, 522, 523, 524, 525, 526, 530])
async def test_the_edge_answers_with_a_page(sim: Simulator, status: int) -> None:
    sim.faults(status=status)

    with pytest.raises(EdgeFailed) as caught:
        await plain(sim)

    assert caught.value.retry_after == 120


async def test_chance_strikes_as_often_as_it_says_and_the_same_for_the_same_seed(clock: TurnableClock) -> None:
    async def statuses(seed: int) -> list[int]:
        sim = Simulator(seed=seed, clock=clock)
        sim.faults(0.3, status=503)
        return [(await sim.fetch("POST", CHAT, json=BODY)).status for _ in range(100)]

    first, again, other = await statuses(1), await statuses(1), await statuses(2)

    assert first == again
    assert first != other
    assert 15 < first.count(503) < 45


async def test_faults_may_be_meant_for_some_requests_only(clock: TurnableClock) -> None:
    sim = Simulator(clock=clock)
    sim.faults(status=503, on={"model": "grok-4.3"})

    spared = await sim.fetch("POST", CHAT, json=BODY)
    struck = await sim.fetch("POST", CHAT, json={**BODY, "model": "grok-4.3"})

    assert (spared.status, struck.status) == (200, 503)


@pytest.mark.parametrize("latency", [0.5, "constant:0.5", "uniform:0.4,0.6", "lognormal:0.5,0.1", "exponential:0.5"])
async def test_replies_begin_after_the_latency(clock: TurnableClock, latency: float | str) -> None:
    waits = []
    for _ in range(2):
        sim = Simulator(seed=3, clock=clock, latency=latency)
        async with clock.rushing():
            await sim.fetch("POST", CHAT, json=BODY)
        waits.append(sim.calls[-1].ended - sim.calls[-1].started)  # type: ignore[operator]

    assert waits[0] == pytest.approx(waits[1])
    assert 0 < waits[0] < 3


async def test_tokens_come_at_their_pace(clock: TurnableClock) -> None:
    sim = Simulator(clock=clock, pace=20)
    sim.on().reply(pieces=["x"] * 40)

    async with clock.rushing():
        await sim.fetch("POST", CHAT, json=STREAM)

    assert sim.calls[-1].ended - sim.calls[-1].started == pytest.approx(2.0)  # type: ignore[operator]


async def test_a_cut_really_closes_the_socket() -> None:
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        sim.faults(cut_at_byte=0)
        headers = {"authorization": f"Bearer {sim.key}"}

        async with session.post(f"{sim.base_url}/chat/completions", json=STREAM, headers=headers) as reply:
            assert reply.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await reply.read()


def test_an_unknown_fault_names_the_nearest() -> None:
    with pytest.raises(Misused, match="there is no fault named 'cut_at_bite'; did you mean 'cut_at_byte'"):
        Simulator().faults(cut_at_bite=5)


@pytest.mark.parametrize("fields", [{"pace": 0}, {"keep_alive": "pong"}, {"latency": "normal:1"}])
def test_a_fault_that_cannot_be_is_refused(fields: Any) -> None:
    with pytest.raises(Misused):
        Simulator().faults(**fields)


def test_a_probability_is_between_never_and_always() -> None:
    with pytest.raises(Misused):
        Simulator().faults(1.5, status=500)


def test_a_fault_shows_only_what_it_does() -> None:
    assert repr(Fault(status=503, retry_after=2)) == "Fault(status=503, retry_after=2)"
