"""Sessions encrypted at rest: only the key opens them, at their own place, as they were; no file tells them."""

from __future__ import annotations

import asyncio
import base64
import traceback
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grokkit import Secret
from grokkit.errors import ConfigInvalid, GrokError
from grokkit.sessions import AsyncSession, MemorySessions, SealBroken, SessionSealed, new_key, open_sessions
from grokkit.sessions import sealing_keys as keys_module
from grokkit.sessions.sealing import Sealed
from grokkit.sessions.sealing_form import place
from grokkit.sessions.sealing_keys import Keyring
from grokkit.sessions.store import Description, SessionConflict
from grokkit.sessions.turn import Turn
from grokkit.testing import Simulator
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grokkit.sessions.store import SessionStore

KEY = new_key()
WORDS = "passphrase:correct horse battery staple"


def said(text: str, **fields: Any) -> Turn:
    return Turn(input=[{"role": "user", "content": text}], **fields)


def kept(store: MemorySessions, name: str = "s", tenant: str = "") -> list[tuple[str, bytes]]:
    """What a store in memory holds of a session, to be looked at and tampered with."""
    return store._shelf.kept[tenant, name].turns


@pytest.fixture(autouse=True)
def _easier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(keys_module._HARDNESS, "n", 2**4)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
TURNS = st.builds(
    Turn,
    kind=st.sampled_from(["turn", "compaction", "rewind"]),
    input=st.lists(st.dictionaries(TEXTS, JSON, max_size=3), max_size=3),
    output=st.lists(st.dictionaries(TEXTS, JSON, max_size=3), max_size=3),
    created=st.floats(0, 2e9),
    copied=st.booleans(),
    usage=st.none() | st.builds(Usage, input_tokens=st.integers(0, 2**40)),
    upto=st.integers(0, 9),
)


@given(turns=st.lists(TURNS, max_size=4), name=TEXTS, tenant=TEXTS)
def test_what_is_sealed_comes_back_as_it_was(turns: list[Turn], name: str, tenant: str) -> None:
    async def there_and_back() -> list[Turn]:
        store = Sealed(MemorySessions(), KEY).for_tenant(tenant)
        await store.append(name, turns, expected=0)
        return await store.load(name)

    assert asyncio.run(there_and_back()) == turns


@settings(max_examples=300)
@given(text=st.binary(max_size=60), at=st.integers(0), change=st.integers(1, 255))
def test_any_changed_byte_is_refused(text: bytes, at: int, change: int) -> None:
    async def changed() -> None:
        ring = Keyring(KEY)
        octets = bytearray(base64.b64decode(await ring.seal(text, place("", "s", 1))))
        octets[at % len(octets)] ^= change
        with pytest.raises((SealBroken, SessionSealed)):
            await ring.open(base64.b64encode(octets).decode(), place("", "s", 1))

    asyncio.run(changed())


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0), change=st.integers(1, 255))
def test_a_changed_byte_of_what_the_store_holds_is_refused_or_changes_nothing(at: int, change: int) -> None:
    turn = said("Rain in Oslo?", created=1.5, usage=Usage(input_tokens=3), copied=True)

    async def changed() -> None:
        plain = MemorySessions()
        store = Sealed(plain, KEY)
        await store.append("s", [turn], expected=0)
        ((name, entry),) = kept(plain)
        octets = bytearray(entry)
        octets[at % len(octets)] ^= change
        kept(plain)[0] = (name, bytes(octets))
        try:
            assert await store.load("s") == [turn]
        except GrokError as error:
            assert isinstance(error, SealBroken | SessionSealed)  # noqa: PT017  # both outcomes are right

    asyncio.run(changed())


