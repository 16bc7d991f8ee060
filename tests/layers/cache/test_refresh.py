"""An answer whose time is over is given at once, and fetched anew once, within what that may cost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import AsyncGrok, Cache
from grokkit.stores import MemoryStore
from grokkit.telemetry.events import CacheHit, CacheRefused, CacheStored, CallFailed, CallFinished, CallStarted
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from tests.layers.cache.conftest import World

    from grokkit.stores import Store

STALE = Cache(ttl=60, stale=600)


def fetches(world: World) -> list[Any]:
    """The calls that were made in the background, by what the hooks were told."""
    asked = {event.client_request_id for event in world.told(CacheHit)}
    return [event for event in world.told(CallFinished) if event.client_request_id not in asked]


async def until_idle(world: World, grok: AsyncGrok) -> None:
    """Let what goes on in the background come to its end."""
    async with asyncio.timeout(20):
        while grok.cache.health().refreshing:
            await world.clock.advance(0)


@pytest.mark.parametrize("streamed", [False, True])
async def test_the_old_answer_is_given_at_once_and_a_new_one_is_fetched(world: World, streamed: bool) -> None:
    world.sim.on(nth=1).reply("Old.")
    world.sim.on(nth=2).reply("New.", delay=5)
    grok = world.client(cache=STALE)
    await grok.ask("Hi")
    await world.clock.advance(61)

    if streamed:
        async with grok.stream("Hi") as stream:
            old = await stream.done()
    else:
        old = await grok.ask("Hi")
    async with world.clock.rushing():
        await until_idle(world, grok)
    new = await grok.ask("Hi")

    assert (old.text, old.cached, new.text, new.cached) == ("Old.", True, "New.", True)
    assert [event.stale for event in world.told(CacheHit)] == [True, False]
    assert world.calls == 2
    assert len(fetches(world)) == 2
    assert len({event.client_request_id for event in world.told(CallStarted)}) == 4
    assert world.sim.calls[1].json.get("stream") in (None, not streamed)


async def test_a_conversation_that_comes_after_all_of_its_time_is_made_anew(world: World) -> None:
    grok = world.client(cache=STALE)
    await grok.ask("Hi")

    await world.clock.advance(661)

    assert not (await grok.ask("Hi")).cached


async def test_without_stale_time_nothing_old_is_given(world: World) -> None:
    store = MemoryStore(world.clock.now)
    keeps, takes = world.client(cache=Cache(ttl=60, stale=600, store=store)), world.client(cache=store)
    await keeps.ask("Hi")
    await world.clock.advance(61)

    assert not (await takes.ask("Hi")).cached


async def test_one_fetch_serves_a_whole_fleet(world: World) -> None:
    world.sim.on(nth=2).reply("New.", delay=5)
    store = MemoryStore(world.clock.now)
    fleet = [world.client(cache=Cache(ttl=60, stale=600, store=store)) for _ in range(5)]
    await fleet[0].ask("Hi")
    await world.clock.advance(61)

    for _ in range(3):
        answers = await asyncio.gather(*(grok.ask("Hi") for grok in fleet))
        assert all(answer.cached for answer in answers)
    async with world.clock.rushing():
        for grok in fleet:
            await until_idle(world, grok)

    assert world.calls == 2
    assert all(answer.text == "New." for answer in await asyncio.gather(*(grok.ask("Hi") for grok in fleet)))


async def test_a_fetch_that_fails_is_tried_again_after_a_pause_while_the_old_one_is_given(world: World) -> None:
    world.sim.on(nth=2).reply(error="unavailable")
    grok = world.client(cache=STALE)
    await grok.ask("Hi")
    await world.clock.advance(61)

    for _ in range(3):
        assert (await grok.ask("Hi")).cached
        await until_idle(world, grok)
    assert world.calls == 2
    assert len(world.told(CallFailed)) == 1
    await world.clock.advance(11)
    assert (await grok.ask("Hi")).cached
    await until_idle(world, grok)

    assert world.calls == 3
    assert len(world.told(CacheStored)) == 2


async def test_an_answer_that_may_not_be_stored_leaves_the_old_one(world: World) -> None:
    world.sim.on(nth=2).reply("Half of", finish_reason="length")
    grok = world.client(cache=STALE)
    first = await grok.ask("Hi")
    await world.clock.advance(61)

    await grok.ask("Hi")
    await until_idle(world, grok)

    assert (await grok.ask("Hi")).text == first.text
    assert [event.reason for event in world.told(CacheRefused)] == ["cut_off"]


async def test_fetching_stops_when_its_money_is_used_up_and_goes_on_an_hour_later(world: World) -> None:
    policy = Cache(ttl=60, stale=100_000, refresh_usd=0.0025)
    cost = 0.001
    world.sim.on().reply("Hi", usage={"input_tokens": 10, "output_tokens": 158})
    grok = world.client(cache=policy)
    first = await grok.ask("Hi")
    assert first.usage.cost_usd == pytest.approx(cost, rel=0.2)

    async def fetched_in(minutes: int) -> int:
        before = world.calls
        for _ in range(minutes):
            await world.clock.advance(61)
            assert (await grok.ask("Hi")).cached
            await until_idle(world, grok)
        return world.calls - before

    assert await fetched_in(10) == 2
    assert {event.reason for event in world.told(CacheRefused)} == {"refresh_usd"}
    await world.clock.advance(3700)
    assert await fetched_in(1) == 1


async def test_no_money_means_no_fetching(world: World) -> None:
    grok = world.client(cache=Cache(ttl=60, stale=600, refresh_usd=0))
    await grok.ask("Hi")
    await world.clock.advance(61)

    assert (await grok.ask("Hi")).cached
    await until_idle(world, grok)

    assert world.calls == 1
    assert [event.reason for event in world.told(CacheRefused)] == ["refresh_usd"]


async def test_closing_the_client_ends_what_it_fetches(world: World) -> None:
    world.sim.on(nth=2).reply("New.", delay=500)
    store = MemoryStore(world.clock.now)
    grok = world.client(cache=Cache(ttl=60, stale=6000, store=store))
    await grok.ask("Hi")
    await world.clock.advance(61)
    await grok.ask("Hi")
    await world.clock.advance(1)
    assert grok.cache.health().refreshing == 1

    await grok.close()

    assert grok.cache.health().refreshing == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
    another = world.client(cache=Cache(ttl=60, stale=6000, store=store))
    assert (await another.ask("Hi")).cached
    await until_idle(world, another)
    assert world.calls == 3  # the lease was given back


async def test_a_derived_client_that_is_closed_ends_nothing(world: World) -> None:
    world.sim.on(nth=2).reply("New.", delay=5)
    grok = world.client(cache=STALE)
    await grok.ask("Hi")
    await world.clock.advance(61)
    await grok.ask("Hi")
    await world.clock.advance(1)

    await grok.with_options(timeout=5).close()

    assert grok.cache.health().refreshing == 1


async def test_every_store_can_be_stale(store: Store) -> None:
    sim = Simulator()
    policy = Cache(ttl=0.05, stale=600, store=store)
    async with AsyncGrok(api_key=sim.key, transport=sim.transport(), cache=policy, rate_limit="off") as grok:
        await grok.ask("Hi")
        await asyncio.sleep(0.1)  # a server's own clock can only be waited for

        assert (await grok.ask("Hi")).cached
        async with asyncio.timeout(20):
            while grok.cache.health().refreshing:
                await asyncio.sleep(0)

    assert len(sim.calls) == 2
