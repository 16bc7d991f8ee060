"""What every store of sessions does, each with the same words."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grokkit.errors import InvalidRequest
from grokkit.sessions.finding import written
from grokkit.sessions.memory import MemorySessions
from grokkit.sessions.store import Description, SessionConflict
from grokkit.sessions.turn import Head, Turn
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.sessions.store import SessionStore

ODD_NAMES = ["a b", "a:b", "{a}", "{", "}", "ключ/ключ", "a\nb", "a\x00b", "%s", "x" * 500, "'; DROP TABLE x"]


def said(text: str, **fields: Any) -> Turn:
    return Turn(input=[{"role": "user", "content": text}], **fields)


async def test_turns_come_back_in_order_and_whole(store: SessionStore) -> None:
    first = said("Rain in Oslo? ☂ \x00", created=1.5, model="grok-4.7", head=Head(model="m", tools=("a", "b")))
    second = Turn(
        output=[{"type": "reasoning", "summary": [], "encrypted_content": "x" * 100_000}],
        usage=Usage(input_tokens=3, cost_ticks=7, server_side_tools={"web_search_calls": 2}),
        partial=True,
        broke="ConnectionLost",
    )

    versions = [await store.append("s", [first], expected=0), await store.append("s", [second], expected=1)]

    assert versions == [1, 2]
    assert await store.load("s") == [first, second]
    assert await store.load("s", after=1) == [second]
    assert await store.load("s", after=2) == []
    assert await store.load("s", limit=1) == [first]
    assert await store.load("s", limit=0) == []
    assert await store.load("s", after=1, limit=5) == [second]


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_any_text_is_a_name_and_a_tag(store: SessionStore, name: str) -> None:
    await store.append(name, [said("Hi")], expected=0)
    await store.describe(name, Description(tags=(name,)), at=1.0)

    page = await store.list(tag=name)

    assert [info.name for info in page.sessions] == [name]
    assert page.sessions[0].tags == (name,)
    assert await store.delete(name)
    assert (await store.list(tag=name)).sessions == []


async def test_there_is_nothing_of_a_session_that_nobody_began(store: SessionStore) -> None:
    assert await store.load("s") == []
    assert await store.info("s") is None
    assert not await store.delete("s")
    assert await store.append("s", [], expected=0) == 0
    assert await store.info("s") is None
    assert (await store.list()).sessions == []


async def test_who_has_not_seen_the_last_turn_adds_none(another: Callable[[], SessionStore]) -> None:
    one, other = another(), another()
    await one.append("s", [said("one")], expected=0)

    with pytest.raises(SessionConflict) as caught:
        await other.append("s", [said("two")], expected=0)
    with pytest.raises(SessionConflict):
        await other.append("s", [said("three")], expected=7)

    assert (caught.value.expected, caught.value.version) == (0, 1)
    assert [turn.said for turn in await other.load("s")] == ["one"]


async def test_the_same_turns_at_the_same_place_are_added_once(another: Callable[[], SessionStore]) -> None:
    one, other = another(), another()
    turns = [said("one", usage=Usage(input_tokens=5)), said("two")]

    await one.append("s", turns, expected=0)
    again = await one.append("s", turns, expected=0)
    await other.append("s", [said("three")], expected=2)
    once_more = await one.append("s", turns, expected=0)
    info = await one.info("s")

    assert (again, once_more) == (2, 2)
    assert [turn.said for turn in await one.load("s")] == ["one", "two", "three"]
    assert info is not None
    assert info.usage.input_tokens == 5


async def test_of_several_turns_all_are_added_or_none(store: SessionStore) -> None:
    await store.append("s", [said(str(number)) for number in range(300)], expected=0)

    with pytest.raises(SessionConflict):
        await store.append("s", [said("a"), said("b")], expected=299)

    assert [turn.said for turn in await store.load("s")] == [str(number) for number in range(300)]


async def test_writers_at_the_same_time_lose_nothing(another: Callable[[], SessionStore]) -> None:
    async def write(store: SessionStore, who: str) -> None:
        version = 0
        for number in range(20):
            while True:
                try:
                    version = await store.append("s", [said(f"{who}{number}")], expected=version)
                except SessionConflict as conflict:
                    version = conflict.version
                else:
                    break

    await asyncio.gather(*(write(another(), who) for who in "abcd"))
    turns = [turn.said for turn in await another().load("s")]

    assert len(turns) == 80
    assert all([turn for turn in turns if turn[0] == who] == [f"{who}{at}" for at in range(20)] for who in "abcd")


async def test_what_is_known_of_a_session_adds_up(store: SessionStore) -> None:
    usage = Usage(input_tokens=10, output_tokens=4, total_tokens=14, cost_ticks=70, server_side_tools={"mcp_calls": 1})
    await store.append("s", [said("one", created=5.0, usage=usage)], expected=0)
    await store.append("s", [said("two", created=9.0, usage=usage), said("old", created=7.0)], expected=1)
    await store.append("s", [said("taken over", created=8.0, usage=usage, copied=True)], expected=3)
    info = await store.describe("s", Description(title="Weather", tags=("b", "a", "a"), origin="before"), at=100.0)

    assert info == await store.info("s")
    assert (info.name, info.version, info.created, info.updated) == ("s", 4, 5.0, 9.0)
    assert (info.title, info.tags, info.origin) == ("Weather", ("a", "b"), "before")
    assert info.usage == usage + usage


async def test_a_cost_that_nobody_knows_stays_unknown(store: SessionStore) -> None:
    await store.append("s", [said("one", usage=Usage(input_tokens=1, cost_ticks=70))], expected=0)
    await store.append("s", [said("two", usage=Usage(input_tokens=1))], expected=1)
    info = await store.info("s")

    assert info is not None
    assert info.usage.cost_ticks is None


async def test_only_what_is_given_is_changed_in_a_description(store: SessionStore) -> None:
    await store.describe("s", Description(title="Weather", tags=("a",)), at=3.0)
    await store.describe("s", Description(tags=("b",)), at=4.0)
    await store.describe("s", Description(origin="o"), at=5.0)
    before = await store.info("s")
    after = await store.describe("s", Description(title="", tags=()), at=6.0)

    assert before is not None
    assert (before.title, before.tags, before.origin, before.created, before.version) == (
        "Weather",
        ("b",),
        "o",
        3.0,
        0,
    )
    assert (after.title, after.tags, after.origin) == ("", (), "o")
    assert (await store.list(tag="b")).sessions == []


async def test_sessions_are_listed_newest_first_page_by_page(store: SessionStore) -> None:
    names = [f"s{number:03}" for number in range(150)]
    for number, name in enumerate(names):
        await store.append(name, [said("Hi", created=float(number // 100))], expected=0)

    pages, place = [], None
    while True:
        page = await store.list(limit=40, after=place)
        pages.append([info.name for info in page.sessions])
        if (place := page.next) is None:
            break

    assert [len(page) for page in pages] == [40, 40, 40, 30]
    assert [name for page in pages for name in page] == [*names[:99:-1], *names[99::-1]]


async def test_a_page_that_is_just_full_is_the_last(store: SessionStore) -> None:
    for name in "ab":
        await store.append(name, [said("Hi")], expected=0)

    assert (await store.list(limit=2)).next is None
    assert (await store.list(limit=1)).next is not None


@pytest.mark.parametrize("place", ["", "nonsense", "bm8=", "ключ"])
async def test_a_place_that_is_none_is_refused(store: SessionStore, place: str) -> None:
    with pytest.raises(InvalidRequest, match="place in a listing"):
        await store.list(after=place)


async def test_sessions_are_found_by_tag_as_they_move(store: SessionStore) -> None:
    for number, name in enumerate("abc"):
        await store.append(name, [said("Hi", created=float(number))], expected=0)
        await store.describe(name, Description(tags=("x",) if name != "b" else ("y",)), at=0.0)
    await store.append("a", [said("again", created=50.0)], expected=1)

    assert [info.name for info in (await store.list(tag="x")).sessions] == ["a", "c"]
    assert [info.name for info in (await store.list()).sessions] == ["a", "c", "b"]


async def test_words_are_found_whatever_their_case_newest_first(store: SessionStore) -> None:
    await store.append("old", [said("RAIN in Oslo", created=1.0), said("Sun", created=1.0)], expected=0)
    await store.append("new", [said("oslo?", created=2.0), said("No rain in OSLO", created=2.0)], expected=0)
    await store.append("answer", [Turn(output=[{"role": "assistant", "content": "Rain, Oslo"}])], expected=0)
    await store.describe("titled", Description(title="Straße: rain, Oslo", tags=("t",)), at=9.0)

    hits = await store.search("  Oslo rain ")

    assert [(hit.name, hit.version) for hit in hits] == [("titled", 0), ("new", 2), ("old", 1), ("answer", 1)]
    assert hits[1].excerpt == "No rain in OSLO"
    assert [hit.name for hit in await store.search("oslo", limit=2)] == ["titled", "new"]
    assert [hit.name for hit in await store.search("oslo", tag="t")] == ["titled"]
    assert [hit.name for hit in await store.search("STRASSE")] == ["titled"]
    assert await store.search("100%_") == []


async def test_the_words_of_a_long_session_are_found_the_last_first(store: SessionStore) -> None:
    turns = [said("needle" if number in {3, 299} else "hay", created=1.0) for number in range(1, 301)]
    await store.append("s", turns, expected=0)

    assert [hit.version for hit in await store.search("needle")] == [299, 3]


async def test_searching_for_nothing_is_refused(store: SessionStore) -> None:
    with pytest.raises(InvalidRequest, match="nothing to search"):
        await store.search("  ")


async def test_a_deleted_session_leaves_nothing(store: SessionStore) -> None:
    await store.append("s", [said("Rain")], expected=0)
    await store.describe("s", Description(title="t", tags=("x",)), at=1.0)

    deleted = await store.delete("s")

    assert deleted
    assert await store.load("s") == []
    assert await store.info("s") is None
    assert await store.search("rain") == []
    assert (await store.list(tag="x")).sessions == []
    assert await store.append("s", [said("anew")], expected=0) == 1


@pytest.mark.parametrize("tenant", ["acme", "a}b", "{", "*", "ключ", ""])
async def test_tenants_see_nothing_of_one_another(store: SessionStore, tenant: str) -> None:
    ours = store.for_tenant("us")
    theirs = store.for_tenant(tenant)

    await ours.append("s", [said("our secret")], expected=0)
    await ours.describe("s", Description(tags=("x",)), at=1.0)
    await theirs.append("s", [said("theirs")], expected=0)

    assert [turn.said for turn in await theirs.load("s")] == ["theirs"]
    assert await theirs.search("secret") == []
    assert (await theirs.list(tag="x")).sessions == []
    assert await theirs.delete("s")
    assert await ours.info("s") is not None
    assert theirs.tenant == tenant


async def test_a_closed_store_opens_again(store: SessionStore) -> None:
    await store.append("s", [said("Hi")], expected=0)

    await store.aclose()
    await store.aclose()

    assert await store.append("s", [said("again")], expected=1) == 2


async def test_a_store_says_where_it_is(store: SessionStore) -> None:
    assert str(store).startswith(("memory", "sqlite:///", "redis://", "postgresql://"))


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["append", "describe", "delete"]),
        st.sampled_from("ab"),
        st.integers(0, 3),
        st.sampled_from([(), ("x",), ("x", "y")]),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(operations=OPERATIONS)
def test_all_stores_do_the_same(
    operations: list[tuple[str, str, int, tuple[str, ...]]], another: Callable[[], SessionStore]
) -> None:
    async def outcomes(store: SessionStore) -> list[Any]:
        told: list[Any] = []
        for at, (what, name, number, tags) in enumerate(operations):
            try:
                match what:
                    case "append":
                        turns = [said(f"{name}{number}", created=float(at))] * (number or 1)
                        told.append(await store.append(name, turns, expected=number))
                    case "describe":
                        told.append(await store.describe(name, Description(tags=tags), at=float(at)))
                    case _:
                        told.append(await store.delete(name))
            except SessionConflict as conflict:
                told.append(conflict.version)
        told.append([(info.name, info.version, info.tags) for info in (await store.list(tag="x")).sessions])
        told.append((await store.list(limit=1)).next)
        return told

    async def compared() -> tuple[list[Any], list[Any]]:
        store = another()
        for name in "ab":
            await store.delete(name)
        try:
            return await outcomes(store), await outcomes(MemorySessions())
        finally:
            await store.aclose()

    one, other = asyncio.run(compared())

    assert one == other


def test_a_place_is_a_text_without_odd_letters() -> None:
    from grokkit.sessions.finding import Place

    assert written(Place(1.0, "ключ\n")).isascii()