async def test_a_text_of_the_seal_has_one_spelling() -> None:
    ring = Keyring(KEY)
    sealed = await ring.seal(b"123", place("", "s", 1))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    assert sealed.endswith("=")
    end = len(sealed.rstrip("=")) - 1
    for letter in letters:
        if letter != sealed[end]:
            with pytest.raises(SealBroken):
                await ring.open(sealed[:end] + letter + sealed[end + 1 :], place("", "s", 1))
    for other in (sealed + "\n", sealed + "=", sealed.rstrip("="), " " + sealed, "", "ключ"):
        with pytest.raises(SealBroken):
            await ring.open(other, place("", "s", 1))


@pytest.fixture
async def two() -> tuple[MemorySessions, Sealed]:
    """A sealed store with two sessions of two tenants, and the plain one in it."""
    plain = MemorySessions()
    sealed = Sealed(plain, KEY)
    for tenant in ("", "acme"):
        for name in ("s", "t"):
            turns = [said(f"{tenant} {name} {number}", created=1.0) for number in range(2)]
            await sealed.for_tenant(tenant).append(name, turns, expected=0)
            await sealed.for_tenant(tenant).describe(name, Description(title=f"{tenant} {name}"), at=1.0)
    return plain, sealed


async def test_a_turn_opens_only_where_it_was_sealed(two: tuple[MemorySessions, Sealed]) -> None:
    plain, sealed = two
    first = kept(plain)[0]

    for entries, at in ((kept(plain), 1), (kept(plain, "t"), 0), (kept(plain, "s", "acme"), 0)):
        was, entries[at] = entries[at], first
        reader = sealed.for_tenant("acme") if entries is kept(plain, "s", "acme") else sealed
        with pytest.raises(SealBroken, match="belongs elsewhere"):
            await reader.load("t" if entries is kept(plain, "t") else "s")
        entries[at] = was

    assert len(await sealed.load("s")) == 2


async def test_turns_that_were_left_out_are_noticed(two: tuple[MemorySessions, Sealed]) -> None:
    plain, sealed = two
    del kept(plain)[0]

    with pytest.raises(SealBroken):
        await sealed.load("s")


async def test_a_title_opens_only_at_its_session(two: tuple[MemorySessions, Sealed]) -> None:
    plain, sealed = two
    title = (await plain.list()).sessions[0].title

    await plain.describe("s", Description(title=title), at=1.0)
    await plain.describe("t", Description(title=title), at=1.0)

    with pytest.raises(SealBroken, match="the title of session"):
        await sealed.list()


@pytest.mark.parametrize(
    "change",
    [{"created": 9.0}, {"usage": Usage(input_tokens=9)}, {"copied": True}, {"model": "m"}],
    ids=["time", "usage", "copied", "model"],
)
async def test_what_stays_readable_cannot_be_changed_either(
    two: tuple[MemorySessions, Sealed], change: dict[str, Any]
) -> None:
    plain, sealed = two
    turn = (await plain.load("s"))[0]
    kept(plain)[0] = (turn.id, msgspec.json.encode(msgspec.structs.replace(turn, **change)))

    with pytest.raises(SealBroken, match="not what was sealed"):
        await sealed.load("s")


async def test_another_key_is_told_from_tampering(two: tuple[MemorySessions, Sealed]) -> None:
    other = Sealed(two[0], new_key())

    for failing in (other.load("s"), other.info("s"), other.list(), other.search("s")):
        with pytest.raises(SessionSealed, match="sealed with another key") as caught:
            await failing
    told = "".join(traceback.format_exception(caught.value))

    assert KEY.reveal() not in told


async def test_keys_are_changed_by_putting_a_new_one_in_front(two: tuple[MemorySessions, Sealed]) -> None:
    plain, _ = two
    new = new_key()
    both = Sealed(plain, [new, KEY])

    await both.append("s", [said("third")], expected=2)
    await both.describe("t", Description(title="new"), at=1.0)

    assert [turn.said for turn in await both.load("s")] == [" s 0", " s 1", "third"]
    assert [turn.said for turn in await Sealed(plain, [KEY, new]).load("s", after=2)] == ["third"]
    assert [turn.said for turn in await Sealed(plain, new).load("s", after=2)] == ["third"]
    with pytest.raises(SessionSealed):
        await Sealed(plain, KEY).load("s")


