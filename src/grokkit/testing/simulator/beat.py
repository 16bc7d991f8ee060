"""Waiting for thousands at once: who waits for the same two milliseconds shares one timer."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from grokkit.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from grokkit.clock import Clock

_PER_SECOND = 500
_beats: WeakKeyDictionary[asyncio.AbstractEventLoop, Beat] = WeakKeyDictionary()


class Beat:
    """The shared timers of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: dict[int, list[asyncio.Future[None]]] = {}

    def at(self, moment: float) -> asyncio.Future[None]:
        """Done at this moment of the monotonic clock, or up to two milliseconds later."""
        future = self._loop.create_future()
        slot = math.ceil(moment * _PER_SECOND)
        waiting = self._slots.get(slot)
        if waiting is None:
            self._slots[slot] = [future]
            self._loop.call_later(slot / _PER_SECOND - time.monotonic(), self._ring, slot)
        else:
            waiting.append(future)
        return future

    def _ring(self, slot: int) -> None:
        for future in self._slots.pop(slot):
            if not future.done():
                future.set_result(None)


def until(clock: Clock, moment: float) -> Awaitable[None]:
    """Wait for a moment of this clock; on the machine's own, together with whoever waits for the same."""
    if not isinstance(clock, SystemClock):
        return clock.sleep(moment - clock.now())
    loop = asyncio.get_running_loop()
    beat = _beats.get(loop)
    if beat is None:
        beat = _beats[loop] = Beat(loop)
    return beat.at(moment)
