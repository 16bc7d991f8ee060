"""Sends an outcome over ASGI: at its pace on the simulator's clock, and with its fault."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from grokkit.clock import Clock
    from grokkit.testing.simulator.seen import Seen
    from grokkit.testing.simulator.visit import Frame, Outcome

    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_SOON = 0.0005


class Delivery:
    """The way of one outcome to its caller."""

    __slots__ = ("_clock", "_pace", "_seen", "_send")

    def __init__(self, send: Send, clock: Clock, seen: Seen, pace: float | None) -> None:
        self._send = send
        self._clock = clock
        self._seen = seen
        self._pace = pace

    async def deliver(self, outcome: Outcome, headers: Mapping[str, str]) -> None:
        """Send the head, then the body or the frames."""
        if outcome.frames is None:
            await self._whole(outcome, headers)
        else:
            await self._head(outcome.status, headers)
            await self._frames(outcome.frames)
        self._seen.finished = True

    async def _whole(self, outcome: Outcome, headers: Mapping[str, str]) -> None:
        if self._pace and outcome.bill:
            await self._clock.sleep(outcome.bill.output_tokens / self._pace)
        await self._head(outcome.status, {**headers, "content-length": str(len(outcome.body))})
        self._seen.sent += len(outcome.body)
        await self._send({"type": "http.response.body", "body": outcome.body})

    async def _head(self, status: int, headers: Mapping[str, str]) -> None:
        encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        self._seen.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def _frames(self, frames: Any) -> None:
        if isinstance(frames, AsyncIterable):
            async for frame in frames:
                await self._frame(frame.encode())
        elif self._pace:
            await self._paced(frames, self._pace)
        else:
            for frame in frames:
                await self._frame(frame.encode())
        await self._send({"type": "http.response.body", "body": b""})

    async def _paced(self, frames: Any, pace: float) -> None:
        clock = self._clock
        due = clock.now()
        frame: Frame
        for frame in frames:
            if frame.tokens:
                due += frame.tokens / pace
                early = due - clock.now()
                if early > _SOON:
                    await clock.sleep(early)
            await self._frame(frame.encode())

    async def _frame(self, data: bytes) -> None:
        self._seen.frames += 1
        self._seen.sent += len(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
