"""The store of one process: dictionaries, and a lock that is held for microseconds."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from grokkit.stores import quota
from grokkit.stores.fork import new_lock
from grokkit.stores.shelf import Shelf
from grokkit.stores.store import Taken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from grokkit.stores.store import Quota, Take

_AT_HAND = quota.MICROSECONDS
_MOST_AT_HAND = 1024


class MemoryStore:
    """Keeps what the calls of one process share, for all of its threads and event loops; nothing outlives it.

    Of values, numbers, leases and quotas it keeps up to `max_items` each: then those that were not used for longest
    are forgotten. A forked child begins with a copy.

    >>> import asyncio
    >>> store = MemoryStore()
    >>> asyncio.run(store.increment("calls", 2))
    2.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, max_items: int = 100_000) -> None:
        self._clock = clock
        self.lock = new_lock(self)
        self._values: Shelf[str, bytes] = Shelf(max_items)
        self._numbers: Shelf[str, float] = Shelf(max_items)
        self._leases: Shelf[str, str] = Shelf(max_items)
        self._uses: Shelf[tuple[str, float], quota.Use] = Shelf(max_items)
        self._at_hand: dict[Quota, tuple[quota.Use, quota.Terms]] = {}
        """What was on the shelf a moment ago, and need not be looked for before `_let_go_at`."""
        self._let_go_at = 0

    def __repr__(self) -> str:
        return "memory"

    async def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        with self.lock:
            return self._values.get(key, self._clock())

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """See `Store.set`."""
        with self.lock:
            self._values.put(key, value, self._clock(), ttl)

    async def delete(self, key: str) -> None:
        """See `Store.delete`."""
        with self.lock:
            self._values.drop(key)

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes | None, *, ttl: float | None = None
    ) -> bool:
        """See `Store.compare_and_set`."""
        with self.lock:
            now = self._clock()
            if self._values.get(key, now) != expected:
                return False
            if value is None:
                self._values.drop(key)
            else:
                self._values.put(key, value, now, ttl)
            return True

    async def increment(
        self, key: str, amount: float, *, low: float = -math.inf, high: float = math.inf, ttl: float | None = None
    ) -> float | None:
        """See `Store.increment`."""
        with self.lock:
            now = self._clock()
            total = min((self._numbers.get(key, now) or 0.0) + amount, high)
            if total < low:
                return None
            self._numbers.put(key, total, now, ttl)
            return total

    async def lease(self, key: str, holder: str, *, seconds: float) -> bool:
        """See `Store.lease`."""
        with self.lock:
            now = self._clock()
            if self._leases.get(key, now) not in {None, holder}:
                return False
            self._leases.put(key, holder, now, seconds)
            return True

    async def release(self, key: str, holder: str) -> None:
        """See `Store.release`."""
        with self.lock:
            if self._leases.get(key, self._clock()) == holder:
                self._leases.drop(key)

    async def take(self, takes: Sequence[Take]) -> Taken:
        """See `Store.take`."""
        return self.take_now(takes)

    async def give(self, takes: Sequence[Take], at: float) -> None:
        """See `Store.give`."""
        self.give_now(takes, at)

    def take_now(self, takes: Sequence[Take]) -> Taken:
        """`take` for those who know that this store is in memory: without a coroutine."""
        with self.lock:
            now = round(self._clock() * quota.MICROSECONDS)
            if now >= self._let_go_at:
                self._let_go(now)
            wait, asked = 0, []
            for take in takes:
                use, terms = self._at_hand.get(take.quota) or self._look_up(take.quota, now)
                amount = min(take.amount, terms.limit)
                quota.bring_up(use, terms, now)
                if not 0.0 < amount <= use.spare:
                    wait = max(wait, quota.wait_for(use, terms, amount))
                asked.append((use, terms, amount))
            if not wait:
                for use, terms, amount in asked:
                    quota.take(use, terms, amount)
        return Taken(quota.seconds(wait) if wait else 0.0, now / quota.MICROSECONDS)

    def give_now(self, takes: Sequence[Take], at: float) -> None:
        """`give` for those."""
        with self.lock:
            now, then = round(self._clock() * quota.MICROSECONDS), round(at * quota.MICROSECONDS)
            if now >= self._let_go_at:
                self._let_go(now)
            for take in takes:
                use, terms = self._at_hand.get(take.quota) or self._look_up(take.quota, now)
                quota.give(use, terms, take.amount, then, now)
                if use.spare < -terms.limit:
                    self._keep(use, terms, take.quota)

    async def aclose(self) -> None:
        """See `Store.aclose`: memory has nothing to let go of."""

    def _let_go(self, now: int) -> None:
        """Look all quotas up anew, so that those in use stay on the shelf."""
        self._at_hand.clear()
        self._let_go_at = now + _AT_HAND

    def _look_up(self, asked: Quota, now: int) -> tuple[quota.Use, quota.Terms]:
        """The use of a quota from the shelf, at hand from now on."""
        terms = quota.terms(asked)
        use = self._uses.get((asked.key, asked.window), now) or quota.unused(terms, now)
        quota.bring_up(use, terms, now)
        self._keep(use, terms, asked)
        if len(self._at_hand) >= _MOST_AT_HAND:
            self._at_hand.clear()
        hand = self._at_hand[asked] = use, terms
        return hand

    def _keep(self, use: quota.Use, terms: quota.Terms, asked: Quota) -> None:
        """Put a use on the shelf for as long as it matters, whatever is taken while it is at hand."""
        ttl = _AT_HAND + terms.recovery + quota.lasts(use, terms)
        self._uses.put((asked.key, asked.window), use, use.at, ttl)
