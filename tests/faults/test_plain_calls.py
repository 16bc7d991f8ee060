"""Plain calls whose reply goes wrong after its head."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from grokkit.errors import (
    ConnectionLost,
    DeadlineExceeded,
    GrokError,
    ReplyTooLarge,
    ReplyUnreadable,
    WireTimedOut,
)

SHORT = 0.2
LENGTH = b"content-length: 4000000000\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
STORY = b'{"id": "c-1", "choices": ['


def _head(*more: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req-1\r\n" + b"".join(more) + b"\r\n"


async def _silent(wire: Any) -> None:
    await wire.client_gone()


async def _dropped(wire: Any) -> None:
    pass


async def _reset(wire: Any) -> None:
    await asyncio.sleep(0.1)  # or the reset would overtake what was said before it
    wire.reset()


async def _ended(wire: Any) -> None:
    await wire.chunks()


async def _dripping(wire: Any) -> None:
    while True:
        await wire.chunks(b" ", end=False)
        await asyncio.sleep(0.02)


async def _flooding(wire: Any) -> None:
    for _ in range(2048):
        await wire.chunks(b" " * 1024 * 1024, end=False)


FAULTS: dict[str, tuple[bytes, Any, type[GrokError], dict[str, Any]]] = {
    "falls silent": (CHUNKED, _silent, WireTimedOut, {"limits": {"wire": SHORT}}),
    "falls silent until the deadline": (CHUNKED, _silent, DeadlineExceeded, {"limits": {"total": SHORT}}),
    "is dropped": (CHUNKED, _dropped, ConnectionLost, {}),
    "is reset": (CHUNKED, _reset, ConnectionLost, {}),
    "drips": (CHUNKED, _dripping, DeadlineExceeded, {"limits": {"total": SHORT, "wire": 0.15}}),
    "sends two gigabytes": (CHUNKED, _flooding, ReplyTooLarge, {"max_body_size": 1024 * 1024}),
    "announces four gigabytes": (LENGTH, _silent, ReplyTooLarge, {}),
    "is cut off in the JSON": (CHUNKED, _ended, ReplyUnreadable, {}),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_reply_that_fails_after_its_head(trial: Any, told: Any, name: str) -> None:
    framing, act, kind, options = FAULTS[name]

    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(_head(framing))
        await wire.chunks(STORY, end=False)
        await act(wire)

    server = trial.serve(script)

    outcome = await trial.asked(server, **options)

    assert type(outcome.error) is kind
    assert outcome.seconds < 2
    told(outcome, server, request_id=None if kind is DeadlineExceeded else "req-1")
