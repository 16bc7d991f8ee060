"""What each operation of a store does, for stores that keep rows of bytes and lock them for a transaction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from grokkit.stores import quota
from grokkit.stores.store import Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.stores.store import Quota, Take

Kind: TypeAlias = Literal["value", "number", "lease", "quota"]

_numbers = msgspec.msgpack.Decoder(float)
_uses = msgspec.msgpack.Decoder(quota.Use)
_encode = msgspec.msgpack.Encoder().encode


class Rows(Protocol):
    """The rows as one transaction sees them: nobody else reads or changes them before it ends."""

    now: float
    """When it began, by the store's clock."""

    def read(self, kind: Kind, key: str) -> bytes | None:
        """What is there, unless its time is over."""
        ...

    def write(self, kind: Kind, key: str, value: bytes, ttl: float | None) -> None:
        """Put it there, for so many seconds where that is given."""
        ...

    def drop(self, kind: Kind, key: str) -> None:
        """Forget it."""
        ...


def compare_and_set(rows: Rows, key: str, expected: bytes | None, value: bytes | None, ttl: float | None) -> bool:
    """See `Store.compare_and_set`."""
    if rows.read("value", key) != expected:
        return False
    if value is None:
        rows.drop("value", key)
    else:
        rows.write("value", key, value, ttl)
    return True


def increment(rows: Rows, key: str, amount: float, *, low: float, high: float, ttl: float | None) -> float | None:
    """See `Store.increment`."""
    before = rows.read("number", key)
    total = min((0.0 if before is None else _numbers.decode(before)) + amount, high)
    if total < low:
        return None
    rows.write("number", key, _encode(total), ttl)
    return total


def lease(rows: Rows, key: str, holder: str, seconds: float) -> bool:
    """See `Store.lease`."""
    if rows.read("lease", key) not in {None, holder.encode()}:
        return False
    rows.write("lease", key, holder.encode(), seconds)
    return True


def release(rows: Rows, key: str, holder: str) -> None:
    """See `Store.release`."""
    if rows.read("lease", key) == holder.encode():
        rows.drop("lease", key)


def take(rows: Rows, takes: Sequence[Take]) -> Taken:
    """See `Store.take`."""
    now = quota.microseconds(rows.now)
    asked = [(take, quota.terms(take.quota), _read_use(rows, take.quota, now)) for take in takes]
    wait = max((quota.wait_for(use, terms, take.amount) for take, terms, use in asked), default=0)
    if not wait:
        for one, terms, use in asked:
            quota.take(use, terms, min(one.amount, terms.limit))
            _write_use(rows, one.quota, use)
    return Taken(quota.seconds(wait), now / quota.MICROSECONDS)


def give(rows: Rows, takes: Sequence[Take], at: float) -> None:
    """See `Store.give`."""
    now, then = quota.microseconds(rows.now), quota.microseconds(at)
    for one in takes:
        use = _read_use(rows, one.quota, now)
        quota.give(use, quota.terms(one.quota), one.amount, then, now)
        _write_use(rows, one.quota, use)


def quota_key(asked: Quota) -> str:
    """Under which key the use of a quota is kept: quotas of different windows are different.

    >>> from grokkit.stores import Quota
    >>> quota_key(Quota(key="grok-4.7/requests", limit=60, window=60.0, depth=15))
    'grok-4.7/requests/60s'
    """
    return f"{asked.key}/{asked.window:.15g}s"


def _read_use(rows: Rows, asked: Quota, now: int) -> quota.Use:
    terms = quota.terms(asked)
    kept = rows.read("quota", quota_key(asked))
    use = quota.unused(terms, now) if kept is None else _uses.decode(kept)
    put_back = use.at > now
    quota.bring_up(use, terms, now)
    if put_back:  # else the next one would find the future as it was, and wait longer than this one was told
        _write_use(rows, asked, use)
    return use


def _write_use(rows: Rows, asked: Quota, use: quota.Use) -> None:
    lasts = quota.lasts(use, quota.terms(asked))
    rows.write("quota", quota_key(asked), _encode(use), math.ceil(lasts / quota.MICROSECONDS))
