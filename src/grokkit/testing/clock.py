"""A clock that stands still until a test turns it: an hour of waiting takes no time."""

from __future__ import annotations

import asyncio
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

from grokkit.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Callable

_TURNS = 50
"""How often a loop goes around at least, so that what comes over sockets and from threads is noticed."""
_MOST_TURNS = 1000
"""How often it does while there is something on it to run."""
_ROUNDS = 4
"""How often loops of other threads and this one take turns, so that what goes back and forth between them arrives."""
_PAUSE = 0.001
_PATIENCE = 1.0
_LOOK = 0.02


class TurnableClock:
    """A `Clock` whose `advance` lets sleeps end and limits pass, in their order.

    Whoever waits may do so on several event loops, in several threads: a client here, a simulator there. Use
    `await clock.advance(seconds)` in asynchronous tests, `clock.turn(seconds)` in blocking ones, and
    `clock.rushing()` where time shall pass by itself as soon as everybody waits.

    >>> import asyncio
    >>> clock = TurnableClock()
    >>> async def wait_an_hour() -> float:
    ...     async with clock.rushing():
    ...         await clock.sleep(3600)
    ...     return clock.now()
    >>> asyncio.run(wait_an_hour())
    4600.0
    """

    def __init__(self, start: float = 1000.0) -> None:
        self._now = start
        self._alarms: set[_Alarm] = set()
        self._changes = 0
        self._loops: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()

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
        """Call back, on the loop that asks for it, once the clock has been turned to that moment."""
        loop = _running_loop()
        if loop is not None:
            self._loops.add(loop)
        alarm = _Alarm(self._alarms, when, callback, loop)
        self._alarms.add(alarm)
        self._changes += 1
        return alarm

    async def advance(self, seconds: float) -> None:
        """Turn the clock on, stopping at each moment that somebody waits for."""
        await self.settle()
        end = self._now + seconds
        while (moment := self._next_moment(end)) < end:
            await self._turn_to(moment)
        await self._turn_to(end)

    def turn(self, seconds: float) -> None:
        """Do the same from a thread without a running loop. Raises `Misused` where there is one."""
        if _running_loop() is not None:
            raise Misused(
                "clock.turn() was called on a running event loop, which has to go on meanwhile",
                hint="write `await clock.advance(seconds)`",
            )
        asyncio.run(self.advance(seconds))

    def rushing(self) -> Rush:
        """Let time pass by itself while a block runs: `async with clock.rushing():`, or `with` in blocking tests.

        Whenever all that can run has run, the clock goes on to the next moment that somebody waits for. What waits
        for anything that is not on this clock, such as another process, makes its time limits pass.
        """
        return Rush(self)

    async def settle(self) -> None:
        """Let everything run that can run without the clock, on every loop that uses it."""
        here = asyncio.get_running_loop()
        others = [loop for loop in tuple(self._loops) if loop is not here and loop.is_running()]
        for _ in range(_ROUNDS if others else 1):
            for loop in others:
                await _spin_on(loop)
            await _spin()

    @property
    def waiting(self) -> int:
        """How many sleeps and limits are pending."""
        return len(self._alarms)

    def _next_moment(self, end: float) -> float:
        return min((alarm.when for alarm in tuple(self._alarms)), default=end)

    async def _turn_to(self, moment: float) -> None:
        self._now = max(self._now, moment)
        for alarm in sorted(self._alarms, key=lambda alarm: alarm.when):
            if alarm.when <= self._now:
                alarm.cancel()
                alarm.ring()
        await self.settle()

    async def rush(self, over: Callable[[], bool]) -> None:
        """Turn the clock on to each next moment that somebody waits for, until it is over. See `rushing`."""
        while not over():
            known = self._changes
            await self.settle()
            if known != self._changes:
                continue  # somebody has only just begun to wait, and may have more to do
            if self._alarms:
                await self._turn_to(self._next_moment(self._now))
            else:
                await asyncio.sleep(_PAUSE)


class Rush:
    """A block in which time passes by itself."""

    def __init__(self, clock: TurnableClock) -> None:
        self._clock = clock
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._clock.rush(self._over.is_set))

    async def __aexit__(self, *_: object) -> None:
        self._over.set()  # for a cancel that comes just when what it waits for does is lost
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def __enter__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="grokkit-rushing-clock", daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._clock.rush(self._over.is_set))


class _Alarm:
    def __init__(
        self,
        pending: set[_Alarm],
        when: float,
        callback: Callable[[], object],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self._pending = pending
        self._loop = loop
        self._callback = callback
        self.when = when

    def cancel(self) -> None:
        """Let it not happen."""
        self._pending.discard(self)

    def ring(self) -> None:
        """Let it happen, on the loop it was asked for on."""
        if self._loop is None or self._loop is _running_loop():
            self._callback()
            return
        with suppress(RuntimeError):  # that loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._callback)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _spin() -> None:
    loop = asyncio.get_running_loop()
    for turn in range(_MOST_TURNS):
        await asyncio.sleep(0)
        if turn >= _TURNS and not _has_work(loop):
            return


def _has_work(loop: asyncio.AbstractEventLoop) -> bool:
    return bool(getattr(loop, "_ready", ()))  # asyncio's own loops tell; of others nothing is known


async def _spin_on(loop: asyncio.AbstractEventLoop) -> None:
    """Let a loop of another thread go around; one that ends meanwhile is not waited for."""
    here = asyncio.get_running_loop()
    around = asyncio.Event()

    def turn(done: int) -> None:
        with suppress(RuntimeError):  # one of the loops has been closed
            if done < _TURNS or (done < _MOST_TURNS and _has_work(loop)):
                loop.call_soon(turn, done + 1)
            else:
                here.call_soon_threadsafe(around.set)

    with suppress(RuntimeError):
        loop.call_soon_threadsafe(turn, 0)
    looks = int(_PATIENCE / _LOOK)
    while looks and not around.is_set() and loop.is_running():
        looks -= 1
        with suppress(TimeoutError):
            await asyncio.wait_for(around.wait(), _LOOK)
