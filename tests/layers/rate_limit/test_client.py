"""Limits as the callers of a client see them."""

from __future__ import annotations

import asyncio

import pytest

from grokkit import AsyncGrok, Fallback, RateLimit, Retry
from grokkit.errors import NoCapacity, RateLimited
from grokkit.stores import MemoryStore
from grokkit.testing import Simulator, TurnableClock


async def test_one_refusal_in_a_quiet_moment_does_not_bound_what_runs_later() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on().reply(lambda _: "Hi", delay=1.0)
    sim.on(last="first", times=1).reply(json={"error": "Too many requests"}, status=429)
    grok = sim.async_grok()

    async with clock.rushing():
        await grok.ask("first")
        began = clock.now()
        await asyncio.gather(*(grok.ask(f"{number}") for number in range(200)))

    assert clock.now() - began < 5


async def test_a_lower_priority_of_another_bound_does_not_go_first() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    order = []
    grok = sim.async_grok(rate_limit=RateLimit(requests_per_second=1, burst=0))
    night = grok.with_options(rate_limit={"concurrency": 5}, priority="low")

    async def ask(client: AsyncGrok, name: str) -> None:
        await client.ask("Hi")
        order.append(name)

    async with clock.rushing():
        await asyncio.gather(*(ask(grok, "day") for _ in range(12)), *(ask(night, "night") for _ in range(4)))

    assert order[:10] == ["day"] * 10


async def test_who_waits_for_a_bound_of_its_own_holds_up_nobody_else() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on().reply(lambda _: "Hi", delay=5.0)
    grok = sim.async_grok(rate_limit=RateLimit(requests_per_second=2, burst=0))
    alone = grok.with_options(rate_limit={"concurrency": 1}, priority="high")
    ended: list[tuple[str, float]] = []

    async def ask(client: AsyncGrok, name: str) -> None:
        await client.ask("Hi")
        ended.append((name, clock.now() - began))

    async with clock.rushing():
        began = clock.now()
        await asyncio.gather(*(ask(grok, "many") for _ in range(10)), *(ask(alone, "alone") for _ in range(3)))

    assert [name for name, _ in ended] == ["many"] * 10 + ["alone"] * 3
    assert [round(at) for name, at in ended if name == "alone"] == [15, 20, 25]
    assert ended[9][1] < 10.5


class Lossy(MemoryStore):
    """A store elsewhere that begins anew, as a Redis does that was restarted."""

    def begin_anew(self) -> None:
        MemoryStore.__init__(self, self._clock)


async def test_limits_that_were_learned_outlive_a_store_that_lost_them() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.limit(requests_per_minute=120)
    store = Lossy(clock.now)
    grok = sim.async_grok(state=store)

    async with clock.rushing():
        await grok.ask("What are the limits?")
        store.begin_anew()
        waiting = [asyncio.ensure_future(grok.ask(f"{number}")) for number in range(200)]
        await clock.sleep(40)
        await grok.ask("one more, after the refresh")
        await asyncio.gather(*waiting)

    assert sim.count(status=429) == 0


@pytest.mark.parametrize("retries", [0, 4])
def test_a_fallback_is_asked_at_once_where_the_model_is_known_to_have_no_capacity(retries: int) -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on(model="grok-4.7").reply(error="capacity", retry_after=60)
    first = sim.grok(retries=0, model="grok-4.7")
    grok = first.with_options(retries=Retry(max=retries), fallback=["grok-4.3"])

    with clock.rushing():
        with pytest.raises(NoCapacity):
            first.ask("Hi")
        began = clock.now()
        answer = grok.ask("Hi")

    assert clock.now() - began < 1
    assert [(one.reason, one.attempts) for one in answer.fallbacks] == [("capacity", 0)]
    assert len(sim.calls) == 2
    assert not any(budget.paid for budget in grok.health().budgets)


def test_the_last_who_is_left_is_waited_for() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on(model="grok-4.7").reply(error="capacity", retry_after=60)
    sim.on(model="grok-4.3", times=1).reply(error="capacity", retry_after=30)
    grok = sim.grok(retries=0, model="grok-4.7", fallback=["grok-4.3"])

    with clock.rushing():
        with pytest.raises(NoCapacity):
            grok.ask("Hi")
        began = clock.now()
        answer = grok.ask("Hi")

    assert answer.model == "grok-4.3"
    assert 30 <= clock.now() - began < 31
    assert len(sim.calls) == 3


@pytest.mark.parametrize(("conditions", "waited"), [(("capacity",), 20), (("rate_limit",), 0)])
def test_a_pause_for_calls_that_came_too_fast_is_waited_for_unless_that_is_a_reason(
    conditions: tuple[str, ...], waited: int
) -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on(model="grok-4.7", times=1).reply(json={"error": "Too many requests"}, status=429, retry_after=20)
    first = sim.grok(retries=Retry(max=0), model="grok-4.7")
    grok = first.with_options(fallback=Fallback(to=("grok-4.3",), on=conditions))

    with clock.rushing():
        with pytest.raises(RateLimited):
            first.ask("Hi")
        began = clock.now()
        grok.ask("Hi")

    assert round(clock.now() - began) == waited


async def test_those_who_wait_already_ask_the_fallback_when_the_model_has_no_capacity() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on(model="grok-4.7").reply(error="capacity", retry_after=100)
    limit = RateLimit(requests_per_minute=1, burst=0, mode="fixed")
    grok = sim.async_grok(retries=0, model="grok-4.7", fallback=["grok-4.3"], rate_limit=limit)

    async with clock.rushing():
        began = clock.now()
        answers = await asyncio.gather(*(grok.ask(f"{number}") for number in range(3)))

    assert [answer.fallbacks[0].attempts for answer in answers] == [1, 0, 0]
    assert clock.now() - began < 125, "a minute for each but the first, which is what the limit of the other is"
