"""Plain calls whose reply goes wrong after its head."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from grokkit.errors import (
    ConnectionLost,
    DeadlineExceeded,
    GrokError,
    ReplyTooLarge,
    ReplyUnreadable,
    WireTimedOut,
)
from grokkit.testing import Fault

SHORT = 20.0
LENGTH = b"content-length: 4000000000\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
ANSWER = {"id": "c-1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}}]}
STORY = b'{"id": "c-1", "choices": ['


class Failure(NamedTuple):
    """What the simulator answers, and what that is called."""

    reply: dict[str, Any]
    kind: type[GrokError]
    limits: dict[str, float] = {}  # noqa: RUF012 - a constant


SILENT = {"json": ANSWER, "fault": Fault(stall_mid_event=0)}
FAILURES = {
    "falls silent": Failure(SILENT, WireTimedOut, {"wire": SHORT}),
    "falls silent after its head": Failure(
        {"json": ANSWER, "fault": Fault(stall_after_headers=True)}, WireTimedOut, {"wire": SHORT}
    ),
    "falls silent until the deadline": Failure(SILENT, DeadlineExceeded, {"total": SHORT}),
    "is dropped": Failure({"json": ANSWER, "fault": Fault(cut_at_byte=20)}, ConnectionLost),
    "is cut off in the JSON": Failure({"body": STORY}, ReplyUnreadable),
    "is broken JSON": Failure({"json": ANSWER, "fault": Fault(corrupt=0)}, ReplyUnreadable),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_a_reply_that_fails_after_its_head(trial: Any, told: Any, name: str) -> None:
    failure = FAILURES[name]
    sim = await trial.simulator()
    sim.on().reply(**failure.reply)

    outcome = await trial.asked(sim.base_url, within=SHORT if failure.limits else None, limits=failure.limits)

    assert type(outcome.error) is failure.kind
    told(outcome, sim.calls, request_id=sim.calls[-1].id)


async def _silent(trial: Any, _wire: Any) -> None:
    await trial.clock.sleep(10 * SHORT)


async def _dropped(_trial: Any, _wire: Any) -> None:
    pass


async def _reset(trial: Any, wire: Any) -> None:
    await trial.heard()  # or the reset would overtake what was said before it
    wire.reset()


async def _dripping(trial: Any, wire: Any) -> None:
    while True:
        await wire.chunks(b" ", end=False)
        await trial.clock.sleep(3)


async def _flooding(_trial: Any, wire: Any) -> None:
    for _ in range(2048):
        await wire.chunks(b" " * 1024 * 1024, end=False)


async def _staying(_trial: Any, wire: Any) -> None:
    await wire.client_gone()


RAW: dict[str, tuple[bytes, Any, type[GrokError], dict[str, Any]]] = {
    "falls silent in chunks": (CHUNKED, _silent, WireTimedOut, {"limits": {"wire": SHORT}}),
    "is dropped in chunks": (CHUNKED, _dropped, ConnectionLost, {}),
    "is reset": (CHUNKED, _reset, ConnectionLost, {}),
    "drips": (CHUNKED, _dripping, DeadlineExceeded, {"limits": {"total": SHORT, "wire": 5.0}}),
    "sends two gigabytes": (CHUNKED, _flooding, ReplyTooLarge, {"max_body_size": 1024 * 1024}),
    "announces four gigabytes": (LENGTH, _staying, ReplyTooLarge, {}),
}


@pytest.mark.parametrize("name", RAW)
async def test_a_reply_that_fails_as_the_simulator_cannot(trial: Any, told: Any, name: str) -> None:
    framing, act, kind, options = RAW[name]

    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req-1\r\n", framing, b"\r\n"
        )
        await wire.chunks(STORY, end=False)
        await act(trial, wire)

    server = trial.serve(script)

    outcome = await trial.asked(server.url + "/v1", within=SHORT if "limits" in options else None, **options)

    assert type(outcome.error) is kind
    told(outcome, server.requests, request_id="req-1")