async def test_plain_sessions_are_refused_by_a_store_with_a_key() -> None:
    plain = MemorySessions()
    await plain.append("s", [said("put there by somebody")], expected=0)
    await plain.describe("t", Description(title="put there too"), at=1.0)
    sealed = Sealed(plain, KEY)

    with pytest.raises(SealBroken, match="turn 1 of session 's' is not sealed"):
        await sealed.load("s")
    with pytest.raises(SealBroken, match="the title of session 't' is not sealed"):
        await sealed.info("t")


async def test_a_sealed_session_is_not_gone_on_with_in_plain_text() -> None:
    plain = MemorySessions()
    async with Simulator().async_grok() as grok:
        await AsyncSession("s", store=Sealed(plain, KEY), responses=grok.responses).ask("Hi")
        blind = AsyncSession("s", store=plain, responses=grok.responses)

        with pytest.raises(SessionSealed, match="opened without a key"):
            await blind.ask("Hi again")
        with pytest.raises(SessionSealed):
            await blind.export()

    assert len(kept(plain)) == 1


@pytest.mark.parametrize("forms", ["turns", "titles"])
async def test_the_same_words_look_different_each_time(two: tuple[MemorySessions, Sealed], forms: str) -> None:
    plain, sealed = two
    for name in "ab":
        await sealed.append(name, [said("same", created=1.0)], expected=0)
        await sealed.describe(name, Description(title="same"), at=1.0)

    if forms == "turns":
        assert kept(plain, "a")[0][1] != kept(plain, "b")[0][1]
    else:
        assert len({info.title for info in (await plain.list()).sessions}) == 4


async def test_what_was_said_is_nowhere_in_the_files(tmp_path: Path) -> None:
    store = open_sessions(f"sqlite:///{tmp_path}/chat.db", key=KEY)
    answer = {"role": "assistant", "content": "It rains, says Platypus."}
    turn = Turn(input=[{"role": "user", "content": "Rain in Ouagadougou?"}], output=[answer], model="grok-4.7")
    await store.append("weather", [turn], expected=0)
    await store.describe("weather", Description(title="Umbrellas", tags=("trips",)), at=1.0)
    hits = await store.search("PLATYPUS rain")

    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    await store.aclose()
    held += b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert [hit.version for hit in hits] == [1]
    assert b"weather" in held
    assert b"trips" in held
    for word in (b"ouagadougou", b"platypus", b"umbrellas", b"grok-4.7", b"rain", b"assistant"):
        assert word not in held.lower()
        assert base64.b64encode(word).rstrip(b"=") not in held


async def test_nothing_said_is_in_postgres_or_redis(common_postgres: Any, common_redis: Any) -> None:
    url = common_postgres.database()
    for where in (url, common_redis.url):
        store = open_sessions(where, key=KEY)
        await store.delete("sealed-weather")
        await store.append("sealed-weather", [said("Rain in Ouagadougou?")], expected=0)
        await store.describe("sealed-weather", Description(title="Umbrellas"), at=1.0)
        await store.aclose()

    rows = common_postgres.tell(
        "SELECT turn, folded, title, title_folded FROM grokkit_sessions, grokkit_session_turns", url
    )
    entry = common_redis.ask("LRANGE", "grokkit:sessions:{t:}:turns:sealed-weather", "0", "-1")
    about = common_redis.ask("HGETALL", "grokkit:sessions:{t:}:session:sealed-weather")

    for held in (repr(rows).encode(), entry, about):
        assert b"seal" in held
        assert b"ouagadougou" not in held.lower()
        assert b"umbrella" not in held.lower()


