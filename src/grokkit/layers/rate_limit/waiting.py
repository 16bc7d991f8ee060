"""Those who wait on one loop, and the one task that asks on behalf of the first of them and sleeps as long as told."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING

from grokkit.layers.rate_limit.holding import Holding
from grokkit.layers.rate_limit.queue import FairQueue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grokkit.call import Call
    from grokkit.clock import Clock
    from grokkit.config import RateLimit
    from grokkit.layers.rate_limit.queue import Kind

NEVER = math.inf
"""The wait of one who is to be stirred."""


class Waiter:
    """A call that wants to set out."""

    __slots__ = ("call", "future", "tokens")

    def __init__(self, call: Call, tokens: float) -> None:
        self.call = call
        self.tokens = tokens
        self.future: asyncio.Future[Holding]


class Waiting:
    """The line of one loop. While anybody waits in it, a task of its own lets the first go as soon as it may."""

    def __init__(
        self,
        clock: Clock,
        ask: Callable[[Waiter, Waiting], Awaitable[Holding | float]],
        has_room: Callable[[Kind], bool],
    ) -> None:
        self.queue: FairQueue[Waiter] = FairQueue(has_room)
        self.loop = asyncio.get_running_loop()
        self._clock = clock
        self._ask = ask
        self._task: asyncio.Task[None] | None = None
        self._first: Waiter | None = None
        self.opens_at = 0.0
        """When the first may go, as it was told."""
        self._told: float | None = None
        self._alarm = asyncio.Event()
        self._stirred = False

    @property
    def in_use(self) -> bool:
        """Whether anybody waits in it, or may begin to at this moment on another loop."""
        return not self.loop.is_closed() and (bool(self.queue) or _running_loop() is not self.loop)

    async def turn(self, waiter: Waiter, *, cost: float, weight: float, wait: float) -> Holding:
        """Wait until it is this one's turn. `wait` is what it has been told, when it has asked by itself."""
        policies = waiter.call.policies
        if not self.queue:
            self._told = wait if 0.0 < wait < NEVER else None
            self.opens_at = self._clock.now() + (self._told or 0.0)
        self.queue.push(
            waiter,
            priority=policies.priority,
            tenant=policies.tenant or "",
            kind=kind_of(policies.rate_limit),
            weight=weight,
            cost=cost,
        )
        waiter.future = self.loop.create_future()
        self._begin()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._give_up(waiter)
            raise

    def stir(self) -> None:
        """Something has changed: let the first ask again. May be called from any thread."""
        if not self.queue:
            return
        if _running_loop() is self.loop:
            self._stir()
            return
        with suppress(RuntimeError):  # that loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._stir)

    def _stir(self) -> None:
        self._stirred = True
        self._alarm.set()

    def _give_up(self, waiter: Waiter) -> None:
        if self.queue.remove(waiter):
            self._look_again()
        elif not waiter.future.cancelled():
            waiter.future.result().undo()

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = self.loop.create_task(self._serve(), context=Context())
        else:
            self._look_again()

    def _look_again(self) -> None:
        """Another may be the first now, or nobody."""
        if self._first is not None and not self._is_first(self._first):
            self._alarm.set()

    def _is_first(self, waiter: Waiter) -> bool:
        return bool(self.queue) and self.queue.head() is waiter

    async def _serve(self) -> None:
        while self.queue:
            waiter = self.queue.head()
            self._stirred = False
            told, self._told = self._told, None
            try:
                outcome = await self._ask(waiter, self) if told is None else told
            except Exception as error:  # noqa: BLE001 - the waiter raises it
                self._fail(waiter, error)
                continue
            if isinstance(outcome, Holding):
                self._let_go(waiter, outcome)
            else:
                await self._sleep(outcome, waiter)

    def _fail(self, waiter: Waiter, error: Exception) -> None:
        if self.queue.remove(waiter) and not waiter.future.done():
            waiter.future.set_exception(error)

    def _let_go(self, waiter: Waiter, holding: Holding) -> None:
        if waiter not in self.queue:
            holding.undo()
        elif waiter.future.done():  # cancelled, and has not had the time to leave
            self.queue.remove(waiter)
            holding.undo()
        else:
            self.queue.serve(waiter)
            waiter.future.set_result(holding)

    async def _sleep(self, seconds: float, waiter: Waiter) -> None:
        """Sleep that long, or until something has changed: who is first, or what it may do."""
        if self._stirred or not self._is_first(waiter):
            return
        self._alarm.clear()
        self._first = waiter
        self.opens_at = 0.0 if seconds == NEVER else self._clock.now() + seconds
        end = None if seconds == NEVER else self._clock.call_at(self.opens_at, self._alarm.set)
        try:
            await self._alarm.wait()
        finally:
            self._first = None
            if end is not None:
                end.cancel()


def kind_of(policy: RateLimit) -> Kind:
    """Which of those who wait in one line a call is like: they have room, or none, at the same time."""
    return policy.concurrency, policy.adaptive


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
