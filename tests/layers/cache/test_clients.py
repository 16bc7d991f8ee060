"""What users see of the cache."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import AsyncGrok, Cache
from grokkit.errors import GrokError, Misused, StoreUnavailable
from grokkit.stores import MemoryStore
from grokkit.telemetry.events import (
    CacheHit,
    CacheMissed,
    CacheRefused,
    CacheStored,
    CallFinished,
    StateLost,
    StateRecovered,
)
from grokkit.testing import Fault, MockTransport, Simulator, TurnableClock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Face
    from tests.layers.cache.conftest import World

    from grokkit.stores import Store


async def test_an_equal_call_is_given_the_same_answer_and_nothing_is_billed(world: World) -> None:
    grok = world.client()

    first = await grok.ask("Hi")
    again = await grok.ask("Hi")

    assert (first.cached, again.cached) == (False, True)
    assert again.text == first.text
    assert again.raw == first.raw
    assert again.id == first.id
    assert again.request_id == first.request_id
    assert again.client_request_id != first.client_request_id
    assert again.usage.input_tokens == first.usage.input_tokens
    assert (first.usage.saved_ticks, again.usage.cost_ticks) == (0, 0)
    assert again.usage.saved_ticks == first.usage.cost_ticks
    assert (first.attempts, again.attempts) == (1, 0)
    assert world.calls == 1


async def test_it_is_off_and_absent_unless_asked_for(world: World) -> None:
    grok = world.client(cache=None)

    answers = [await grok.ask("Hi") for _ in range(2)]

    assert "cache" not in str(grok.stack)
    assert "cache" in str(world.client().stack).splitlines()[1]
    assert [answer.cached for answer in answers] == [False, False]
    assert world.calls == 2


async def test_a_call_has_its_own_word(world: World) -> None:
    off, on = world.client(cache=None), world.client()

    assert not (await off.ask("Hi", cache=True)).cached
    assert (await off.ask("Hi", cache=Cache(ttl=60))).cached
    await on.ask("Hi")
    assert not (await on.ask("Hi", cache=False)).cached
    assert (await on.ask("Hi")).cached


async def test_both_faces_are_given_what_the_other_stored(face: Face) -> None:
    sim, store = Simulator(), MemoryStore()
    client = face.client(transport=sim.transport(), api_key=sim.key, cache=store)

    first = await face.call(client.ask, "Hi")
    again = await face.call(client.ask, "Hi")
    async with face.reading(client.stream("Hi")) as reading:
        texts = await reading.texts()
    await face.call(client.cache.invalidate)
    after = await face.call(client.ask, "Hi")

    assert [first.cached, again.cached, after.cached] == [False, True, False]
    assert "".join(texts) == first.text
    assert client.cache.health().hits == 2
    await face.call(client.close)


@pytest.mark.parametrize(
    "other",
    [
        {"tenant": "b"},
        {"tenant": None},
        {"headers": {"x-team": "red"}},
    ],
)
async def test_what_is_said_in_another_name_is_not_shared(world: World, other: dict[str, Any]) -> None:
    store = MemoryStore(world.clock.now)
    ours = world.client(cache=store, tenant="a")
    theirs = world.client(**{"cache": store, "tenant": "a", **other})

    assert not (await ours.ask("Hi")).cached
    assert not (await theirs.ask("Hi")).cached
    assert (await ours.ask("Hi")).cached
    assert (await theirs.ask("Hi")).cached


async def test_two_keys_are_two_accounts() -> None:
    store, mock = MemoryStore(), MockTransport()
    mock.on().reply("Hello.")
    one, other = (AsyncGrok(api_key=f"xai-key-number-{number:08d}", transport=mock, cache=store) for number in (1, 2))

    assert not (await one.ask("Hi")).cached
    assert not (await other.ask("Hi")).cached
    assert (await one.ask("Hi")).cached


async def test_two_functions_that_give_keys_are_two_accounts(world: World) -> None:
    store = MemoryStore(world.clock.now)
    one, other = (world.client(cache=store, api_key=lambda: world.sim.key) for _ in range(2))

    assert not (await one.ask("Hi")).cached
    assert not (await other.ask("Hi")).cached


async def test_time_ends_an_answer(world: World) -> None:
    grok = world.client(cache=600)
    await grok.ask("Hi")

    await world.clock.advance(599)
    assert (await grok.ask("Hi")).cached
    await world.clock.advance(2)
    assert not (await grok.ask("Hi")).cached


async def test_a_tag_is_invalidated_for_all_tenants_and_a_tenant_for_all_tags(world: World) -> None:
    grok = world.client(tenant="a")

    async def fill() -> None:
        for tenant in ("a", "b", None):
            await grok.ask("Hi", tenant=tenant, cache=Cache(tags=["greetings"]))
            await grok.ask("Why?", tenant=tenant, cache=Cache(tags=["questions"]))

    async def left() -> list[tuple[str, str | None]]:
        asked = [(prompt, tenant) for prompt in ("Hi", "Why?") for tenant in ("a", "b", None)]
        calls = [world.calls]
        for prompt, tenant in asked:
            await grok.ask(prompt, tenant=tenant, cache=Cache(tags=["never stored with this"]))
            calls.append(world.calls)
        return [pair for pair, before, now in zip(asked, calls, calls[1:], strict=False) if before == now]

    await fill()
    await grok.cache.invalidate(tag="greetings")
    assert await left() == [("Why?", "a"), ("Why?", "b"), ("Why?", None)]
    await grok.cache.invalidate(tenant="b")
    assert await left() == [("Hi", "a"), ("Hi", None), ("Why?", "a"), ("Why?", None)]
    await grok.cache.invalidate(tenant=None)
    assert await left() == [("Hi", "a"), ("Hi", "b"), ("Why?", "a"), ("Why?", "b")]
    await grok.cache.invalidate()
    assert await left() == [("Hi", "b"), ("Hi", None), ("Why?", "b"), ("Why?", None)]


async def test_a_tag_and_a_tenant_at_once_are_refused(world: World) -> None:
    with pytest.raises(Misused, match="a tag and a tenant"):
        await world.client().cache.invalidate(tag="x", tenant="a")


@pytest.mark.parametrize(
    ("reply", "options", "why"),
    [
        ({"text": "Half of", "finish_reason": "length"}, {}, "cut_off"),
        ({"refusal": "No."}, {}, "refused"),
        ({"tool_calls": [("weather", {"city": "Oslo"})]}, {}, "tool_calls"),
        ({"text": "Hi"}, {"temperature": 0.9}, "temperature"),
        ({"text": "Hi"}, {"store": True}, "conversation"),
        ({"text": "Hi" * 100}, {"cache": Cache(max_entry=100)}, "size"),
        (
            {"text": "Hi"},
            {"tools": [{"type": "mcp", "server_url": "https://example.com", "server_label": "x"}]},
            "effects",
        ),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_what_must_not_be_stored_is_not(
    world: World, reply: dict[str, Any], options: dict[str, Any], why: str, streamed: bool
) -> None:
    world.sim.on().reply(**reply)
    grok = world.client()

    for _ in range(2):
        if streamed:
            async with grok.stream("Hi", **options) as stream:
                answer = await stream.done()
        else:
            answer = await grok.ask("Hi", **options)
        assert not answer.cached

    assert [event.reason for event in world.told(CacheRefused)] == [why, why]
    assert world.told(CacheStored) == []
    assert world.calls == 2


async def test_an_error_is_never_stored(world: World) -> None:
    world.sim.on(nth=1).reply(error="unavailable")
    grok = world.client()

    with pytest.raises(GrokError):
        await grok.ask("Hi")

    assert not (await grok.ask("Hi")).cached
    assert (await grok.ask("Hi")).cached


async def test_a_stream_that_was_left_or_broke_is_not_stored(world: World) -> None:
    world.sim.on(nth=2).reply("One two three four five", fault=Fault(error_at_event=12))
    grok = world.client()

    async with grok.stream("Hi") as stream:
        await anext(stream)
    with pytest.raises(GrokError):
        async with grok.stream("Hi") as stream:
            await stream.done()
    async with grok.stream("Hi") as stream:
        whole = await stream.done()

    assert not whole.cached
    assert (await grok.ask("Hi")).cached
    assert world.calls == 3


async def test_those_who_share_a_call_store_its_answer_once(world: World) -> None:
    grok = world.client(coalesce=True)

    async with world.clock.rushing():
        answers = await asyncio.gather(*(grok.ask("Hi") for _ in range(5)))

    assert world.calls == 1
    assert [answer.cached for answer in answers] == [False] * 5
    assert len(world.told(CacheStored)) == 1
    assert {event.reason for event in world.told(CacheRefused)} == {"joined"}
    assert (await grok.ask("Hi")).cached


async def test_an_answer_of_a_fallback_is_not_stored_for_the_first(world: World) -> None:
    world.sim.on(nth=1).reply(error="capacity")
    grok = world.client(fallback=["grok-4.3"])

    first = await grok.ask("Hi")
    again = await grok.ask("Hi")

    assert first.fallbacks
    assert not again.cached
    assert again.fallbacks == ()


async def test_a_note_that_a_reply_was_redacted_keeps_it_out(world: World) -> None:
    class Redacts:
        ring = "attempt"

        async def __call__(self, call: Any, call_next: Any) -> Any:
            reply = await call_next(call)
            reply.context["redacted"] = True
            return reply

    grok = world.client(layers=[Redacts()])

    assert [(await grok.ask("Hi")).cached for _ in range(2)] == [False, False]


async def test_several_answers_at_once_are_stored(world: World) -> None:
    grok = world.client()
    messages = [{"role": "user", "content": "Hi"}]

    answers = [await grok.chat.create(messages=messages, n=3) for _ in range(2)]

    assert answers[1].cached
    assert len(answers[1].raw["choices"]) == 3


async def test_an_invalidation_while_a_call_is_on_its_way_keeps_its_answer_out(world: World) -> None:
    world.sim.on().reply("Hi", delay=5)
    grok = world.client()

    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(grok.ask("Hi"))
        await world.clock.advance(1)
        await grok.cache.invalidate()
        await world.clock.advance(10)

    assert not asking.result().cached
    assert [event.reason for event in world.told(CacheRefused)] == ["invalidated"]


async def test_hooks_are_told(world: World) -> None:
    grok = world.client()

    first = await grok.ask("Hi")
    await grok.ask("Hi")

    assert len(world.told(CacheMissed)) == 1
    assert world.told(CacheStored)[0].size > 100
    (hit,) = world.told(CacheHit)
    assert (hit.stale, hit.saved_ticks) == (False, first.usage.cost_ticks)
    assert [event.usage.cost_ticks for event in world.told(CallFinished)] == [first.usage.cost_ticks, 0]


async def test_a_derived_client_shares_the_cache(world: World) -> None:
    grok = world.client()
    derived = grok.with_options(timeout=5)

    await grok.ask("Hi")

    assert (await derived.ask("Hi")).cached
    assert not (await derived.with_options(model="grok-4.3").ask("Hi")).cached


async def test_a_slow_replay_is_under_the_limit_of_the_whole_call(world: World) -> None:
    world.sim.on().reply("one two three four five six seven eight nine ten")
    grok = world.client(cache=Cache(pace=1.0))
    await grok.ask("Hi")

    with pytest.raises(GrokError, match="3 s"):
        async with world.clock.rushing(), grok.stream("Hi", timeout=3) as stream:
            await stream.done()


@pytest.mark.parametrize("streamed", [False, True])
async def test_every_kind_of_store_keeps_answers_for_other_clients(store: Store, streamed: bool) -> None:
    sim = Simulator()
    one, other = (
        AsyncGrok(api_key=sim.key, transport=sim.transport(), cache=Cache(store=store, tags=("x",))) for _ in range(2)
    )

    async with one.stream("Hi") as stream:
        first = await stream.done()
    again = await other.ask("Hi")
    await other.cache.invalidate(tag="x")
    after = await one.ask("Hi")

    assert (first.cached, again.cached, after.cached) == (False, True, False)
    assert again.raw == first.raw


async def test_a_file_outlives_its_client(tmp_path: Path) -> None:
    sim = Simulator()
    for expected in (False, True):
        url = f"sqlite:///{tmp_path}/cache.db"
        async with AsyncGrok(api_key=sim.key, transport=sim.transport(), cache=url) as grok:
            assert (await grok.ask("Hi")).cached is expected


async def test_a_lost_store_means_misses_and_no_error(world: World, redis_server: Any) -> None:
    grok = world.client(cache=redis_server.url)
    await grok.ask("Hi")
    redis_server.kill()

    answers = [await grok.ask("Hi") for _ in range(2)]

    assert [answer.cached for answer in answers] == [False, True]  # this process's own from here on
    assert len(world.told(StateLost)) == 1
    with pytest.raises(StoreUnavailable, match="could not be invalidated"):
        await grok.cache.invalidate()


async def test_what_was_kept_while_a_store_was_away_is_not_given_at_its_next_loss(
    world: World, redis_server: Any
) -> None:
    one, other = (world.client(cache=Cache(store=redis_server.url, tags=["prices"])) for _ in range(2))
    await one.ask("Hi")
    redis_server.stop()
    assert not (await one.ask("Hi")).cached
    redis_server.start()
    await world.clock.advance(10)
    while not world.told(StateRecovered):
        await one.ask("Hi")
        await asyncio.sleep(0)
    await one.ask("Hi")
    await other.cache.invalidate(tag="prices")
    redis_server.stop()

    assert not (await one.ask("Hi")).cached


async def test_memory_is_bounded_by_what_was_used_last(world: World) -> None:
    grok = world.client(cache=MemoryStore(world.clock.now, max_items=4))

    for prompt in ("a", "b", "c", "d"):
        await grok.ask(prompt)

    assert not (await grok.ask("a")).cached
    assert (await grok.ask("d")).cached


async def test_one_turned_clock_has_one_memory() -> None:
    sim = Simulator(clock=TurnableClock())
    one, other = (sim.async_grok(cache=True) for _ in range(2))

    await one.ask("Hi")

    assert not (await other.ask("Hi")).cached  # a client with a transport of its own has its own memory