async def test_a_passphrase_is_stretched_once_and_its_salt_is_found_again() -> None:
    plain = MemorySessions()
    first = Sealed(plain, WORDS)
    await first.append("s", [said("one")], expected=0)
    second = Sealed(plain, Secret(WORDS))

    await second.append("s", [said("two")], expected=1)
    both = Sealed(plain, [KEY, WORDS])

    assert [turn.said for turn in await both.load("s")] == ["one", "two"]
    assert len(both._ring._ciphers) == 1
    assert first._ring._salt == second._ring._salt
    with pytest.raises(SessionSealed):
        await Sealed(plain, WORDS + "s").load("s")


async def test_a_broken_turn_of_one_session_keeps_nobody_from_adding_to_another() -> None:
    plain = MemorySessions()
    await plain.append("broken", [said("plain")], expected=0)
    store = Sealed(plain, WORDS)

    assert await store.append("s", [said("one")], expected=0) == 1
    assert await store.append("s", [said("two")], expected=1) == 2


async def test_two_stores_of_one_passphrase_have_keys_of_their_own() -> None:
    first, second = Sealed(MemorySessions(), WORDS), Sealed(MemorySessions(), WORDS)

    for store in (first, second):
        await store.append("s", [said("one")], expected=0)

    assert first._ring._salt != second._ring._salt


async def test_a_conflict_stays_a_conflict(two: tuple[MemorySessions, Sealed]) -> None:
    with pytest.raises(SessionConflict):
        await two[1].append("s", [said("late")], expected=1)


@pytest.mark.parametrize(
    "key",
    ["", "hunter2", "hunter2" * 8, "passphrase:hunter2", new_key().reveal()[:-2], f"{KEY.reveal()} hunter2"],
    ids=["empty", "a word", "too long", "a short passphrase", "cut off", "a key and a word"],
)
def test_a_text_that_is_no_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        open_sessions("memory", key=key)

    assert "hunter2" not in "".join(traceback.format_exception(caught.value)).replace("hunter2*", "")


@pytest.mark.parametrize(
    "written",
    [
        lambda key: key,
        lambda key: key.rstrip("="),
        lambda key: key.replace("+", "-").replace("/", "_"),
        lambda key: f"\n  {key}\n{new_key().reveal()}",
        lambda key: f"{key} {new_key().reveal()}\n{WORDS}",
    ],
)
async def test_a_key_may_be_written_in_several_ways(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, written: Callable[[str], str]
) -> None:
    where = f"sqlite:///{tmp_path}/chat.db"
    one = open_sessions(where, key=KEY)
    await one.append("s", [said("Hi")], expected=0)
    monkeypatch.setenv("GROKKIT_SESSIONS_KEY", written(KEY.reveal()))

    other = open_sessions(where)
    loaded = await other.load("s")
    for store in (one, other):
        await store.aclose()

    assert [turn.said for turn in loaded] == ["Hi"]
    assert isinstance(other, Sealed)
    assert KEY.reveal()[:8] not in repr(vars(other)) + repr(vars(other._ring))


def test_the_key_of_the_environment_can_be_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROKKIT_SESSIONS_KEY", KEY.reveal())
    opened: list[SessionStore] = [open_sessions("memory", key=()), open_sessions("memory", key=[])]

    assert [type(store) for store in opened] == [MemorySessions, MemorySessions]


async def test_a_search_finds_each_session_once_though_one_moves_meanwhile() -> None:
    plain = MemorySessions()
    store = Sealed(plain, KEY)
    for number in range(200):
        await store.append(f"s{number:03}", [said("needle", created=float(number))], expected=0)
    listing = store.list
    asked: list[str | None] = []

    async def moving(*, tag: str | None = None, limit: int = 50, after: str | None = None) -> Any:
        if after is not None and not any(asked):
            await store.append("s199", [said("hay", created=50.5)], expected=1)
            await store.append("s010", [said("hay", created=500.0)], expected=1)
        asked.append(after)
        return await listing(tag=tag, limit=limit, after=after)

    store.list = moving  # type: ignore[method-assign]
    hits = await store.search("needle", limit=500)

    assert len({hit.name for hit in hits}) == len(hits) >= 199
