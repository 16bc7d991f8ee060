"""What every store does, each with the same words."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grokkit.stores import MemoryStore, Quota, Take

if TYPE_CHECKING:
    from grokkit.stores import Store

ODD_KEYS = ["", " ", "a b", "a:b", "{a}", "{", "ключ/ключ", "a\nb", "a\x00b", "%s", "x" * 500]


def requests(kept: Any, limit: float = 60, depth: float = 60, key: str = "requests") -> Quota:
    return Quota(key=key, limit=limit, window=kept.seconds(60.0), depth=depth)


async def test_a_value_is_there_until_it_is_deleted(store: Store) -> None:
    assert await store.get("k") is None

    await store.set("k", b"one")
    await store.set("k", b"two")
    there = await store.get("k")
    await store.delete("k")
    await store.delete("k")

    assert there == b"two"
    assert await store.get("k") is None


@pytest.mark.parametrize("key", ODD_KEYS)
async def test_any_text_is_a_key(store: Store, key: str) -> None:
    await store.set(key, key.encode())
    await store.increment(key, 1)

    assert await store.get(key) == key.encode()
    assert await store.lease(key, key, seconds=60)
    assert (await store.take([Take(Quota(key=key, limit=1, window=60, depth=1), 1)])).wait == 0.0
    assert (await store.take([Take(Quota(key=key, limit=1, window=60, depth=1), 1)])).wait > 0.0


@pytest.mark.parametrize("value", [b"", b"\x00\xff\r\n", bytes(range(256)) * 4096])
async def test_any_bytes_are_a_value(store: Store, value: bytes) -> None:
    await store.set("k", value)

    assert await store.get("k") == value
    assert await store.compare_and_set("k", value, b"next")


async def test_a_value_goes_when_its_time_is_over(kept: Any, store: Store) -> None:
    await store.set("short", b"s", ttl=kept.seconds(2))
    await store.set("made longer", b"s", ttl=kept.seconds(2))
    await store.set("made longer", b"l")
    before = await store.get("short")

    await kept.pass_time(3)

    assert before == b"s"
    assert await store.get("short") is None
    assert await store.get("made longer") == b"l"


@pytest.mark.parametrize("there", [None, b"", b"one"])
@pytest.mark.parametrize("expected", [None, b"", b"one"])
@pytest.mark.parametrize("value", [None, b"", b"two"])
async def test_a_value_is_set_in_the_place_of_the_expected_one_only(
    store: Store, there: bytes | None, expected: bytes | None, value: bytes | None
) -> None:
    if there is not None:
        await store.set("k", there)

    done = await store.compare_and_set("k", expected, value)

    assert done == (there == expected)
    assert await store.get("k") == (value if done else there)


async def test_what_was_compared_and_set_goes_when_its_time_is_over(kept: Any, store: Store) -> None:
    assert await store.compare_and_set("k", None, b"v", ttl=kept.seconds(2))
    assert not await store.compare_and_set("k", None, b"w", ttl=kept.seconds(2))

    await kept.pass_time(3)

    assert await store.compare_and_set("k", None, b"w")


async def test_of_many_who_compare_one_sets(kept: Any, store: Store) -> None:
    stores = [store, kept.another(), kept.another()]

    won = await asyncio.gather(*(stores[i % 3].compare_and_set("k", None, b"%d" % i) for i in range(30)))

    assert won.count(True) == 1
    assert await store.get("k") == b"%d" % won.index(True)


async def test_a_number_begins_at_zero_and_stays_within_its_bounds(store: Store) -> None:
    assert await store.increment("n", 2.5) == 2.5
    assert await store.increment("n", 10, high=10) == 10.0
    assert await store.increment("n", -10.5, low=0) is None
    assert await store.increment("n", -10, low=0) == 0.0
    assert await store.increment("n", -1e300) == -1e300
    assert await store.increment("n", 0, high=-1e301) == -1e301


async def test_a_number_is_as_exact_as_a_float(store: Store) -> None:
    await store.increment("n", 0.1)

    assert await store.increment("n", 0.2) == 0.1 + 0.2
    assert await store.increment("m", 1 / 3) == 1 / 3
    assert await store.increment("l", 2**53 + 2) == 2**53 + 2


async def test_a_number_is_forgotten_some_time_after_its_last_change(kept: Any, store: Store) -> None:
    await store.increment("n", 1, ttl=kept.seconds(4))
    await kept.pass_time(2)
    await store.increment("n", 1, ttl=kept.seconds(8))
    await kept.pass_time(4)
    kept_on = await store.increment("n", 1, ttl=kept.seconds(4))
    refused = await store.increment("n", -100, low=0, ttl=kept.seconds(1000))
    await kept.pass_time(5)

    assert kept_on == 3.0
    assert refused is None
    assert await store.increment("n", 1) == 1.0


async def test_many_who_count_lose_none(kept: Any, store: Store) -> None:
    stores = [store, kept.another(), kept.another()]

    await asyncio.gather(*(stores[i % 3].increment("n", 1) for i in range(60)))

    assert await store.increment("n", 0) == 60.0


async def test_a_lease_is_one_holder_s_until_it_runs_out(kept: Any, store: Store) -> None:
    other = kept.another()

    assert await store.lease("l", "me", seconds=kept.seconds(20))
    assert not await other.lease("l", "you", seconds=kept.seconds(20))
    await kept.pass_time(8)
    assert await store.lease("l", "me", seconds=kept.seconds(20))
    await kept.pass_time(14)
    assert not await other.lease("l", "you", seconds=kept.seconds(20))
    await kept.pass_time(10)
    assert await other.lease("l", "you", seconds=kept.seconds(20))
    assert not await store.lease("l", "me", seconds=kept.seconds(20))


async def test_a_lease_is_released_by_its_holder_only(store: Store) -> None:
    await store.lease("l", "me", seconds=60)

    await store.release("l", "you")
    refused = await store.lease("l", "you", seconds=60)
    await store.release("l", "me")
    await store.release("l", "me")

    assert not refused
    assert await store.lease("l", "you", seconds=60)


async def test_of_many_who_want_a_lease_one_has_it(kept: Any, store: Store) -> None:
    stores = [store, kept.another(), kept.another()]

    won = await asyncio.gather(*(stores[i % 3].lease("l", str(i), seconds=60) for i in range(30)))

    assert won.count(True) == 1


async def test_values_numbers_leases_and_quotas_of_one_key_are_apart(store: Store) -> None:
    quota = Quota(key="k", limit=1, window=60, depth=1)

    await store.set("k", b"v")
    await store.increment("k", 5)
    await store.lease("k", "me", seconds=60)
    await store.take([Take(quota, 1)])
    await store.delete("k")

    assert await store.get("k") is None
    assert await store.increment("k", 0) == 5.0
    assert not await store.lease("k", "you", seconds=60)
    assert (await store.take([Take(quota, 1)])).wait > 0


async def test_a_take_takes_from_all_quotas_or_from_none(kept: Any, store: Store) -> None:
    few, many = requests(kept, 10, 10, "few"), requests(kept, 1000, 1000, "many")

    first = await store.take([Take(few, 8), Take(many, 100)])
    refused = await store.take([Take(many, 100), Take(few, 8)])
    rest = await store.take([Take(many, 900), Take(few, 2)])

    assert first.wait == 0.0
    assert refused.wait > 0.0
    assert rest.wait == 0.0


async def test_who_waits_as_long_as_told_can_take(kept: Any, store: Store) -> None:
    quota = requests(kept, limit=60, depth=5)
    await store.take([Take(quota, 5)])

    taken = await store.take([Take(quota, 3)])
    await kept.pass_time(taken.wait / kept.pace)

    assert 0 < taken.wait <= kept.seconds(3.001)
    assert (await store.take([Take(quota, 3)])).wait == 0.0


async def test_what_is_given_back_can_be_taken_by_another(kept: Any, store: Store) -> None:
    quota, other = requests(kept), kept.another()
    taken = await store.take([Take(quota, 60)])
    refused = await other.take([Take(quota, 20)])

    await store.give([Take(quota, 30)], taken.at)

    assert refused.wait > 0
    assert (await other.take([Take(quota, 20)])).wait == 0.0


async def test_what_was_used_in_excess_is_taken_without_asking(kept: Any, store: Store) -> None:
    quota = requests(kept, limit=60, depth=60)
    taken = await store.take([Take(quota, 30)])

    await store.give([Take(quota, -60)], taken.at)

    refused = await store.take([Take(quota, 1)])
    assert kept.seconds(20) < refused.wait <= kept.seconds(61.1)


async def test_a_window_passes_and_all_can_be_taken_again(kept: Any, store: Store) -> None:
    quota = requests(kept)
    await store.take([Take(quota, 60)])

    await kept.pass_time(61.5)

    assert (await store.take([Take(quota, 60)])).wait == 0.0


async def test_a_quota_may_change_from_one_take_to_the_next(kept: Any, store: Store) -> None:
    await store.take([Take(requests(kept, 60, 60), 30)])

    refused = await store.take([Take(requests(kept, 30, 30), 10)])
    more = await store.take([Take(requests(kept, 1000, 1000), 0)])

    assert refused.wait > 0
    assert more.wait == 0.0


async def test_nothing_is_taken_from_no_quota(store: Store) -> None:
    assert (await store.take([])).wait == 0.0
    await store.give([], 0.0)


async def test_together_they_take_what_there_is_and_no_more(kept: Any, store: Store) -> None:
    stores = [store, kept.another(), kept.another()]
    quota = Quota(key="k", limit=20, window=3600, depth=20)

    taken = await asyncio.gather(*(stores[i % 3].take([Take(quota, 1)]) for i in range(60)))

    assert sum(one.wait == 0.0 for one in taken) == 20


async def test_a_closed_store_opens_again(store: Store) -> None:
    await store.set("k", b"v")

    await store.aclose()
    await store.aclose()

    assert await store.get("k") == b"v"


def test_a_store_serves_one_event_loop_after_the_other(kept: Any) -> None:
    store = kept.another()

    async def count(*, close: bool) -> float | None:
        total = await store.increment("n", 1)
        if close:
            await store.aclose()
        return total

    assert [asyncio.run(count(close=close)) for close in (False, True, False, True)] == [1.0, 2.0, 3.0, 4.0]


async def test_whoever_is_cancelled_leaves_the_store_as_good_as_before(store: Store) -> None:
    for pauses in range(12):
        asking = [asyncio.create_task(store.increment("n", 1)) for _ in range(3)]
        for _ in range(pauses):
            await asyncio.sleep(0)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

        assert await store.compare_and_set(f"k{pauses}", None, b"v")
        assert await store.get(f"k{pauses}") == b"v"


keys = st.sampled_from(["a", "b"])
values = st.sampled_from([None, b"", b"x", b"y"])
amounts = st.one_of(st.integers(-20, 20), st.floats(-10, 10))
steps = st.one_of(
    st.tuples(st.just("get"), keys),
    st.tuples(st.just("set"), keys, st.sampled_from([b"", b"x", b"y"])),
    st.tuples(st.just("delete"), keys),
    st.tuples(st.just("compare_and_set"), keys, values, values),
    st.tuples(st.just("increment"), keys, amounts, st.none() | amounts, st.none() | amounts),
    st.tuples(st.just("lease"), keys, st.sampled_from(["me", "you"])),
    st.tuples(st.just("release"), keys, st.sampled_from(["me", "you"])),
)


@given(st.lists(steps, max_size=25))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_store_answers_as_memory_does(kept: Any, steps: list[Any]) -> None:
    store, model = kept.another(), MemoryStore()

    async def compare() -> None:
        for key in ("a", "b"):
            await store.delete(key)
            await store.increment(key, 0, high=0)
            await store.increment(key, 1e9, high=0)
            await store.release(key, "me")
            await store.release(key, "you")
        for name, *arguments in steps:
            assert await _do(store, name, *arguments) == await _do(model, name, *arguments)
        await store.aclose()

    asyncio.run(compare())


async def _do(store: Store, name: str, *arguments: Any) -> Any:
    if name == "increment":
        key, amount, low, high = arguments
        bounds = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
        return await store.increment(key, amount, **bounds)
    if name == "lease":
        return await store.lease(*arguments, seconds=3600)
    return await getattr(store, name)(*arguments)
