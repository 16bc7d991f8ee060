from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from grokkit import AsyncGrok
from grokkit.call import Call, Reply
from grokkit.config import Limits
from grokkit.errors import DeadlineExceeded, StreamInterrupted, WouldExceedDeadline
from grokkit.layers.deadline import Deadline
from grokkit.layers.figures import Figures
from grokkit.testing import MockTransport, Pause, TurnableClock, json_reply
from grokkit.testing.mock.replies import stream_reply

if TYPE_CHECKING:
    from tests.conftest import Face

MODEL = "grok-4.20-non-reasoning"
START = 1000.0
DELTA = '{"type":"response.output_text.delta","delta":"Hi"}'


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(START)


def call(total: float | None = None, deadline: float | None = None) -> Call:
    limits = Limits(total=total)
    return Call(method="GET", base_url="http://h/v1", path="/", operation="m", id="c", limits=limits, deadline=deadline)


class Further:
    """The rest of the way: takes so many seconds, and remembers the call."""

    def __init__(self, clock: TurnableClock, seconds: float = 0) -> None:
        self.clock = clock
        self.seconds = seconds
        self.call: Call | None = None

    async def __call__(self, call: Call) -> Reply:
        self.call = call
        await self.clock.sleep(self.seconds)
        return Reply(200, {}, body=b"")


@pytest.mark.parametrize(
    ("total", "earlier", "expected"),
    [(5, None, START + 5), (5, START + 3, START + 3), (5, START + 9, START + 5), (None, START + 3, START + 3)],
)
async def test_the_earliest_deadline_counts(
    clock: TurnableClock, total: float | None, earlier: float | None, expected: float
) -> None:
    further = Further(clock)
    task = asyncio.create_task(Deadline(clock, Figures(clock.now))(call(total, earlier), further))
    await clock.advance(0)

    reply = await task

    assert further.call is not None
    assert further.call.deadline == expected
    assert reply.context["deadline"] == expected


async def test_a_call_without_limits_passes_as_it_is(clock: TurnableClock) -> None:
    further = Further(clock)
    asked = call()
    task = asyncio.create_task(Deadline(clock, Figures(clock.now))(asked, further))
    await clock.advance(0)
    await task

    assert further.call is asked


async def test_what_takes_longer_is_ended(clock: TurnableClock) -> None:
    task = asyncio.create_task(Deadline(clock, Figures(clock.now))(call(5), Further(clock, 60)))

    await clock.advance(4.9)
    assert not task.done()
    await clock.advance(0.1)

    with pytest.raises(DeadlineExceeded, match="longer than the 5 s it may take in all"):
        await task
    assert clock.waiting == 0


async def test_a_deadline_that_has_passed_ends_the_call_at_once(clock: TurnableClock) -> None:
    task = asyncio.create_task(Deadline(clock, Figures(clock.now))(call(None, START - 1), Further(clock, 60)))
    await clock.advance(0)

    with pytest.raises(DeadlineExceeded, match="longer than its deadline"):
        await task


async def test_a_plain_call_ends_at_its_limit(face: Face, clock: TurnableClock) -> None:
    async def never(_: Call) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    client = face.client(transport=MockTransport(never), clock=clock, model=MODEL, timeout=30)
    task = asyncio.create_task(face.call(client.ask, "Hi"))

    await face.waits_on(clock)
    await face.turn(clock, 30)

    with pytest.raises(DeadlineExceeded) as caught:
        await task
    assert str(caught.value.call) == f"POST /v1/responses ({MODEL})"
    assert not caught.value.retryable


async def test_the_reading_of_a_stream_counts(face: Face, clock: TurnableClock) -> None:
    frames = [DELTA, Pause(20), DELTA, Pause(20), DELTA]
    mock = MockTransport(lambda _: stream_reply(frames, clock=clock))
    client = face.client(transport=mock, clock=clock, model=MODEL, timeout=30)

    async with face.reading(client.stream("Hi")) as reading:
        assert await reading.next()
        second = asyncio.create_task(reading.next())
        await face.waits_on(clock, 2)
        await face.turn(clock, 20)
        assert await second
        third = asyncio.create_task(reading.next())
        await face.waits_on(clock, 2)
        await face.turn(clock, 10)

        with pytest.raises(StreamInterrupted) as caught:
            await third

    assert isinstance(caught.value.__cause__, DeadlineExceeded)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "HiHi"


def slow_lately(clock: TurnableClock) -> Figures:
    figures = Figures(clock.now)
    for _ in range(10):
        figures.answered(call(), 5.0, 20.0)
    return figures


async def test_a_call_with_less_time_than_such_calls_took_lately_is_refused_at_once(clock: TurnableClock) -> None:
    layer, further = Deadline(clock, slow_lately(clock)), Further(clock)

    with pytest.raises(WouldExceedDeadline, match=r"took more than 20 s lately, and this one has 10 s"):
        await layer(call(10), further)

    assert further.call is None


async def test_a_call_with_more_time_sets_out(clock: TurnableClock) -> None:
    further = Further(clock)
    task = asyncio.create_task(Deadline(clock, slow_lately(clock))(call(30), further))
    await clock.advance(0)

    await task

    assert further.call is not None


async def test_figures_that_grew_old_refuse_nobody(clock: TurnableClock) -> None:
    layer, further = Deadline(clock, slow_lately(clock)), Further(clock)
    await clock.advance(121)
    task = asyncio.create_task(layer(call(10), further))
    await clock.advance(0)

    await task

    assert further.call is not None


async def test_who_reads_a_stream_slowly_makes_no_other_call_hopeless(clock: TurnableClock) -> None:
    answer = {"id": "r", "object": "response", "output": [], "status": "completed", "model": MODEL}
    done = {"type": "response.completed", "response": answer}
    mock = MockTransport(lambda call: stream_reply([DELTA, DELTA, done]) if call.stream else json_reply(answer))
    async with AsyncGrok(transport=mock, clock=clock, model=MODEL, api_key="xai-test") as grok:
        for _ in range(12):
            async with grok.stream("Hi") as stream:
                async for _ in stream:
                    await clock.advance(1)

        quick = await grok.ask("Hi", timeout=2)

    assert quick.model == MODEL
