"""Servers that fail before they answer: streams and plain calls give the same errors."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from grokkit.errors import (
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    EdgeFailed,
    FirstEventTimedOut,
    GrokError,
    RateLimited,
    ReplyUnreadable,
    ServerFailed,
)
from grokkit.testing import Fault

SHORT = 20.0
PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"
KNOWN = {"x-request-id": "req-1"}
HTML = KNOWN | {"content-type": "text/html"}
LIMITED = {"code": "Some resource has been exhausted", "error": "Too many requests: rate limit"}


class Failure(NamedTuple):
    """What the simulator does instead of an answer, and what that is called."""

    reply: dict[str, Any]
    kind: type[GrokError]
    limits: dict[str, float] = {}  # noqa: RUF012 - a constant
    answered: bool = True


SILENCE = {"fault": Fault(stall_before_headers=True)}
FAILURES = {
    "says nothing": Failure(SILENCE, FirstEventTimedOut, {"first_event": SHORT}, answered=False),
    "says nothing until the deadline": Failure(SILENCE, DeadlineExceeded, {"total": SHORT}, answered=False),
    "hangs up": Failure({"fault": Fault(hang_up=True)}, ConnectionLost, answered=False),
    "sends a page with 200": Failure({"body": PAGE, "headers": HTML}, ReplyUnreadable),
    "sends a page with 502": Failure({"body": PAGE, "headers": HTML, "status": 502}, EdgeFailed),
    "is out of reach of its edge": Failure({"error": "edge", "headers": KNOWN}, EdgeFailed),
    "sends a JSON error with 200": Failure({"json": LIMITED, "headers": KNOWN}, RateLimited),
    "sends a JSON error with 503": Failure({"error": "unavailable", "headers": KNOWN}, ServerFailed),
    "redirects": Failure({"body": b"", "status": 308, "headers": KNOWN | {"location": "/v2"}}, ReplyUnreadable),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
async def test_a_server_that_fails_before_it_answers(trial: Any, told: Any, name: str, streamed: bool) -> None:
    failure = FAILURES[name]
    sim = await trial.simulator()
    sim.on().reply(**failure.reply)
    options = {"limits": failure.limits, "within": SHORT if failure.limits else None}

    if streamed:
        outcome = await trial.streamed(sim.base_url, "chat", **options)
    else:
        outcome = await trial.asked(sim.base_url, **options)

    assert type(outcome.error) is failure.kind
    told(outcome, sim.calls, request_id="req-1" if failure.answered else None)


async def _hangs_in_the_head(trial: Any, wire: Any) -> None:
    await wire.request()
    await wire.say(b"HTTP/1.1 200 OK\r\ncontent-ty")
    await trial.clock.sleep(10 * SHORT)


async def _resets_at_once(_trial: Any, wire: Any) -> None:
    wire.reset()


async def _resets_at_the_request(_trial: Any, wire: Any) -> None:
    await wire.request()
    wire.reset()


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
@pytest.mark.parametrize(
    ("act", "kinds"),
    [
        (_hangs_in_the_head, {FirstEventTimedOut}),
        (_resets_at_once, {ConnectionFailed, ConnectionLost}),  # as far as the system had come with it
        (_resets_at_the_request, {ConnectionLost}),
    ],
)
async def test_a_connection_that_fails_before_an_answer(
    trial: Any, told: Any, act: Any, kinds: set[type[GrokError]], streamed: bool
) -> None:
    server = trial.serve(lambda wire: act(trial, wire))
    options = {"limits": {"first_event": SHORT}, "within": SHORT} if act is _hangs_in_the_head else {}

    if streamed:
        outcome = await trial.streamed(server.url + "/v1", "chat", **options)
    else:
        outcome = await trial.asked(server.url + "/v1", **options)

    assert type(outcome.error) in kinds
    told(outcome, server.requests)
