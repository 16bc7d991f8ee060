"""How long a server may take to answer, and waiting for it on a loop that is now and then held up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")

_TICKS = 4
_TURNS = 2
_PROMPT = 0.25
_SLOWER = 10.0
_REMEMBERED = 0.98


class Patience:
    """Seconds that an answer may take: `timeout` from a server of which nothing is known; a quarter of that, or ten
    times as long as it was seen to take lately, from one that answers.

    >>> patience = Patience(1.0)
    >>> patience.seconds
    1.0
    >>> patience.answered(0.002)
    >>> patience.seconds
    0.25
    >>> patience.answered(0.04)
    >>> patience.seconds
    0.4
    >>> patience.failed()
    >>> patience.seconds
    1.0
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._slowest: float | None = None

    @property
    def seconds(self) -> float:
        """How long to wait for the next answer."""
        if self._slowest is None:
            return self._timeout
        return min(self._timeout, max(_PROMPT * self._timeout, _SLOWER * self._slowest))

    def answered(self, took: float) -> None:
        """There was an answer after so many seconds, with what it took to connect."""
        self._slowest = took if self._slowest is None else max(took, _REMEMBERED * self._slowest)

    def failed(self) -> None:
        """There was none: what was known of the server says nothing any more."""
        self._slowest = None


async def in_time(asked: Awaitable[T], seconds: float) -> T:
    """What was asked for, or `TimeoutError` when it takes longer.

    Only time that the loop ran counts: one that was held up has not read what arrived meanwhile. And it reads what is
    there once more before anything is called late.
    """
    async with asyncio.timeout(None) as limit:
        watch = _Watch(limit, seconds / _TICKS)
        try:
            return await asked
        finally:
            watch.alarm.cancel()


class _Watch:
    """Ends a limit after some ticks and turns. A tick counts as one, however late it comes."""

    __slots__ = ("_left", "_limit", "_loop", "_tick", "alarm")

    def __init__(self, limit: asyncio.Timeout, tick: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit = limit
        self._tick = tick
        self._left = _TICKS + _TURNS
        self._next()

    def _next(self) -> None:
        self._left -= 1
        if self._left < 0:
            self._limit.reschedule(self._loop.time())
        else:
            self.alarm = self._loop.call_later(self._tick if self._left >= _TURNS else 0.0, self._next)
