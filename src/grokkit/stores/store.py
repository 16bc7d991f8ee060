"""What a store is asked for. Each operation is atomic, whoever else uses the store at the same moment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import msgspec

from grokkit.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence


class Quota(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True, gc=False):
    """So many units in any window of so many seconds, of which so many may be taken at once.

    >>> Quota(key="grok-4.7/requests", limit=60, window=60.0, depth=15)
    Quota(key='grok-4.7/requests', limit=60, window=60.0, depth=15)

    `limit` and `depth` may change from one take to the next: what was used stays used. Quotas of one key and of
    different windows are different quotas. Raises `ConfigInvalid` for figures that would let nothing pass.
    """

    key: str
    limit: float
    """Units that may be taken in any `window`."""
    window: float
    """Seconds."""
    depth: float
    """Units that may be taken at once by one who comes after a quiet time; what is above that waits its turn.

    Twice the limit: all that the window has room for, at any time.
    """

    def __post_init__(self) -> None:
        if not (0.0 < self.limit < math.inf and 0.0 < self.window < math.inf and 0.0 <= self.depth < math.inf):
            raise ConfigInvalid(
                f"a quota of {self.limit!r} in {self.window!r} s, {self.depth!r} of it at once, lets nothing pass",
                hint="limit and window are above zero, depth is zero or more, and all are finite",
            )


class Take(msgspec.Struct, frozen=True, gc=False):
    """An amount of a quota."""

    quota: Quota
    amount: float
    """Not negative when it is taken; what is above the quota's limit counts as the limit, or could never be had."""


class Taken(msgspec.Struct, frozen=True, gc=False):
    """What came of taking."""

    wait: float
    """0.0 when all was taken; else nothing was, and this many seconds are to go until it could be."""
    at: float
    """When that was, by the store's own clock: `Store.give` wants to know."""


class Store(Protocol):
    """State by key. Times to live, leases and windows run on the store's own clock, never on that of a caller.

    Values, numbers, leases and quotas are apart from one another: the same key may name one of each. Who is cancelled
    while waiting for an answer does not know whether the operation was done. `StoreUnavailable` is raised when the
    store cannot be reached or does not answer in time, `ConfigInvalid` when it never will as it is set up.
    """

    async def get(self, key: str) -> bytes | None:
        """What was set, unless its time is over."""
        ...

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Keep a value, for `ttl` seconds where that is given."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a value."""
        ...

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes | None, *, ttl: float | None = None
    ) -> bool:
        """Put `value` (`None`: nothing) in the place of `expected` (`None`: nothing); False when that is not there."""
        ...

    async def increment(
        self, key: str, amount: float, *, low: float = -math.inf, high: float = math.inf, ttl: float | None = None
    ) -> float | None:
        """Add to a number, which is 0.0 at first, and give its new value, cut off at `high`.

        None when it would fall below `low`: then nothing is changed. After `ttl` seconds without a change the number
        is forgotten; without `ttl` it stays.
        """
        ...

    async def lease(self, key: str, holder: str, *, seconds: float) -> bool:
        """Whether the lease is this holder's for so many seconds from now: it was free, run out, or its own before."""
        ...

    async def release(self, key: str, holder: str) -> None:
        """Give a lease up; nothing happens when it is not this holder's any more."""
        ...

    async def take(self, takes: Sequence[Take]) -> Taken:
        """Take from several quotas: from all of them, or, when one has too little, from none.

        Each quota is named once.
        """
        ...

    async def give(self, takes: Sequence[Take], at: float) -> None:
        """Give back amounts that were taken `at` that time; a negative amount takes more, and never waits."""
        ...

    async def aclose(self) -> None:
        """Let go of files and connections of the running loop. Safe to call twice."""
        ...
