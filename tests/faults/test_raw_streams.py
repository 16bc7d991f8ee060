"""Streams that break the rules of HTTP, or come byte by byte, as no simulator sends them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from grokkit.errors import (
    ConnectionLost,
    DeadlineExceeded,
    EventTooLarge,
    FirstEventTimedOut,
    GrokError,
    ReplyUnreadable,
    ServerFailed,
    StreamInterrupted,
    StreamStalled,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req-1\r\ntransfer-encoding: chunked\r\n\r\n"
)
SHORT = 20.0


def frame(value: Any) -> bytes:
    """One event of a stream."""
    return f"data: {json.dumps(value)}\n\n".encode()


BEGINNING = {
    "chat": frame(
        {
            "id": "c-1",
            "object": "chat.completion.chunk",
            "model": "grok-4.3",
            "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hello"}}],
        }
    ),
    "responses": frame(
        {
            "type": "response.created",
            "response": {"id": "r-1", "model": "grok-4.3", "output": [], "status": "in_progress"},
        }
    )
    + frame(
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "m", "delta": "Hello"}
    ),
}


class Failure(NamedTuple):
    """What the server does in the midst of its answer, and what that is called."""

    act: Callable[[Any, Any], Awaitable[None]]
    kind: type[GrokError]
    limits: dict[str, float] = {}  # noqa: RUF012 - a constant
    options: dict[str, Any] = {}  # noqa: RUF012


async def _reset(trial: Any, wire: Any) -> None:
    await trial.heard()  # or the reset would overtake what was said before it
    wire.reset()


async def _drip_comments(trial: Any, wire: Any) -> None:
    while True:
        for number in b": still here\n":
            await wire.chunks(bytes([number]), end=False)
            await trial.clock.sleep(3)


async def _say_an_error(_trial: Any, wire: Any) -> None:
    await wire.chunks(frame({"code": "The service is currently unavailable", "error": "Timed out"}), end=False)
    await wire.client_gone()


async def _flood(_trial: Any, wire: Any) -> None:
    await wire.chunks(b'data: {"', end=False)
    for _ in range(2048):
        await wire.chunks(b"x" * 1024 * 1024, end=False)


async def _garbage(trial: Any, wire: Any) -> None:
    await trial.heard()  # or it would come with the head, and spoil that
    await wire.say(b"this is no chunk\r\n")
    await wire.client_gone()


FAILURES = {
    "is reset": Failure(_reset, ConnectionLost),
    "drips comments": Failure(_drip_comments, StreamStalled, {"idle": SHORT, "wire": 5.0}),
    "drips until the deadline": Failure(_drip_comments, DeadlineExceeded, {"total": SHORT, "wire": 5.0}),
    "sends an error and stays": Failure(_say_an_error, ServerFailed),
    "sends an event that never ends": Failure(_flood, EventTooLarge, options={"max_event_size": 64 * 1024}),
    "sends what is no HTTP": Failure(_garbage, ReplyUnreadable),
}
FIRST = {StreamStalled: FirstEventTimedOut}  # what has not begun cannot stall
BEFORE = {"idle": "first_event"}


def _script(trial: Any, act: Any, *said: bytes) -> Any:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(HEAD)
        await wire.chunks(*said, end=False)
        await act(trial, wire)

    return script


@pytest.mark.parametrize("dialect", BEGINNING)
@pytest.mark.parametrize("name", FAILURES)
async def test_a_stream_that_fails_before_its_first_output_raises_the_failure_itself(
    trial: Any, told: Any, name: str, dialect: str
) -> None:
    failure = FAILURES[name]
    server = trial.serve(_script(trial, failure.act))
    limits = {BEFORE.get(limit, limit): seconds for limit, seconds in failure.limits.items()}
    within = SHORT if limits else None

    outcome = await trial.streamed(server.url + "/v1", dialect, within=within, limits=limits, **failure.options)

    assert type(outcome.error) is FIRST.get(failure.kind, failure.kind)
    assert outcome.events == []
    told(outcome, server.requests, request_id="req-1")


@pytest.mark.parametrize("dialect", BEGINNING)
@pytest.mark.parametrize("name", FAILURES)
async def test_a_stream_that_fails_later_is_interrupted_and_keeps_what_had_arrived(
    trial: Any, told: Any, name: str, dialect: str
) -> None:
    failure = FAILURES[name]
    server = trial.serve(_script(trial, failure.act, BEGINNING[dialect]))
    limits = failure.limits
    within = SHORT if limits else None

    outcome = await trial.streamed(server.url + "/v1", dialect, within=within, limits=limits, **failure.options)

    assert type(outcome.error) is StreamInterrupted
    assert type(outcome.error.__cause__) is failure.kind
    assert outcome.error.partial is not None
    assert outcome.error.partial.text == "Hello"
    assert "".join(getattr(event, "text", "") for event in outcome.events) == "Hello"
    told(outcome, server.requests, request_id="req-1")
