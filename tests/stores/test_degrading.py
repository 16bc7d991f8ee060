"""A shared store that is lost costs nobody anything: one warning, local state meanwhile, and back by itself."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.clock import SystemClock
from grokkit.errors import ConfigInvalid
from grokkit.stores import Degrading, MemoryStore, Quota, StoreUnavailable, Take
from grokkit.stores.redis import RedisStore
from grokkit.telemetry.events import StateLost, StateRecovered
from grokkit.testing import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.stores import Taken

ONE = Take(Quota(key="k", limit=10, window=60, depth=10), 1)


class Flaky(MemoryStore):
    """A shared store that tests take away and bring back."""

    def __init__(self, clock: TurnableClock) -> None:
        super().__init__(clock.now)
        self._clock_of_test = clock
        self.away = False
        self.delay = 0.0
        self.asked = 0

    def __repr__(self) -> str:
        return "shared"

    async def increment(self, key: str, amount: float, **bounds: Any) -> float | None:
        await self._reach()
        return await super().increment(key, amount, **bounds)

    async def take(self, takes: Sequence[Take]) -> Taken:
        await self._reach()
        return await super().take(takes)

    async def give(self, takes: Sequence[Take], at: float) -> None:
        await self._reach()
        await super().give(takes, at)

    async def _reach(self) -> None:
        self.asked += 1
        away = self.away
        if self.delay:
            await self._clock_of_test.sleep(self.delay)
        if away:
            raise StoreUnavailable("shared cannot be reached")


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def shared(clock: TurnableClock) -> Flaky:
    return Flaky(clock)


@pytest.fixture
def events() -> list[StateLost | StateRecovered]:
    return []


@pytest.fixture
def store(shared: Flaky, clock: TurnableClock, events: list[Any]) -> Degrading:
    return Degrading(shared, MemoryStore(clock.now), clock=clock, told=events.append)


async def lose(store: Degrading, shared: Flaky, clock: TurnableClock) -> None:
    """Take it away, and let it be looked for in vain."""
    shared.away = True
    await store.increment("n", 1)
    await store.increment("n", 1)
    await clock.settle()


async def test_while_all_is_well_the_shared_store_is_asked(store: Degrading, shared: Flaky) -> None:
    await store.increment("n", 1)

    assert await shared.increment("n", 0) == 1.0
    assert repr(store) == "shared"


async def test_what_the_shared_store_cannot_do_is_done_locally_and_said_once(
    store: Degrading, shared: Flaky, events: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    shared.away = True

    done = [await store.increment("n", 1) for _ in range(20)]

    assert done == [float(i) for i in range(1, 21)]
    assert shared.asked == 1
    assert [type(event) for event in events] == [StateLost]
    assert events[0].store == "shared"
    assert repr(store) == "shared (lost, local for now)"
    warned = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.name for record in warned] == ["grokkit"]
    assert "grok.state_lost shared" in warned[0].message


async def test_it_recovers_by_itself_and_says_so_once(
    store: Degrading, shared: Flaky, clock: TurnableClock, events: list[Any]
) -> None:
    await lose(store, shared, clock)
    await clock.advance(4.9)
    await store.increment("n", 1)
    shared.away = False
    await clock.settle()
    before = store.lost
    await clock.advance(0.1)
    await store.increment("n", 1)
    await clock.settle()

    back = [await store.increment("n", 1) for _ in range(3)]

    assert before
    assert back == [1.0, 2.0, 3.0]
    assert not store.lost
    assert [type(event) for event in events] == [StateLost, StateRecovered]
    assert events[1].lost_for == pytest.approx(5.0)


async def test_who_looks_whether_it_is_back_keeps_nobody_waiting(
    store: Degrading, shared: Flaky, clock: TurnableClock
) -> None:
    await lose(store, shared, clock)
    shared.delay = 1.0
    asked = shared.asked
    await clock.advance(5.0)

    others = []
    for _ in range(5):
        others.append(await store.increment("n", 1))  # the clock stands still
        await clock.settle()

    assert others == [3.0, 4.0, 5.0, 6.0, 7.0]
    assert shared.asked == asked + 1


async def test_a_short_absence_is_over_at_once(
    store: Degrading, shared: Flaky, clock: TurnableClock, events: list[Any]
) -> None:
    shared.away = True
    await store.increment("n", 1)
    shared.away = False

    await store.increment("n", 1)
    await clock.settle()

    assert not store.lost
    assert [type(event) for event in events] == [StateLost, StateRecovered]


async def test_a_store_that_comes_and_goes_is_not_tried_all_the_time(
    store: Degrading, shared: Flaky, clock: TurnableClock, events: list[Any]
) -> None:
    for _ in range(10):
        shared.away = True
        await store.increment("n", 1)
        shared.away = False
        await store.increment("n", 1)
        await clock.settle()

    assert [type(event) for event in events] == [StateLost, StateRecovered, StateLost]


async def test_many_that_fail_at_once_are_one_loss(
    store: Degrading, shared: Flaky, clock: TurnableClock, events: list[Any]
) -> None:
    shared.away, shared.delay = True, 1.0

    asking = [asyncio.create_task(store.increment("n", 1)) for _ in range(50)]
    await clock.advance(1.0)

    assert set(await asyncio.gather(*asking)) == {float(i) for i in range(1, 51)}
    assert len(events) == 1


async def test_who_waits_for_a_store_that_others_find_lost_goes_on_at_once(
    store: Degrading, shared: Flaky, clock: TurnableClock
) -> None:
    shared.away, shared.delay = True, 20.0
    waiting = asyncio.create_task(store.increment("n", 1))
    await clock.settle()
    shared.delay = 0.0

    done = await store.increment("n", 1)

    assert {done, await waiting} == {1.0, 2.0}  # the clock stands still


async def test_a_caller_who_does_not_wait_for_it_lets_all_know_that_it_is_lost(
    store: Degrading, shared: Flaky, clock: TurnableClock, events: list[Any]
) -> None:
    shared.away, shared.delay = True, 1.0
    hurried = asyncio.create_task(store.increment("n", 1))
    await clock.advance(0.3)
    hurried.cancel()
    await asyncio.gather(hurried, return_exceptions=True)
    patient = asyncio.create_task(store.increment("n", 1))

    await clock.advance(0.7)

    assert store.lost
    assert hurried.cancelled()
    assert await patient
    assert [type(event) for event in events] == [StateLost]


async def test_what_was_taken_for_one_who_was_cancelled_goes_back(
    store: Degrading, shared: Flaky, clock: TurnableClock
) -> None:
    shared.delay = 1.0
    takes = [Take(ONE.quota, 10)]
    taking = asyncio.create_task(store.take(takes))
    await clock.settle()

    taking.cancel()
    await clock.advance(2.0)
    shared.delay = 0.0

    assert taking.cancelled()
    assert (await store.take(takes)).wait == 0.0


async def test_a_store_that_refuses_when_it_is_back_costs_no_call_and_is_said_once(
    store: Degrading, shared: Flaky, clock: TurnableClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse() -> None:
        raise ConfigInvalid("wrong password")

    await lose(store, shared, clock)
    shared._reach = refuse  # type: ignore[method-assign]

    for _ in range(3):
        await clock.advance(5.0)
        await store.increment("n", 1)
        await clock.settle()

    assert store.lost
    refusals = [record.message for record in caplog.records if "state_refused" in record.message]
    assert refusals == ["grok.state_refused shared answers again, but: wrong password"]


async def test_a_close_ends_the_look_for_a_lost_store(store: Degrading, shared: Flaky, clock: TurnableClock) -> None:
    before = asyncio.all_tasks()
    await lose(store, shared, clock)
    shared.delay = 1.0
    await clock.advance(5.0)
    await store.increment("n", 1)
    looking = asyncio.all_tasks() - before
    await store.aclose()
    ended = asyncio.all_tasks() == before

    assert len(looking) == 1
    assert ended


async def test_a_close_gives_back_first_what_was_taken_for_nobody(
    store: Degrading, shared: Flaky, clock: TurnableClock
) -> None:
    before = asyncio.all_tasks()
    shared.delay = 1.0
    taking = asyncio.create_task(store.take([Take(ONE.quota, 10)]))
    await clock.settle()
    taking.cancel()

    closing = asyncio.create_task(store.aclose())
    await clock.advance(2.0)
    await closing
    shared.delay = 0.0

    assert asyncio.all_tasks() == before
    assert (await shared.take([Take(ONE.quota, 10)])).wait == 0.0


def test_a_program_that_ends_meanwhile_leaves_no_task(shared: Flaky, clock: TurnableClock) -> None:
    store = Degrading(shared, MemoryStore(clock.now), clock=clock)

    async def program() -> None:
        await lose(store, shared, clock)
        shared.delay = 1.0
        await clock.advance(5.0)
        await store.increment("n", 1)

    asyncio.run(program())

    assert asyncio.run(store.increment("n", 1)) == 4.0


async def test_limits_hold_locally_meanwhile(store: Degrading, shared: Flaky) -> None:
    shared.away = True

    taken = [await store.take([ONE]) for _ in range(12)]

    assert [one.wait == 0.0 for one in taken] == [True] * 10 + [False] * 2


async def test_what_was_taken_locally_is_given_back_locally(
    store: Degrading, shared: Flaky, clock: TurnableClock
) -> None:
    for _ in range(10):
        await shared.take([ONE])
    shared.away = True
    taken = [await store.take([ONE]) for _ in range(10)]
    shared.away = False

    await store.give([ONE], taken[0].at)
    shared.away = True
    again = await store.take([ONE])
    shared.away = False

    assert again.wait == 0.0
    assert (await shared.take([ONE])).wait > 0.0


async def test_what_the_shared_store_cannot_take_back_makes_no_room_locally(store: Degrading, shared: Flaky) -> None:
    taken = await store.take([ONE])
    shared.away = True
    for _ in range(10):
        await store.take([ONE])

    await store.give([ONE], taken.at)

    assert (await store.take([ONE])).wait > 0


async def test_what_was_used_in_excess_counts_locally(store: Degrading, shared: Flaky) -> None:
    taken = await store.take([ONE])
    shared.away = True

    await store.give([Take(ONE.quota, -10)], taken.at)

    assert (await store.take([ONE])).wait > 0


async def test_an_error_that_does_not_pass_is_raised(store: Degrading, shared: Flaky) -> None:
    async def refuse() -> None:
        raise ConfigInvalid("wrong password")

    shared._reach = refuse  # type: ignore[method-assign]

    with pytest.raises(ConfigInvalid):
        await store.increment("n", 1)
    assert not store.lost


async def test_a_real_redis_goes_and_comes_back(redis_server: Any, clock: TurnableClock, events: list[Any]) -> None:
    store = Degrading(RedisStore(redis_server.url), MemoryStore(clock.now), clock=clock, told=events.append)
    before = await store.increment("n", 5)
    redis_server.kill()

    meanwhile = await asyncio.gather(*(store.increment("n", 1) for _ in range(20)))
    redis_server.start()
    while store.lost:
        await store.increment("n", 1)
        await asyncio.sleep(0)
    after = await store.increment("n", 1)
    await store.aclose()

    assert before == 5.0
    assert set(meanwhile) == {float(i) for i in range(1, 21)}
    assert after == 1.0  # it keeps nothing on disk
    assert [type(event) for event in events] == [StateLost, StateRecovered]
    assert redis_server.where in events[0].store


async def test_a_redis_that_hangs_costs_no_caller_with_half_a_second(redis_server: Any) -> None:
    store = Degrading(RedisStore(redis_server.url), MemoryStore(), clock=SystemClock())
    await store.increment("n", 1)
    redis_server.ask("CLIENT", "PAUSE", "60000", "ALL")

    asking = []
    for _ in range(20):
        asking.append(asyncio.create_task(asyncio.wait_for(store.increment("n", 1), 0.5)))
        await asyncio.sleep(0.02)
    done = await asyncio.gather(*asking)
    await store.aclose()

    assert set(done) == {float(i) for i in range(1, 21)}
    assert store.lost
