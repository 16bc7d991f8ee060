"""What hooks are told, and that they can do no harm."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import AsyncGrok
from grokkit.errors import (
    CircuitOpen,
    ConfigInvalid,
    ConnectionLost,
    RateLimited,
    ReplyUnreadable,
    ServerFailed,
    StreamInterrupted,
)
from grokkit.telemetry.events import CallFailed, CallFinished, CallStarted, Event, OutputStarted, ReplyStarted
from grokkit.testing import MockTransport, TurnableClock, json_reply
from grokkit.testing.mock.replies import Pause, body_reply, stream_reply

if TYPE_CHECKING:
    from tests.conftest import Face

    from grokkit import Call, Reply

MODEL = "grok-4.20-non-reasoning"
PLAIN = {
    "id": "r",
    "output": [],
    "status": "completed",
    "model": MODEL,
    "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
}
HEADERS = {"x-request-id": "req-1"}
DELTA = {"type": "response.output_text.delta", "delta": "Hi"}
DONE = {"type": "response.completed", "response": PLAIN}


@pytest.fixture
def told() -> list[Event]:
    return []


def kinds(told: list[Event]) -> list[str]:
    return [type(event).__name__ for event in told]


def client(face: Face, told: list[Event], reply: Any, **options: Any) -> Any:
    mock = MockTransport(reply if callable(reply) else lambda _: reply)
    return face.client(transport=mock, hooks=[told.append], model=MODEL, **options)


async def test_a_plain_call_starts_is_replied_to_and_finishes(face: Face, told: list[Event]) -> None:
    answer = await face.call(client(face, told, json_reply(PLAIN, headers=HEADERS)).ask, "Hi")

    assert kinds(told) == ["CallStarted", "ReplyStarted", "CallFinished"]
    assert {str(event.call) for event in told} == {f"POST /v1/responses ({MODEL})"}
    assert {event.client_request_id for event in told} == {answer.client_request_id}
    started, replied, finished = told
    assert isinstance(started, CallStarted)
    assert isinstance(replied, ReplyStarted)
    assert isinstance(finished, CallFinished)
    assert (replied.status, replied.request_id, finished.request_id) == (200, "req-1", "req-1")
    assert (finished.model, finished.complete, finished.time_to_output) == (MODEL, True, None)
    assert finished.usage is not None
    assert finished.usage.total_tokens == 7
    assert 0 <= replied.elapsed <= finished.elapsed


async def test_a_listing_has_no_usage(face: Face, told: list[Event]) -> None:
    await face.call(client(face, told, json_reply({"data": []})).models.list)

    assert kinds(told) == ["CallStarted", "ReplyStarted", "CallFinished"]
    assert isinstance(told[2], CallFinished)
    assert (told[2].model, told[2].usage) == (None, None)


async def test_a_stream_finishes_when_it_is_closed(face: Face, told: list[Event]) -> None:
    async with face.reading(client(face, told, stream_reply([DELTA, DONE], headers=HEADERS)).stream("Hi")) as reading:
        await reading.next()
        assert kinds(told)[:3] == ["CallStarted", "ReplyStarted", "OutputStarted"]
        await reading.events()

    assert kinds(told) == ["CallStarted", "ReplyStarted", "OutputStarted", "CallFinished"]
    finished = told[-1]
    assert isinstance(finished, CallFinished)
    assert (finished.complete, finished.model) == (True, MODEL)
    assert finished.time_to_output == reading.stream.time_to_output


async def test_the_time_to_the_first_output_is_measured_on_the_client_s_clock(face: Face, told: list[Event]) -> None:
    clock = TurnableClock()
    reply = stream_reply([{"type": "response.created", "response": {}}, Pause(5), DELTA, Pause(3), DONE], clock=clock)

    async def read() -> None:
        async with face.reading(client(face, told, reply, clock=clock).stream("Hi")) as reading:
            await reading.events()

    reads = asyncio.create_task(read())
    await face.waits_on(clock, 2)
    await face.turn(clock, 5)
    await face.turn(clock, 3)
    await reads

    output, finished = told[-2:]
    assert isinstance(output, OutputStarted)
    assert isinstance(finished, CallFinished)
    assert (output.elapsed, finished.time_to_output, finished.elapsed) == (5, 5, 8)


async def test_a_stream_left_early_finishes_incomplete(face: Face, told: list[Event]) -> None:
    reply = stream_reply([DELTA, Pause(60), DONE], clock=TurnableClock())

    async with face.reading(client(face, told, reply).stream("Hi")) as reading:
        await reading.next()

    assert kinds(told) == ["CallStarted", "ReplyStarted", "OutputStarted", "CallFinished"]
    assert isinstance(told[-1], CallFinished)
    assert told[-1].complete is False


async def test_a_stream_that_breaks_fails(face: Face, told: list[Event]) -> None:
    reply = stream_reply([DELTA, ConnectionLost("gone")])

    async with face.reading(client(face, told, reply).stream("Hi")) as reading:
        await reading.next()
        with pytest.raises(StreamInterrupted) as caught:
            await reading.next()

    assert kinds(told) == ["CallStarted", "ReplyStarted", "OutputStarted", "CallFailed"]
    assert isinstance(told[-1], CallFailed)
    assert told[-1].error is caught.value


async def test_a_refused_call_fails_with_its_error(face: Face, told: list[Event]) -> None:
    reply = json_reply({"error": "Too many requests"}, status=429, headers=HEADERS)

    with pytest.raises(RateLimited) as caught:
        await face.call(client(face, told, reply, retries=0).ask, "Hi")

    assert kinds(told) == ["CallStarted", "CallFailed"]
    assert isinstance(told[1], CallFailed)
    assert told[1].error is caught.value
    assert caught.value.client_request_id == told[0].client_request_id


async def test_a_reply_that_cannot_be_read_fails_the_call(face: Face, told: list[Event]) -> None:
    with pytest.raises(ReplyUnreadable) as caught:
        await face.call(client(face, told, body_reply(b"<html>", "text/html", headers=HEADERS)).ask, "Hi")

    assert kinds(told) == ["CallStarted", "ReplyStarted", "CallFailed"]
    assert caught.value.request_id == "req-1"
    assert str(caught.value.call) == f"POST /v1/responses ({MODEL})"


async def test_a_foreign_error_is_told_as_it_is(face: Face, told: list[Event]) -> None:
    def broken(_: Call) -> Reply:
        raise LookupError("vault")

    with pytest.raises(LookupError):
        await face.call(client(face, told, broken).ask, "Hi")

    assert isinstance(told[1], CallFailed)
    assert isinstance(told[1].error, LookupError)


async def test_a_cancelled_call_fails_without_an_error() -> None:
    from grokkit import AsyncGrok

    told: list[Event] = []
    asked = asyncio.Event()

    async def never(_: Call) -> Reply:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    grok = AsyncGrok(api_key="k", transport=MockTransport(never), hooks=[told.append], model=MODEL)
    task = asyncio.create_task(grok.ask("Hi"))
    await asked.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert kinds(told) == ["CallStarted", "CallFailed"]
    assert isinstance(told[1], CallFailed)
    assert told[1].error is None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
async def test_a_hook_that_fails_harms_nobody(face: Face, told: list[Event], caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event) -> None:
        raise RuntimeError("no room")

    mock = MockTransport(lambda _: json_reply(PLAIN))
    grok = face.client(transport=mock, hooks=[fail, told.append], model=MODEL)

    assert (await face.call(grok.ask, "Hi")).id == "r"

    assert kinds(told) == ["CallStarted", "ReplyStarted", "CallFinished"]
    failures = [record for record in caplog.records if record.getMessage() == "grok.hook_failed"]
    assert len(failures) == 3
    assert failures[0].exc_info is not None


class AsyncHook:
    async def __call__(self, event: Event) -> None:
        pass


@pytest.mark.parametrize("hook", [AsyncHook(), AsyncHook().__call__, None, "print"])
def test_a_hook_that_would_never_run_is_refused(face: Face, hook: Any) -> None:
    with pytest.raises(ConfigInvalid, match="a hook is a plain function"):
        face.client(hooks=[hook])


async def test_a_caller_who_is_refused_and_asks_again_at_once_lets_others_run() -> None:
    mock = MockTransport(lambda _: json_reply({}, status=503))
    client = AsyncGrok(transport=mock, clock=TurnableClock(), model=MODEL, api_key="xai-test", retries=0)
    async with client:
        for _ in range(40):
            with pytest.raises((ServerFailed, CircuitOpen)):
                await client.ask("Hi")
        ran = asyncio.create_task(asyncio.sleep(0))

        refusals = 0
        while not ran.done() and refusals < 10:
            refusals += 1
            with pytest.raises(CircuitOpen):
                await client.ask("Hi")

    assert refusals < 10
