from __future__ import annotations

import asyncio

import pytest

from grokkit.call import Call
from grokkit.errors import ConnectionLost
from grokkit.telemetry.events import CallFailed, CallFinished, Event, OutputStarted
from grokkit.telemetry.span import Span
from grokkit.testing import TurnableClock

CALL = Call(
    method="POST",
    base_url="https://api.x.ai/v1",
    path="/responses",
    operation="responses",
    id="c-1",
    model="grok-4.7",
)


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def span(told: list[Event], clock: TurnableClock) -> Span:
    return Span(CALL, [told.append], clock)


def test_it_ends_once_whoever_ends_it(span: Span, told: list[Event]) -> None:
    span.finished(None)
    span.failed(ConnectionLost("gone"))
    span.finished(None, complete=False)

    assert [type(event) for event in told[1:]] == [CallFinished]


def test_a_failure_after_the_end_still_teaches_the_error_its_call(span: Span) -> None:
    span.finished(None)
    error = ConnectionLost("gone")

    span.failed(error)

    assert (error.call, error.client_request_id) == (CALL.ref, "c-1")


def test_an_error_learns_the_request_id_and_keeps_its_own(span: Span) -> None:
    span.replied(200, "r-1")
    one, other = ConnectionLost("gone"), ConnectionLost("gone", request_id="r-0")

    span.failed(one)
    span.failed(other)

    assert (one.request_id, other.request_id) == ("r-1", "r-0")


async def test_only_the_first_output_counts(span: Span, told: list[Event], clock: TurnableClock) -> None:
    await clock.advance(2)
    span.output_started()
    await clock.advance(2)
    span.output_started()

    outputs = [event for event in told if isinstance(event, OutputStarted)]
    assert [event.elapsed for event in outputs] == [2]
    assert (span.time_to_output, span.elapsed) == (2, 4)


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(1)])
def test_what_is_no_failure_of_the_call_is_told_as_a_cancellation(
    span: Span, told: list[Event], error: BaseException
) -> None:
    span.failed(error)

    assert isinstance(told[1], CallFailed)
    assert told[1].error is None
