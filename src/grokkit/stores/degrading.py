"""A shared store whose loss costs no call: while it is away, each process goes on with what is its own."""

from __future__ import annotations

import asyncio
import logging
import math
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from grokkit.errors import GrokError, StoreUnavailable
from grokkit.stores.fork import new_lock
from grokkit.stores.store import Quota, Take, Taken
from grokkit.telemetry.events import StateLost, StateRecovered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from grokkit.clock import Clock
    from grokkit.stores.store import Store

T = TypeVar("T")

_NOTHING = Take(Quota(key="is it back?", limit=1.0, window=1.0, depth=1.0), 0.0)
"""To take it needs all that taking needs: a server that answers, and may write."""

_logger = logging.getLogger("grokkit")


class Degrading:
    """Asks the shared store, and the local one for what the shared one cannot do at the moment.

    The first operation that raises `StoreUnavailable` is done locally, and so are all that wait at that moment, and
    all that follow: none of them waits for the shared store. Who is cancelled while waiting ends nothing but the
    waiting: the operation goes on, to tell whether the store is there, and what it takes is given back. While the
    store is away a task asks it, at once and then every `retry_every` seconds as long as somebody uses it, whether it
    is back. Both turns are logged once and told to `told`. Meanwhile limits, leases and values are those of this
    process alone. All other errors are raised: a wrong password does not pass. One that the store gets while it is
    away is logged.

    >>> import asyncio
    >>> from grokkit.clock import SystemClock
    >>> from grokkit.stores import MemoryStore
    >>> store = Degrading(MemoryStore(), MemoryStore(), clock=SystemClock())
    >>> asyncio.run(store.increment("calls", 1)), store.lost
    (1.0, False)
    """

    def __init__(
        self,
        store: Store,
        local: Store,
        *,
        clock: Clock,
        retry_every: float = 5.0,
        told: Callable[[StateLost | StateRecovered], object] = lambda _: None,
        holds: str = "limits, budgets and circuits",
    ) -> None:
        self._store = store
        self._local = local
        self._clock = clock
        self._retry_every = retry_every
        self._told = told
        self._holds = holds
        self._lost_at: float | None = None
        self._next_try = -math.inf
        self._soonest_try = -math.inf
        self._refused: str | None = None
        self._asked: set[asyncio.Task[Any]] = set()
        self._looking: set[asyncio.Task[Any]] = set()
        self._turn = 0
        """Counts losses and recoveries: what an operation saw of an earlier state says nothing about this one."""
        self.lock = new_lock(self)

    def __repr__(self) -> str:
        return f"{self._store!r} (lost, local for now)" if self.lost else repr(self._store)

    @property
    def lost(self) -> bool:
        """Whether the shared store is away."""
        return self._lost_at is not None

    async def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        return await self._do(lambda store: store.get(key))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """See `Store.set`."""
        await self._do(lambda store: store.set(key, value, ttl=ttl))

    async def delete(self, key: str) -> None:
        """See `Store.delete`."""
        await self._do(lambda store: store.delete(key))

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes | None, *, ttl: float | None = None
    ) -> bool:
        """See `Store.compare_and_set`."""
        return await self._do(lambda store: store.compare_and_set(key, expected, value, ttl=ttl))

    async def increment(
        self, key: str, amount: float, *, low: float = -math.inf, high: float = math.inf, ttl: float | None = None
    ) -> float | None:
        """See `Store.increment`."""
        return await self._do(lambda store: store.increment(key, amount, low=low, high=high, ttl=ttl))

    async def lease(self, key: str, holder: str, *, seconds: float) -> bool:
        """See `Store.lease`."""
        return await self._do(lambda store: store.lease(key, holder, seconds=seconds))

    async def release(self, key: str, holder: str) -> None:
        """See `Store.release`."""
        await self._do(lambda store: store.release(key, holder))

    async def take(self, takes: Sequence[Take]) -> Taken:
        """See `Store.take`. What was taken locally has a negative `at`, and is given back locally.

        What was taken for one who was cancelled meanwhile goes back.
        """

        async def ask(store: Store) -> Taken:
            taken = await store.take(takes)
            return Taken(taken.wait, -taken.at) if store is self._local else taken

        return await self._do(ask, partial(self._undo, takes))

    async def give(self, takes: Sequence[Take], at: float) -> None:
        """See `Store.give`. What the shared store cannot take back is lost; what was used in excess counts here."""
        if at < 0.0:
            await self._local.give(takes, -at)
            return
        excess = [take for take in takes if take.amount < 0.0]
        await self._do(lambda store: store.give(excess if store is self._local else takes, at))

    async def aclose(self) -> None:
        """Close both, after what the running loop has asked for."""
        for looking in _here(self._looking):
            looking.cancel()
        for _ in range(2):  # what was taken for one who was cancelled is given back after that
            if running := _here(self._asked) + _here(self._looking):
                await asyncio.wait(running)
        try:
            await self._store.aclose()
        finally:
            await self._local.aclose()

    async def _do(
        self, ask: Callable[[Store], Awaitable[T]], undo: Callable[[asyncio.Task[T]], object] | None = None
    ) -> T:
        if self._lost_at is not None:
            if self._may_try():
                _start(self._looking, self._look(), Context())
            return await ask(self._local)
        asking = _start(self._asked, self._ask(ask))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            if undo is not None:
                asking.add_done_callback(undo)
            raise

    async def _ask(self, ask: Callable[[Store], Awaitable[T]]) -> T:
        turn = self._turn
        try:
            return await ask(self._store)
        except StoreUnavailable as error:
            self._unavailable(error, turn)
        except asyncio.CancelledError:
            if turn == self._turn:
                raise
        return await ask(self._local)

    def _undo(self, takes: Sequence[Take], taking: asyncio.Task[Taken]) -> None:
        if not taking.cancelled() and taking.exception() is None and not taking.result().wait:
            _start(self._asked, self.give(takes, taking.result().at), Context())

    async def _look(self) -> None:
        """See whether the store is back."""
        turn = self._turn
        try:
            await self._store.take([_NOTHING])
        except StoreUnavailable:
            return
        except GrokError as error:
            self._say_refused(error)
        else:
            self._available(turn)

    def _say_refused(self, error: GrokError) -> None:
        if error.message != self._refused:
            self._refused = error.message
            _logger.warning("grok.state_refused %r answers again, but: %s", self._store, error.message)

    def _may_try(self) -> bool:
        """Whether it is time to try again, which the others leave to the one who asked first."""
        with self.lock:
            now = self._clock.now()
            if now < self._next_try:
                return False
            self._next_try = now + self._retry_every
            return True

    def _unavailable(self, error: StoreUnavailable, turn: int) -> None:
        with self.lock:
            if self.lost or turn != self._turn:
                return
            self._lost_at = self._clock.now()
            self._next_try = max(self._lost_at, self._soonest_try)
            self._turn += 1
        for waiting in _here(self._asked):
            waiting.cancel()
        event = StateLost(store=repr(self._store), error=error)
        _logger.warning(
            "grok.state_lost %s: %s are this process's own until it is back: %s",
            event.store,
            self._holds,
            error.message,
            extra={"grok": event},
        )
        self._told(event)

    def _available(self, turn: int) -> None:
        with self.lock:
            if self._lost_at is None or turn != self._turn:
                return
            event = StateRecovered(store=repr(self._store), lost_for=self._clock.now() - self._lost_at)
            self._lost_at = self._refused = None
            self._soonest_try = self._clock.now() + self._retry_every
            self._turn += 1
        _logger.warning("grok.state_recovered %s after %.1f s", event.store, event.lost_for, extra={"grok": event})
        self._told(event)


def _start(
    tasks: set[asyncio.Task[Any]], work: Coroutine[Any, Any, T], context: Context | None = None
) -> asyncio.Task[T]:
    task = asyncio.get_running_loop().create_task(work, context=context)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


def _here(tasks: set[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Those of the running loop, if one runs: in a forked child the others are the parent's."""
    try:
        loop, this = asyncio.get_running_loop(), asyncio.current_task()
    except RuntimeError:
        return []
    return [task for task in list(tasks) if task is not this and task.get_loop() is loop]
