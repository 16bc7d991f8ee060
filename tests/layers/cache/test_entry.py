"""Entries and their marks, on every kind of store."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import msgspec
import pytest

from grokkit.config import Cache
from grokkit.layers.cache.entry import Entry, find, invalidate, keep, mark_of_tag, mark_of_tenant, marks_now
from grokkit.stores import MemoryStore
from grokkit.testing import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.stores import Store

FADES = Cache(ttl=60, stale=60)


def marks_of(tenant: str | None = None, tags: Sequence[str] = ()) -> list[str]:
    return [mark_of_tenant("a", tenant), *(mark_of_tag("a", tag) for tag in tags)]


async def put(store: Store, key: str, marks: Sequence[str], policy: Cache = FADES) -> Entry:
    entry = Entry(b"{}", dict(await marks_now(store, marks)), "req-1", 600, fades=policy.stale > 0)
    assert await keep(store, key, entry, policy)
    return entry


def a_key() -> str:
    return f"cache:{uuid.uuid4().hex}"


async def test_what_is_kept_is_found(store: Store) -> None:
    key = a_key()

    entry = await put(store, key, marks_of())
    found = await find(store, key)

    assert found is not None
    assert found.entry == entry
    assert found.fresh
    assert await find(store, a_key()) is None


async def test_a_tag_or_a_tenant_takes_all_of_its_own_with_it_and_nobody_else_s(store: Store) -> None:
    kept = {name: a_key() for name in ("blue", "red", "both", "other tenant")}
    await put(store, kept["blue"], marks_of("t", ["blue"]))
    await put(store, kept["red"], marks_of("t", ["red"]))
    await put(store, kept["both"], marks_of("t", ["red", "blue"]))
    await put(store, kept["other tenant"], marks_of("u", ["green"]))

    async def left() -> set[str]:
        return {name for name, key in kept.items() if await find(store, key)}

    assert await left() == set(kept)
    await invalidate(store, mark_of_tag("a", "blue"))
    assert await left() == {"red", "other tenant"}
    await invalidate(store, mark_of_tenant("a", "t"))
    assert await left() == {"other tenant"}
    await invalidate(store, mark_of_tenant("b", "u"))
    assert await left() == {"other tenant"}


async def test_what_was_asked_before_an_invalidation_is_not_kept_after_it(store: Store) -> None:
    key, marks = a_key(), marks_of(tags=["x"])
    entry = Entry(b"{}", dict(await marks_now(store, marks)))

    await invalidate(store, marks[1])

    assert not await keep(store, key, entry, FADES)
    assert await find(store, key) is None
    await put(store, key, marks)
    assert await find(store, key)


async def test_all_who_ask_at_once_have_the_same_marks(store: Store) -> None:
    all_of_them = await asyncio.gather(*(marks_now(store, marks_of(tags=["x"])) for _ in range(10)))

    assert all(marks == all_of_them[0] for marks in all_of_them)


async def test_time_ends_first_the_freshness_and_then_the_entry() -> None:
    clock = TurnableClock()
    store = MemoryStore(clock.now)
    await put(store, "one", marks_of(), Cache(ttl=60, stale=30))
    await put(store, "other", marks_of(), Cache(ttl=60))

    async def state(key: str) -> bool | None:
        found = await find(store, key)
        return None if found is None else found.fresh

    assert [await state("one"), await state("other")] == [True, True]
    await clock.advance(59)
    assert [await state("one"), await state("other")] == [True, True]
    await clock.advance(2)
    assert [await state("one"), await state("other")] == [False, None]
    await clock.advance(30)
    assert [await state("one"), await state("other")] == [None, None]


async def test_a_mark_that_was_forgotten_is_one_that_changed() -> None:
    store = MemoryStore()
    await put(store, "one", marks_of(tags=["x"]))

    await store.delete(mark_of_tag("a", "x"))

    assert await find(store, "one") is None


@pytest.mark.parametrize("at", [0, 5, 30, -1], ids=["sum", "head", "middle", "end"])
async def test_what_was_damaged_is_as_nothing(at: int) -> None:
    store = MemoryStore()
    key, mark = a_key(), mark_of_tenant("a", None)
    entry = Entry(b'{"output": []}', dict(await marks_now(store, [mark])), "req-1", 600)
    await keep(store, key, entry, FADES)
    stored = bytearray(await store.get(key) or b"")
    stored[at] ^= 1

    await store.set(key, bytes(stored))

    assert await find(store, key) is None


async def test_what_another_version_stored_is_as_nothing() -> None:
    store = MemoryStore()
    for odd in (b"", b"\xc1", msgspec.msgpack.encode({"body": 1}), msgspec.msgpack.encode([1, 2])):
        await store.set("one", odd)

        assert await find(store, "one") is None
