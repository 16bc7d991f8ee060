"""A session stays where its beginning is known, and says what spoilt it when it is not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.sessions.affinity import Prompt, PromptCacheDropped, cache_key, first_difference, head_of
from grokkit.sessions.memory import MemorySessions
from grokkit.sessions.session import AsyncSession
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LONG = "word " * 2_000
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}} for name in "abcd"
]


@pytest.fixture
def sim() -> Simulator:
    return Simulator(seed=5)


@pytest.fixture
async def grok(sim: Simulator) -> AsyncIterator[Any]:
    async with sim.async_grok() as grok:
        yield grok


@pytest.fixture
def told() -> list[PromptCacheDropped]:
    return []


@pytest.fixture
def session(grok: Any, told: list[PromptCacheDropped]) -> AsyncSession:
    return AsyncSession("s", store=MemorySessions(), responses=grok.responses, told=told.append)


def keys(sim: Simulator) -> list[str]:
    bodies: list[Any] = [call.json for call in sim.calls]
    return [body["prompt_cache_key"] for body in bodies]


async def test_all_turns_of_a_session_have_one_key_and_no_other_session_has_it(sim: Simulator, grok: Any) -> None:
    store = MemorySessions()
    for name, tenant in [("s", ""), ("s", ""), ("t", ""), ("s", "acme")]:
        session = AsyncSession(name, store=store, responses=grok.responses, tenant=tenant)
        await session.ask("Hi")
        await session.ask("Again")

    first, again, *others = keys(sim)[::2]
    assert first == again
    assert len({first, *others}) == 3
    assert keys(sim)[::2] == keys(sim)[1::2]


def test_a_key_tells_neither_tenant_nor_session() -> None:
    key = cache_key("acme", "support-42")

    assert "acme" not in key
    assert "support" not in key
    assert cache_key("a", "b:c") != cache_key("a:b", "c")


async def test_a_key_of_one_s_own_is_sent_as_it_is(sim: Simulator, session: AsyncSession) -> None:
    await session.ask("Hi", prompt_cache_key="mine")

    assert keys(sim) == ["mine"]


async def test_tenants_share_no_session(grok: Any) -> None:
    store = MemorySessions()
    ours = AsyncSession("s", store=store, responses=grok.responses, tenant="us")
    theirs = AsyncSession("s", store=store, responses=grok.responses, tenant="them")

    await ours.ask("secret")

    assert await theirs.history() == []


async def test_a_conversation_that_only_grows_raises_no_alarm(
    session: AsyncSession, told: list[PromptCacheDropped]
) -> None:
    for _ in range(3):
        answer = await session.ask(LONG)

    assert answer.usage.cached_tokens > 0
    assert told == []


async def test_changed_instructions_are_found_out(session: AsyncSession, told: list[PromptCacheDropped]) -> None:
    await session.ask(LONG, instructions="It is 10:00.")
    await session.ask("And now?", instructions="It is 10:01.")

    assert [drop.part for drop in told] == ["instructions"]
    assert told[0].sent_before > 1_000
    assert told[0].cached_tokens < told[0].sent_before / 2
    assert "10:0" not in str(told[0])


async def test_a_changed_tool_is_found_out_where_the_server_says_little_was_cached(
    sim: Simulator, session: AsyncSession, told: list[PromptCacheDropped]
) -> None:
    sim.on().reply("Yes.", usage={"cached_tokens": 64})

    await session.ask(LONG, tools=TOOLS)
    await session.ask("On", tools=[*TOOLS[:2], {**TOOLS[2], "description": "now with one"}, TOOLS[3]])

    assert [drop.part for drop in told] == ["tool list item 3"]


async def test_a_part_of_the_history_that_changed_is_found_out(
    sim: Simulator, session: AsyncSession, told: list[PromptCacheDropped]
) -> None:
    sim.on(last="Rain").reply(tool_calls=[("weather", {"city": "Oslo"})])
    call = (await session.ask("Rain?", model="grok-4.20-0309-non-reasoning")).tool_calls[0]
    await session.ask(LONG, model="grok-4.20-0309-non-reasoning")
    late = {"type": "function_call_output", "call_id": call.id, "output": "no"}

    await session.ask([late], model="grok-4.20-0309-non-reasoning")

    assert [drop.part for drop in told] == ["item 3 (function_call_output)"]


async def test_a_prompt_that_did_not_change_is_the_server_s_doing(
    sim: Simulator, session: AsyncSession, told: list[PromptCacheDropped]
) -> None:
    sim.on().reply("Yes.", usage={"cached_tokens": 0})

    await session.ask(LONG)
    await session.ask("On")

    assert [drop.part for drop in told] == [None]
    assert "nothing in them changed" in str(told[0])


async def test_short_prompts_and_compactions_raise_no_alarm(
    session: AsyncSession, told: list[PromptCacheDropped]
) -> None:
    await session.ask("Hi", instructions="a")
    await session.ask(LONG, instructions="b")
    await session.compact()
    await session.ask("On", instructions="b")

    assert told == []


async def test_streams_raise_the_alarm_too(session: AsyncSession, told: list[PromptCacheDropped]) -> None:
    await session.ask(LONG, instructions="a")
    async with session.stream("On", instructions="b") as stream:
        await stream.done()

    assert [drop.part for drop in told] == ["instructions"]


async def test_the_alarm_outlives_the_process(grok: Any, told: list[PromptCacheDropped]) -> None:
    store = MemorySessions()
    await AsyncSession("s", store=store, responses=grok.responses, instructions="a").ask(LONG)

    await AsyncSession("s", store=store, responses=grok.responses, instructions="b", told=told.append).ask("On")

    assert [drop.part for drop in told] == ["instructions"]


async def test_the_log_hears_of_it_when_nobody_else_does(grok: Any, caplog: pytest.LogCaptureFixture) -> None:
    session = AsyncSession("s", store=MemorySessions(), responses=grok.responses)
    with caplog.at_level(logging.INFO, "grokkit"):
        await session.ask(LONG, instructions="a")
        await session.ask("On", instructions="b")

    records = [record for record in caplog.records if "prompt_cache_dropped" in record.getMessage()]
    assert [record.levelname for record in records] == ["WARNING"]
    assert "first differing part: instructions" in records[0].getMessage()


ITEMS: list[dict[str, Any]] = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


@pytest.mark.parametrize(
    ("before", "now", "part"),
    [
        ({}, {"model": "m"}, "model"),
        ({"instructions": "a"}, {}, "instructions"),
        ({"tools": TOOLS}, {"tools": TOOLS[:3]}, "tool list item 4"),
        ({"tools": TOOLS[:3]}, {"tools": TOOLS}, "tool list item 4"),
        ({"tools": TOOLS}, {"tools": TOOLS[::-1]}, "tool list item 1"),
        ({}, {"text": {"format": {"type": "json_object"}}}, "response format"),
        ({}, {"items": [*ITEMS, {"role": "user", "content": "c"}]}, None),
        ({}, {"items": ITEMS[:1]}, "item 2 (message)"),
        ({}, {"items": [ITEMS[0], {"role": "assistant", "content": "B"}]}, "item 2 (message)"),
        ({}, {"items": [{"type": "compaction", "encrypted_content": "x"}]}, "item 1 (message)"),
    ],
)
def test_the_first_difference_is_named(before: dict[str, Any], now: dict[str, Any], part: str | None) -> None:
    def prompt(fields: dict[str, Any]) -> Prompt:
        return Prompt(head_of(fields.get("model"), fields), fields.get("items", ITEMS))

    assert first_difference(prompt(before), prompt(now)) == part
