"""A clock that stands still until a test turns it: an hour of waiting takes no time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

_TURNS = 20


class TurnableClock:
    """A `Clock` whose `advance` lets sleeps end and limits pass, in their order."""

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        self._alarms: dict[asyncio.Future[None], float] = {}
        self._limits: dict[_Limit, float] = {}

    def now(self) -> float:
        """Seconds since an arbitrary moment."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been turned that far."""
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._alarms[alarm] = self._now + seconds
        try:
            await alarm
        finally:
            del self._alarms[alarm]

    def timeout_at(self, when: float | None) -> _Limit:
        """End the block once the clock has been turned to that moment."""
        return _Limit(self, when)

    async def advance(self, seconds: float) -> None:
        """Turn the clock on, stopping at each moment that somebody waits for."""
        await self.settle()
        end = self._now + seconds
        while (moment := min([*self._alarms.values(), *self._limits.values()], default=end)) < end:
            await self._turn_to(moment)
        await self._turn_to(end)

    async def settle(self) -> None:
        """Let everything run that can run without the clock."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    def watch(self, limit: _Limit, when: float) -> None:
        """End this limit's block at that moment."""
        self._limits[limit] = when

    def unwatch(self, limit: _Limit) -> None:
        """Its block is over."""
        self._limits.pop(limit, None)

    @property
    def waiting(self) -> int:
        """How many sleeps and limits are pending."""
        return len(self._alarms) + len(self._limits)

    async def _turn_to(self, moment: float) -> None:
        self._now = max(self._now, moment)
        for alarm, due in list(self._alarms.items()):
            if due <= self._now and not alarm.done():
                alarm.set_result(None)
        for limit, due in list(self._limits.items()):
            if due <= self._now:
                self.unwatch(limit)
                limit.end()
        await self.settle()


class _Limit:
    """A `TimeLimit` on a turnable clock: `asyncio.timeout`, set off by the clock instead of the loop."""

    def __init__(self, clock: TurnableClock, when: float | None) -> None:
        self._clock = clock
        self._when = when
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        if self._when is None:
            return
        if self._when <= self._clock.now():
            self.end()
        else:
            self._clock.watch(self, self._when)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._clock.unwatch(self)
        return await self._timeout.__aexit__(kind, error, trace)

    def expired(self) -> bool:
        """See `TimeLimit.expired`."""
        return self._timeout.expired()

    def end(self) -> None:
        """End the block now."""
        self._timeout.reschedule(asyncio.get_running_loop().time())
