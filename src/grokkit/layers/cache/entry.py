"""What is stored of an answer, and how it is looked up: the entry, and the marks that must not have changed since.

A mark is a random token in the store, one for each tag and one for each tenant. An entry names the tokens that it was
asked under; to invalidate is to change a token. So that costs the same however many entries there are, and an answer
that was already on its way when its tag was invalidated is not stored. A mark that was forgotten is as one that
changed.
"""

import os
import zlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grokkit.config import Cache
    from grokkit.stores import Store

MARK_KEPT = 30 * 86_400.0
"""Seconds for which a mark is kept after the last entry under it, at least."""

_TOKEN = 8
_SUM = 4


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it is stored."""

    body: bytes
    """The whole reply, as a plain call has it."""
    marks: dict[str, bytes]
    """The tokens under which it was asked."""
    request_id: str | None = None
    cost_ticks: int | None = None
    fades: bool = False
    """Whether it is kept beyond its time, which another key then tells."""


class Found(msgspec.Struct, frozen=True):
    """An entry that may be given."""

    entry: Entry
    fresh: bool
    """Whether its time is not over."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entry).decode


def mark_of_tag(account: str, tag: str) -> str:
    """The key of the mark that all answers with a tag have, whatever their tenant."""
    return f"cache:{account}:tag:{tag}"


def mark_of_tenant(account: str, tenant: str | None) -> str:
    """The key of the mark that all answers of a tenant have."""
    return f"cache:{account}:tenant" if tenant is None else f"cache:{account}:tenant:{tenant}"


async def find(store: "Store", key: str) -> Found | None:
    """What is stored under a key and not invalidated."""
    stored = await store.get(key)
    entry = None if stored is None else _read(stored)
    if entry is None:
        return None
    for mark, token in entry.marks.items():
        if await store.get(mark) != token:
            return None
    return Found(entry, fresh=not entry.fades or await is_fresh(store, key))


async def is_fresh(store: "Store", key: str) -> bool:
    """Whether what is stored under a key is within its time, where it is kept beyond that."""
    return await store.get(_fresh(key)) is not None


async def marks_now(store: "Store", marks: "Iterable[str]") -> "Mapping[str, bytes]":
    """The tokens of these marks at this moment; those that have none get one."""
    return {mark: await store.get(mark) or await _begin(store, mark) for mark in marks}


async def invalidate(store: "Store", mark: str) -> None:
    """Let all entries under a mark count no more."""
    await store.set(mark, os.urandom(_TOKEN), ttl=MARK_KEPT)


async def keep(store: "Store", key: str, entry: Entry, policy: "Cache") -> bool:
    """Store an entry for as long as the policy says; False when one of its marks has changed by now."""
    life = policy.ttl + policy.stale
    for mark, token in entry.marks.items():
        if not await store.compare_and_set(mark, token, token, ttl=max(life, MARK_KEPT)):
            return False
    if entry.fades:
        await store.set(_fresh(key), b"1", ttl=policy.ttl)
    await store.set(key, _written(entry), ttl=life)
    return True


def size_of(entry: Entry) -> int:
    """The bytes that an answer takes."""
    return len(entry.body)


def _fresh(key: str) -> str:
    return f"{key}:fresh"


def _written(entry: Entry) -> bytes:
    packed = _encode(entry)
    return _sum(packed) + packed


def _read(stored: bytes) -> Entry | None:
    """None for what is damaged, or of another form: it is asked and stored anew."""
    packed = stored[_SUM:]
    if stored[:_SUM] != _sum(packed):
        return None
    try:
        return _decode(packed)
    except msgspec.MsgspecError:
        return None


def _sum(packed: bytes) -> bytes:
    return zlib.crc32(packed).to_bytes(_SUM)


async def _begin(store: "Store", mark: str) -> bytes:
    token = os.urandom(_TOKEN)
    if await store.compare_and_set(mark, None, token, ttl=MARK_KEPT):
        return token
    return await store.get(mark) or token
