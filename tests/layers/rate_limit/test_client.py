"""Limits as the callers of a client see them."""

from __future__ import annotations

import asyncio

from grokkit import AsyncGrok, RateLimit
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
