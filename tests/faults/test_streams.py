"""Streams that go wrong, in every way: the right error, in time, with what had arrived."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from grokkit.errors import (
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    EdgeFailed,
    EventTooLarge,
    FirstEventTimedOut,
    GrokError,
    RateLimited,
    ReplyUnreadable,
    ServerFailed,
    StreamCorrupted,
    StreamInterrupted,
    StreamStalled,
    WireTimedOut,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req-1\r\ntransfer-encoding: chunked\r\n\r\n"
)
SHORT = 0.2


def frame(value: Any, event: str | None = None) -> bytes:
    """One event of a stream."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(value)}\n\n".encode()


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


class Fault(NamedTuple):
    """What the server does once it has, or has not, begun to answer; and what that is called."""

    act: Callable[[Any], Awaitable[None]]
    kind: type[GrokError] | tuple[type[GrokError], ...]
    limits: dict[str, float | None] = {}  # noqa: RUF012 - a constant
    options: dict[str, Any] = {}  # noqa: RUF012


async def _close(wire: Any) -> None:
    await wire.chunks()


async def _drop(wire: Any) -> None:
    pass


async def _reset(wire: Any) -> None:
    await asyncio.sleep(0.1)  # or the reset would overtake what was said before it
    wire.reset()


async def _stall(wire: Any) -> None:
    await wire.client_gone()


def _repeating(said: bytes, pause: float = 0.03) -> Callable[[Any], Awaitable[None]]:
    async def act(wire: Any) -> None:
        while True:
            await wire.chunks(said, end=False)
            await asyncio.sleep(pause)

    return act


async def _drip(wire: Any) -> None:
    for number in BEGINNING["chat"] * 5:
        await wire.chunks(bytes([number]), end=False)
        await asyncio.sleep(0.02)


async def _drip_comments(wire: Any) -> None:
    while True:
        for number in b": still here\n":
            await wire.chunks(bytes([number]), end=False)
            await asyncio.sleep(0.02)


def _saying(*frames: bytes) -> Callable[[Any], Awaitable[None]]:
    async def act(wire: Any) -> None:
        await wire.chunks(*frames, end=False)
        await wire.client_gone()

    return act


async def _flood(wire: Any) -> None:
    await wire.chunks(b'data: {"', end=False)
    for _ in range(2048):
        await wire.chunks(b"x" * 1024 * 1024, end=False)


async def _garbage(wire: Any) -> None:
    await asyncio.sleep(0.15)  # or it would come with the head, and spoil that
    await wire.say(b"this is no chunk\r\n")
    await wire.client_gone()


ERROR = frame({"code": "The service is currently unavailable", "error": "Timed out"})
FAULTS = {
    "ends without a terminal event": Fault(_close, ConnectionLost),
    "ends in the middle of an event": Fault(lambda wire: wire.chunks(b'data: {"choi'), ConnectionLost),
    "is dropped": Fault(_drop, ConnectionLost),
    "is reset": Fault(_reset, ConnectionLost),
    "falls silent": Fault(_stall, WireTimedOut, {"wire": SHORT}),
    "falls silent until the deadline": Fault(_stall, DeadlineExceeded, {"total": SHORT}),
    "sends comments only": Fault(_repeating(b": keep-alive\n\n"), StreamStalled, {"idle": SHORT}),
    "sends pings only": Fault(_repeating(frame({"type": "ping"}, "ping")), StreamStalled, {"idle": SHORT}),
    "drips comments": Fault(_drip_comments, StreamStalled, {"idle": SHORT, "wire": 0.15}),
    "drips until the deadline": Fault(_drip_comments, DeadlineExceeded, {"total": SHORT}),
    "sends an error": Fault(_saying(ERROR), ServerFailed),
    "sends an event that is too large": Fault(_flood, EventTooLarge, options={"max_event_size": 64 * 1024}),
    "sends broken JSON": Fault(_saying(b'data: {"choices": [\n\n'), StreamCorrupted),
    "sends no JSON object": Fault(_saying(b"data: 42\n\n"), StreamCorrupted),
    "sends bytes that are no UTF-8": Fault(_saying(b"data: \xff\xfe\x00\n\n"), StreamCorrupted),
    "sends what is no HTTP": Fault(_garbage, ReplyUnreadable),
}
FIRST = {StreamStalled: FirstEventTimedOut}  # what has not begun cannot stall
BEFORE = {"idle": "first_event"}


