"""Streams that go wrong, in every way: the right error, in time, with what had arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from grokkit.errors import (
    ConnectionLost,
    DeadlineExceeded,
    FirstEventTimedOut,
    GrokError,
    ServerFailed,
    StreamCorrupted,
    StreamInterrupted,
    StreamStalled,
    WireTimedOut,
)
from grokkit.testing import Fault
from grokkit.testing.simulator.visit import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

SHORT = 20.0
PIECES = ["Hello", " world."]
DIALECTS = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
    "responses": ("/v1/responses", {"input": "Hi"}),
}
EVENTS_TO_HELLO = {"chat": 1, "responses": 5}
FIRST = {StreamStalled: FirstEventTimedOut}  # what has not begun cannot stall
BEFORE = {"idle": "first_event"}


class Failure(NamedTuple):
    """What the simulator answers after so many good events, and what that is called."""

    reply: Callable[[list[bytes]], dict[str, Any]]
    kind: type[GrokError]
    limits: dict[str, float] = {}  # noqa: RUF012 - a constant


def _faulty(make: Callable[[int], Fault]) -> Callable[[list[bytes]], dict[str, Any]]:
    """A fault at the event of a number."""
    return lambda said: {"pieces": PIECES, "fault": make(len(said))}


def _cut(further: int) -> Callable[[list[bytes]], dict[str, Any]]:
    return lambda said: _going_on(said, b'{"choices": []}', Fault(cut_at_byte=len(b"".join(said)) + further))


def _ending_with(rest: bytes) -> Callable[[list[bytes]], dict[str, Any]]:
    """A whole body, which ends in good order."""
    return lambda said: {"body": b"".join(said) + rest, "headers": {"content-type": "text/event-stream"}}


def _going_on_with(data: bytes) -> Callable[[list[bytes]], dict[str, Any]]:
    """One more event, and then silence."""
    return lambda said: _going_on(said, data, Fault(stall_at_event=len(said) + 1))


def _going_on(said: list[bytes], data: bytes, fault: Fault) -> dict[str, Any]:
    frames = [Frame(event.removeprefix(b"data: ").rstrip(b"\n")) for event in said]
    stream = [*frames, Frame(data), Frame(b"[DONE]")]
    return {"function": lambda visit: visit.stream(stream), "fault": fault}


def _silent_but_for(kind: Any) -> Callable[[list[bytes]], dict[str, Any]]:
    return _faulty(lambda at: Fault(stall_at_event=at, keep_alive=kind, keep_alive_every=3))


SILENT, SILENT_IN_IT = _faulty(lambda at: Fault(stall_at_event=at)), _faulty(lambda at: Fault(stall_mid_event=at))
FAILURES = {
    "ends without a terminal event": Failure(_faulty(lambda at: Fault(end_after=at)), ConnectionLost),
    "ends in the middle of an event": Failure(_ending_with(b'data: {"choi'), ConnectionLost),
    "is dropped": Failure(_cut(0), ConnectionLost),
    "is dropped in the middle of an event": Failure(_cut(12), ConnectionLost),
    "falls silent": Failure(SILENT, WireTimedOut, {"wire": SHORT}),
    "falls silent in the middle of an event": Failure(SILENT_IN_IT, WireTimedOut, {"wire": SHORT}),
    "falls silent until the deadline": Failure(SILENT, DeadlineExceeded, {"total": SHORT}),
    "sends comments only": Failure(_silent_but_for("comment"), StreamStalled, {"idle": SHORT, "wire": 5.0}),
    "sends pings only": Failure(_silent_but_for("ping"), StreamStalled, {"idle": SHORT, "wire": 5.0}),
    "sends comments until the deadline": Failure(
        _silent_but_for("comment"), DeadlineExceeded, {"total": SHORT, "wire": 5.0}
    ),
    "sends an error": Failure(_faulty(lambda at: Fault(error_at_event=at)), ServerFailed),
    "sends broken JSON": Failure(_faulty(lambda at: Fault(corrupt=at, stall_at_event=at + 1)), StreamCorrupted),
    "sends no JSON object": Failure(_going_on_with(b"42"), StreamCorrupted),
    "sends bytes that are no UTF-8": Failure(_going_on_with(b"\xff\xfe\x00"), StreamCorrupted),
}


async def _said(sim: Any, dialect: str, count: int) -> list[bytes]:
    """The first events of the simulator's own stream, as they go over the wire."""
    path, body = DIALECTS[dialect]
    sim.on().reply(pieces=PIECES)
    whole = await sim.fetch("POST", path, json={"model": "grok-4.3", "stream": True, **body})
    return [event + b"\n\n" for event in whole.body.split(b"\n\n")][:count]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", FAILURES)
async def test_a_stream_that_fails_before_its_first_output_raises_the_failure_itself(
    trial: Any, told: Any, name: str, dialect: str
) -> None:
    failure = FAILURES[name]
    sim = await trial.simulator()
    sim.on().reply(**failure.reply([]))
    limits = {BEFORE.get(limit, limit): seconds for limit, seconds in failure.limits.items()}

    outcome = await trial.streamed(sim.base_url, dialect, within=SHORT if limits else None, limits=limits)

    assert type(outcome.error) is FIRST.get(failure.kind, failure.kind)
    assert outcome.events == []
    told(outcome, sim.calls, request_id=sim.calls[-1].id)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", FAILURES)
async def test_a_stream_that_fails_later_is_interrupted_and_keeps_what_had_arrived(
    trial: Any, told: Any, name: str, dialect: str
) -> None:
    failure = FAILURES[name]
    sim = await trial.simulator()
    said = await _said(sim, dialect, EVENTS_TO_HELLO[dialect])
    sim.on().reply(**failure.reply(said))
    limits = failure.limits

    outcome = await trial.streamed(sim.base_url, dialect, within=SHORT if limits else None, limits=limits)

    assert type(outcome.error) is StreamInterrupted
    assert type(outcome.error.__cause__) is failure.kind
    assert outcome.error.partial is not None
    assert outcome.error.partial.text == "Hello"
    assert "".join(getattr(event, "text", "") for event in outcome.events) == "Hello"
    told(outcome, sim.calls[-1:], request_id=sim.calls[-1].id)
