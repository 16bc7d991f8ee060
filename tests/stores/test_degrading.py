"""A shared store that is lost costs nobody anything: one warning, local state meanwhile, and back by itself."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

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
    shared.away = True
    await store.increment("n", 1)
    await clock.advance(4.9)
    await store.increment("n", 1)
    shared.away = False
    before = store.lost
    await clock.advance(0.1)

    back = [await store.increment("n", 1) for _ in range(3)]

    assert before
    assert back == [1.0, 2.0, 3.0]
    assert not store.lost
    assert [type(event) for event in events] == [StateLost, StateRecovered]
    assert events[1].lost_for == pytest.approx(5.0)


async def test_one_tries_again_and_the_others_do_not_wait_for_it(
    store: Degrading, shared: Flaky, clock: TurnableClock
) -> None:
    shared.away = True
    await store.increment("n", 1)
    await clock.advance(5.0)
    shared.delay = 1.0

    trying = asyncio.create_task(store.increment("n", 1))
    await clock.settle()
    others = [await store.increment("n", 1) for _ in range(5)]
    await clock.advance(1.0)
    await trying

    assert shared.asked == 2
    assert others == [2.0, 3.0, 4.0, 5.0, 6.0]


async def test_many_that_fail_at_once_are_one_loss(
    store: Degrading, shared: Flaky, clock: TurnableClock, events: list[Any]
) -> None:
    shared.away, shared.delay = True, 1.0

    asking = [asyncio.create_task(store.increment("n", 1)) for _ in range(50)]
    await clock.advance(1.0)

    assert sorted(await asyncio.gather(*asking)) == [float(i) for i in range(1, 51)]
    assert len(events) == 1


async def test_a_late_failure_of_before_is_no_new_loss(
    store: Degrading, shared: Flaky, clock: TurnableClock, events: list[Any]
) -> None:
    shared.away, shared.delay = True, 20.0
    late = asyncio.create_task(store.increment("n", 1))
    await clock.settle()
    shared.delay = 0.0
    await store.increment("n", 1)
    shared.away = False
    await clock.advance(5.0)
    await store.increment("n", 1)

    await clock.advance(20.0)

    assert await late == 2.0
    assert not store.lost
    assert [type(event) for event in events] == [StateLost, StateRecovered]


async def test_a_try_that_is_cancelled_is_tried_again_later(
    store: Degrading, shared: Flaky, clock: TurnableClock
) -> None:
    shared.away = True
    await store.increment("n", 1)
    await clock.advance(5.0)
    shared.away, shared.delay = False, 1.0
    trying = asyncio.create_task(store.increment("n", 1))
    await clock.settle()

    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
    shared.delay = 0.0
    await clock.advance(5.0)
    await store.increment("n", 1)

    assert not store.lost


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
    await clock.advance(5.0)
    after = await store.increment("n", 1)
    await store.aclose()

    assert before == 5.0
    assert sorted(meanwhile) == [float(i) for i in range(1, 21)]
    assert after == 1.0  # it keeps nothing on disk
    assert [type(event) for event in events] == [StateLost, StateRecovered]
    assert redis_server.where in events[0].store
