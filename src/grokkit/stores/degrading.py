"""A shared store whose loss costs no call: while it is away, each process goes on with what is its own."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, TypeVar

from grokkit.errors import StoreUnavailable
from grokkit.stores.fork import new_lock
from grokkit.stores.store import Taken
from grokkit.telemetry.events import StateLost, StateRecovered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from grokkit.clock import Clock
    from grokkit.stores.store import Store, Take

T = TypeVar("T")

_logger = logging.getLogger("grokkit")


class Degrading:
    """Asks the shared store, and the local one for what the shared one cannot do at the moment.

    The first operation that raises `StoreUnavailable` is done locally, and so are all that follow; who waits for the
    shared store at that moment waits for its timeout, nobody after them does. Every `retry_every` seconds one
    operation tries the shared store again, while the others go on locally, until one succeeds. Both turns are logged
    once and told to `told`. Meanwhile limits, leases and values are those of this process alone. All other errors
    are raised: a wrong password does not pass.

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
        """See `Store.take`. What was taken locally has a negative `at`, and is given back locally."""

        async def ask(store: Store) -> Taken:
            taken = await store.take(takes)
            return Taken(taken.wait, -taken.at) if store is self._local else taken

        return await self._do(ask)

    async def give(self, takes: Sequence[Take], at: float) -> None:
        """See `Store.give`. What the shared store cannot take back is lost; what was used in excess counts here."""
        if at < 0.0:
            await self._local.give(takes, -at)
            return
        excess = [take for take in takes if take.amount < 0.0]
        await self._do(lambda store: store.give(excess if store is self._local else takes, at))

    async def aclose(self) -> None:
        """Close both."""
        try:
            await self._store.aclose()
        finally:
            await self._local.aclose()

    async def _do(self, ask: Callable[[Store], Awaitable[T]]) -> T:
        turn, shared = self._turn, not self.lost or self._may_try()
        if not shared:
            return await ask(self._local)
        try:
            done = await ask(self._store)
        except StoreUnavailable as error:
            self._unavailable(error, turn)
        else:
            self._available(turn)
            return done
        return await ask(self._local)

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
            self._next_try = self._lost_at + self._retry_every
            self._turn += 1
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
        if not self.lost:
            return
        with self.lock:
            if self._lost_at is None or turn != self._turn:
                return
            event = StateRecovered(store=repr(self._store), lost_for=self._clock.now() - self._lost_at)
            self._lost_at = None
            self._turn += 1
        _logger.warning("grok.state_recovered %s after %.1f s", event.store, event.lost_for, extra={"grok": event})
        self._told(event)