def _script(act: Any, *said: bytes) -> Any:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(HEAD)
        await wire.chunks(*said, end=False)
        await act(wire)

    return script


@pytest.mark.parametrize("dialect", ["chat", "responses"])
@pytest.mark.parametrize("name", FAULTS)
async def test_a_stream_that_fails_before_its_first_output_raises_the_failure_itself(
    trial: Any, told: Any, name: str, dialect: str
) -> None:
    fault = FAULTS[name]
    server = trial.serve(_script(fault.act))
    limits = {BEFORE.get(limit, limit): seconds for limit, seconds in fault.limits.items()}

    outcome = await trial.streamed(server, dialect, limits=limits, **fault.options)

    assert type(outcome.error) is FIRST.get(fault.kind, fault.kind)
    assert outcome.events == []
    assert outcome.seconds < 2
    told(outcome, server, request_id="req-1")


@pytest.mark.parametrize("dialect", ["chat", "responses"])
@pytest.mark.parametrize("name", FAULTS)
async def test_a_stream_that_fails_later_is_interrupted_and_keeps_what_had_arrived(
    trial: Any, told: Any, name: str, dialect: str
) -> None:
    fault = FAULTS[name]
    server = trial.serve(_script(fault.act, BEGINNING[dialect]))

    outcome = await trial.streamed(server, dialect, limits=fault.limits, **fault.options)

    assert type(outcome.error) is StreamInterrupted
    assert type(outcome.error.__cause__) is fault.kind
    assert outcome.error.partial is not None
    assert outcome.error.partial.text == "Hello"
    assert "".join(getattr(event, "text", "") for event in outcome.events) == "Hello"
    assert outcome.seconds < 2
    told(outcome, server, request_id="req-1")


async def _says_nothing(wire: Any) -> None:
    await wire.request()
    await wire.client_gone()


async def _resets_at_once(wire: Any) -> None:
    wire.reset()


async def _resets_at_the_request(wire: Any) -> None:
    await wire.request()
    wire.reset()


async def _hangs_in_the_head(wire: Any) -> None:
    await wire.request()
    await wire.say(b"HTTP/1.1 200 OK\r\ncontent-ty")
    await wire.client_gone()


def _whole(body: bytes, status: str = "200 OK", kind: str = "application/json") -> Any:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply(body, status=status, headers=[f"content-type: {kind}", "x-request-id: req-1"])

    return script


PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"
BEGINNINGS = {
    "says nothing": Fault(_says_nothing, FirstEventTimedOut, {"first_event": SHORT}),
    "says nothing until the deadline": Fault(_says_nothing, DeadlineExceeded, {"total": SHORT}),
    "hangs in the head": Fault(_hangs_in_the_head, FirstEventTimedOut, {"first_event": SHORT}),
    "resets at once": Fault(_resets_at_once, (ConnectionFailed, ConnectionLost)),
    "resets at the request": Fault(_resets_at_the_request, ConnectionLost),
    "sends a page with 200": Fault(_whole(PAGE, kind="text/html"), ReplyUnreadable),
    "sends a page with 502": Fault(_whole(PAGE, "502 Bad Gateway", "text/html"), EdgeFailed),
    "sends a JSON error with 200": Fault(
        _whole(b'{"code":"Some resource has been exhausted","error":"Too many requests: rate limit"}'), RateLimited
    ),
    "sends a JSON error with 503": Fault(
        _whole(b'{"code":"The service is currently unavailable","error":"down"}', "503 Service Unavailable"),
        ServerFailed,
    ),
    "redirects": Fault(_whole(b"", "308 Permanent Redirect"), ReplyUnreadable),
}


@pytest.mark.parametrize("name", BEGINNINGS)
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
async def test_a_server_that_fails_before_it_answers(trial: Any, told: Any, name: str, streamed: bool) -> None:
    fault = BEGINNINGS[name]
    server = trial.serve(fault.act)

    if streamed:
        outcome = await trial.streamed(server, "chat", limits=fault.limits)
    else:
        outcome = await trial.asked(server, limits=fault.limits)

    kinds = fault.kind if isinstance(fault.kind, tuple) else (fault.kind,)
    assert type(outcome.error) in kinds
    assert outcome.seconds < 2
    answered = name.startswith("sends") or name == "redirects"
    told(outcome, server, request_id="req-1" if answered else None)
