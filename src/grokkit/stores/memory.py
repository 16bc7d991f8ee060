"""The store of one process: dictionaries, and a lock that is held for microseconds."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

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
        self._uses: Shelf[tuple[str, float], _Kept] = Shelf(max_items)
        self._at_hand: dict[Quota, _Hand] = {}

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
            wait = 0
            asked = []
            for take in takes:
                hand = self._at_hand.get(take.quota)
                if hand is None or now >= hand.until:
                    hand = self._look_up(take.quota, now)
                wait = max(wait, quota.ask(hand.kept.use, hand.terms, take.amount, now))
                asked.append(hand)
            if not wait:
                for hand, take in zip(asked, takes, strict=True):
                    quota.take(hand.kept.use, hand.terms, take.amount)
        return Taken(quota.seconds(wait) if wait else 0.0, now / quota.MICROSECONDS)

    def give_now(self, takes: Sequence[Take], at: float) -> None:
        """`give` for those."""
        with self.lock:
            now, then = round(self._clock() * quota.MICROSECONDS), round(at * quota.MICROSECONDS)
            for take in takes:
                hand = self._at_hand.get(take.quota)
                if hand is None or now >= hand.until:
                    hand = self._look_up(take.quota, now)
                use = hand.kept.use
                quota.bring_up(use, hand.terms, now)
                quota.give(use, hand.terms, take.amount, then)
                if use.level < 0.0:
                    self._keep(hand.kept, take.quota)

    async def aclose(self) -> None:
        """See `Store.aclose`: memory has nothing to let go of."""

    def _look_up(self, asked: Quota, now: int) -> _Hand:
        """The use of a quota from the shelf, kept for as long as one take more matters, and at hand for a second."""
        terms = quota.terms(asked)
        kept = self._uses.get((asked.key, asked.window), now)
        if kept is None:
            kept = _Kept(quota.unused(terms, now))
        if kept.until < now + _AT_HAND + terms.recovery:
            quota.bring_up(kept.use, terms, now)
            self._keep(kept, asked)
        if len(self._at_hand) >= _MOST_AT_HAND:
            self._at_hand.clear()
        hand = self._at_hand[asked] = _Hand(kept, terms, now + _AT_HAND)
        return hand

    def _keep(self, kept: _Kept, asked: Quota) -> None:
        terms, now = quota.terms(asked), kept.use.at
        ttl = _AT_HAND + 2 * terms.recovery + quota.lasts(kept.use, terms)
        kept.until = now + ttl
        self._uses.put((asked.key, asked.window), kept, now, ttl)


class _Kept:
    """A use, and until when the shelf has it."""

    __slots__ = ("until", "use")

    def __init__(self, use: quota.Use) -> None:
        self.use = use
        self.until = 0


class _Hand(NamedTuple):
    """A use that was on the shelf a moment ago, and need not be looked for before `until`."""

    kept: _Kept
    terms: quota.Terms
    until: int
