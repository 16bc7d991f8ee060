"""Time as a value: what the layers wait on, so that tests can turn it."""

from __future__ import annotations

import asyncio
import math
import time
from contextvars import Context
from typing import TYPE_CHECKING, Protocol, Self
from weakref import WeakKeyDictionary, ref

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Alarm(Protocol):
    """Something that is going to happen at a moment."""

    def cancel(self) -> None:
        """Let it not happen."""
        ...


class Clock(Protocol):
    """What grokkit asks of time: to tell it, to wait, and to call back at a moment."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...

    def call_at(self, when: float, callback: Callable[[], object]) -> Alarm:
        """Call back on the running loop at that moment of `now()`."""
        ...


class SystemClock:
    """The machine's monotonic clock."""

    now = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._last: tuple[Callable[[], object], _FarOff] = _no_loop, _FarOff()

    async def sleep(self, seconds: float) -> None:
        """Wait that long on the running loop."""
        await asyncio.sleep(seconds)

    def call_at(self, when: float, callback: Callable[[], object]) -> Alarm:
        """See `Clock.call_at`."""
        loop = asyncio.get_running_loop()
        delay = when - time.monotonic()
        if delay < _FAR:
            return loop.call_later(delay, callback)
        last, far_off = self._last
        if last() is not loop:
            far_off = _far_off_on(loop)
            self._last = ref(loop), far_off
        if not far_off.ticking:
            far_off.tick_on(loop)
        alarms = far_off.alarms
        alarm = _FarAlarm(alarms, when, callback)
        alarms.add(alarm)
        return alarm


_TICK = 1.0
_FAR = 3 * _TICK


class _FarOff:
    """The alarms of one loop that are not due for a while. Nearly all are cancelled before: until then they cost no
    timers, but a place in a set that is looked through once a second while anything is in it.
    """

    __slots__ = ("alarms", "ticking")

    def __init__(self) -> None:
        self.alarms: set[_FarAlarm] = set()
        self.ticking = False

    def tick_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self.ticking = True
        loop.call_later(_TICK, self._tick, loop, context=Context())

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = time.monotonic()
        for alarm in [alarm for alarm in self.alarms if alarm.when < now + _FAR]:
            self.alarms.discard(alarm)
            alarm.timer = loop.call_later(alarm.when - now, alarm.callback)
        self.ticking = bool(self.alarms)
        if self.ticking:
            loop.call_later(_TICK, self._tick, loop)


class _FarAlarm(msgspec.Struct, eq=False, weakref=False):
    among: set[_FarAlarm]
    when: float
    callback: Callable[[], object]
    timer: asyncio.TimerHandle | None = None

    def cancel(self) -> None:
        self.among.discard(self)
        self.callback = _nothing  # whoever holds an alarm is as a rule held by its callback
        if self.timer is not None:
            self.timer.cancel()


def _no_loop() -> None:
    """The loop of a clock that has not called back yet."""


def _nothing() -> None:
    """What a cancelled alarm does."""


_far_off: WeakKeyDictionary[asyncio.AbstractEventLoop, _FarOff] = WeakKeyDictionary()


def _far_off_on(loop: asyncio.AbstractEventLoop) -> _FarOff:
    """Those of this loop. Those of a closed one are let go of: its tasks may have been left in the middle of a wait."""
    if loop not in _far_off:
        for other, far_off in list(_far_off.items()):
            if other.is_closed():
                far_off.alarms.clear()
    return _far_off.setdefault(loop, _FarOff())


class Within:
    """A block that ends by a moment, or raises the given error. The moment may be moved while it runs.

    What `asyncio.timeout` does, on a `Clock`; to move the moment later costs nothing, so that it can be done for
    every byte that arrives.
    """

    __slots__ = ("_alarm", "_cancelling", "_clock", "_due", "_error", "_expired", "_soonest", "_task", "_when")

    def __init__(
        self, clock: Clock, when: float | None, error: Callable[[], Exception], *, soonest: float = math.inf
    ) -> None:
        """`soonest` is a moment before which the end will not be moved: moving it to a later one costs nothing."""
        self._clock = clock
        self._when = when
        self._soonest = soonest
        self._due = math.inf
        self._error = error
        self._expired = False
        self._alarm: Alarm | None = None

    def move(self, when: float | None, error: Callable[[], Exception]) -> None:
        """Let the block end by another moment (`None` for never), with another error."""
        self._when = when
        self._error = error
        if self._alarm is None:
            self._set_alarm()
        elif when is not None and when < self._due:
            self._alarm.cancel()
            self._set_alarm()

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a time limit needs a task: run the call with asyncio.run or as a task")
        self._task = task
        self._cancelling = task.cancelling()
        if self._when is not None:
            self._due = min(self._when, self._soonest)
            self._alarm = self._clock.call_at(self._due, self._ring)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._error() from None

    def _set_alarm(self) -> None:
        if self._when is None:
            self._alarm = None
        else:
            self._due = min(self._when, self._soonest)
            self._alarm = self._clock.call_at(self._due, self._ring)

    def _ring(self) -> None:
        if self._when is not None and self._clock.now() >= self._when:
            self._expired = True
            self._task.cancel()
        else:
            self._soonest = math.inf
            self._set_alarm()
