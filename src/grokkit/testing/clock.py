"""A clock that stands still until a test turns it: an hour of waiting takes no time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TURNS = 20


class TurnableClock:
    """A `Clock` whose `advance` lets sleeps end and limits pass, in their order."""

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        self._alarms: set[_Alarm] = set()

    def now(self) -> float:
        """Seconds since an arbitrary moment."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been turned that far."""
        over = asyncio.Event()
        alarm = self.call_at(self._now + seconds, over.set)
        try:
            await over.wait()
        finally:
            alarm.cancel()

    def call_at(self, when: float, callback: Callable[[], object]) -> _Alarm:
        """Call back once the clock has been turned to that moment."""
        alarm = _Alarm(self._alarms, when, callback)
        self._alarms.add(alarm)
        return alarm

    async def advance(self, seconds: float) -> None:
        """Turn the clock on, stopping at each moment that somebody waits for."""
        await self.settle()
        end = self._now + seconds
        while (moment := min((alarm.when for alarm in self._alarms), default=end)) < end:
            await self._turn_to(moment)
        await self._turn_to(end)

    async def settle(self) -> None:
        """Let everything run that can run without the clock."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    @property
    def waiting(self) -> int:
        """How many sleeps and limits are pending."""
        return len(self._alarms)

    async def _turn_to(self, moment: float) -> None:
        self._now = max(self._now, moment)
        for alarm in sorted(self._alarms, key=lambda alarm: alarm.when):
            if alarm.when <= self._now:
                alarm.cancel()
                alarm.callback()
        await self.settle()


class _Alarm:
    def __init__(self, pending: set[_Alarm], when: float, callback: Callable[[], object]) -> None:
        self._pending = pending
        self.when = when
        self.callback = callback

    def cancel(self) -> None:
        """Let it not happen."""
        self._pending.discard(self)
