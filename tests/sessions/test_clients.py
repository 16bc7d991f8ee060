"""Sessions by way of a client, on both faces: where they are, whose they are, and what is known of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import ClientClosed, ConfigInvalid, InvalidRequest, NotFound
from grokkit.sessions import MemorySessions, SessionConflict, open_sessions
from grokkit.sessions.opening import default_file
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.conftest import Face

NO_TEXT = "\ud800"


@pytest.fixture
def sim() -> Simulator:
    return Simulator(seed=5)


@pytest.fixture
def where(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/chat.db"


@pytest.fixture
async def grok(face: Face, sim: Simulator, where: str) -> AsyncIterator[Any]:
    client = sim.grok if face.name == "blocking" else sim.async_grok
    grok = client(sessions=where, retries=0)
    yield grok
    await face.call(grok.close)


async def every(face: Face, sessions: Any, **options: Any) -> list[str]:
    """The names of all sessions, by iteration."""
    if face.name == "blocking":
        return await face.call(lambda: [info.name for info in sessions.each(**options)])
    return [info.name async for info in sessions.each(**options)]


async def test_a_session_of_a_client_is_in_the_store_of_its_settings(face: Face, grok: Any, where: str) -> None:
    await face.call(grok.session("support-42").ask, "Hi")
    store = open_sessions(where)

    turns = await store.load("support-42")
    await store.aclose()

    assert [turn.said.split("\n")[0] for turn in turns] == ["Hi"]


async def test_without_any_setting_it_is_in_the_user_s_own_file(
    face: Face, sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    grok = sim.grok() if face.name == "blocking" else sim.async_grok()

    await face.call(grok.session("diary").ask, "Hi")
    await face.call(grok.close)

    assert default_file() == tmp_path / "data" / "grokkit" / "sessions.db"
    assert default_file().exists()


async def test_the_environment_says_where_sessions_are(face: Face, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("GROKKIT_SESSIONS", where)

    grok = face.client()

    assert repr(grok.sessions).endswith(f"in {where}>")
    assert repr(grok.session("a")).endswith(f"'a' in {where}>")


async def test_a_store_can_be_named_for_one_session(face: Face, grok: Any, tmp_path: Path) -> None:
    other, given = f"sqlite:///{tmp_path}/other.db", MemorySessions()

    await face.call(grok.session("a", store=other).ask, "Hi")
    await face.call(grok.session("b", store=given).ask, "Hi")

    assert await every(face, grok.sessions) == []
    assert await every(face, grok.sessions.in_store(other)) == ["a"]
    assert await every(face, grok.sessions.in_store(given)) == ["b"]


async def test_sessions_that_name_the_same_store_share_it(face: Face, grok: Any) -> None:
    await face.call(grok.session("a", store="memory").ask, "Hi")

    assert len(await face.call(grok.session("a", store="memory").history)) == 1


@pytest.mark.parametrize("named", ["chat.db", "mysql://me:secret@host/db"])
async def test_a_text_that_names_no_store_is_refused_at_once(grok: Any, named: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        grok.session("a", store=named)

    assert "secret" not in str(caught.value)


async def test_a_setting_that_is_no_store_is_refused(face: Face) -> None:
    with pytest.raises(ConfigInvalid, match="a store of sessions"):
        face.client(sessions=17)


async def test_a_store_is_a_setting_too(face: Face, sim: Simulator) -> None:
    given = MemorySessions()
    grok = (sim.grok if face.name == "blocking" else sim.async_grok)(sessions=given)

    await face.call(grok.session("a").ask, "Hi")
    await face.call(grok.close)

    assert [turn.said.split("\n")[0] for turn in await given.load("a")] == ["Hi"]


async def test_what_is_said_of_a_session_holds_for_every_turn(face: Face, sim: Simulator, grok: Any) -> None:
    session = grok.session("a", instructions="Be kind.", model="grok-4.3", options={"max_output_tokens": 50})

    await face.call(session.ask, "Hi")

    body: Any = sim.calls[-1].json
    assert (body["instructions"], body["model"], body["max_output_tokens"]) == ("Be kind.", "grok-4.3", 50)


async def test_a_misspelt_option_is_a_type_error(grok: Any) -> None:
    with pytest.raises(TypeError, match="compct_at"):
        grok.session("a", compct_at=1)


# ---- derived clients, closing


async def test_a_derived_client_has_the_same_sessions(face: Face, grok: Any) -> None:
    kept = grok.session("a", store="memory")
    await face.call(kept.ask, "Hi")
    derived = grok.with_options(model="grok-4.3")

    await face.call(derived.session("a", store="memory").ask, "Hi again")
    await face.call(derived.close)

    assert [turn.model for turn in await face.call(kept.history)] == ["grok-4.7", "grok-4.3"]


async def test_a_derived_client_may_have_its_sessions_elsewhere(face: Face, grok: Any, tmp_path: Path) -> None:
    derived = grok.with_options(sessions=f"sqlite:///{tmp_path}/other.db")

    await face.call(derived.session("a").ask, "Hi")

    assert await every(face, derived.sessions) == ["a"]
    assert await every(face, grok.sessions) == []


async def test_closing_the_client_closes_the_stores_that_it_opened(
    face: Face, sim: Simulator, where: str, tmp_path: Path
) -> None:
    given = open_sessions(f"sqlite:///{tmp_path}/given.db")
    grok = (sim.grok if face.name == "blocking" else sim.async_grok)(sessions=where)
    own: Any = getattr(grok, "twin", grok)._kept.of(where)
    session = grok.session("a")
    await face.call(session.ask, "Hi")
    await face.call(grok.session("b", store=given).ask, "Hi")
    open_before = own._held.file._connection is not None

    await face.call(grok.with_options(timeout=9).close)
    open_still = own._held.file._connection is not None
    await face.call(grok.close)

    assert (open_before, open_still, own._held.file._connection) == (True, True, None)
    assert given._held.file._connection is not None  # type: ignore[attr-defined]
    with pytest.raises(ClientClosed):
        await face.call(session.ask, "Hi")
    with pytest.raises(ClientClosed):
        grok.session("a")
    with pytest.raises(ClientClosed):
        await face.call(grok.sessions.list)
    await given.aclose()


# ---- tenants


async def test_tenants_see_their_own_sessions_only(face: Face, sim: Simulator, grok: Any) -> None:
    acme = grok.with_options(tenant="acme")
    await face.call(acme.session("a").ask, "of acme")
    await face.call(grok.session("a").ask, "of nobody")
    await face.call(grok.session("b", tenant="umbrella").ask, "of umbrella")

    assert await every(face, acme.sessions) == ["a"]
    assert await every(face, grok.sessions.for_tenant("umbrella")) == ["b"]
    assert await face.call(grok.sessions.search, "of") != await face.call(acme.sessions.search, "of")
    assert len(await face.call(acme.session("a").history)) == 1
    keys = [call.json["prompt_cache_key"] for call in sim.calls]  # type: ignore[index, call-overload]
    assert len(set(keys)) == 3


# ---- the collection


async def test_sessions_are_listed_page_by_page_and_one_after_the_other(face: Face, grok: Any) -> None:
    names = [f"s{number:02d}" for number in range(60)]
    for name in names:
        await face.call(
            grok.sessions.open(name, store="memory").describe, tags=["even" if name[-1] in "02468" else "odd"]
        )
    sessions = grok.sessions.in_store("memory")

    page = await face.call(sessions.list, limit=7)
    rest = await face.call(sessions.list, limit=100, after=page.next)

    assert len(page.sessions) == 7
    assert {info.name for info in (*page.sessions, *rest.sessions)} == set(names)
    assert sorted(await every(face, sessions)) == names
    assert len(await every(face, sessions, tag="even")) == 30


async def test_a_collection_is_iterated_by_itself(face: Face, grok: Any) -> None:
    await face.call(grok.session("a").ask, "Hi")

    if face.name == "blocking":
        found = await face.call(list, grok.sessions)
    else:
        found = [info async for info in grok.sessions]

    assert [info.name for info in found] == ["a"]


async def test_sessions_are_found_described_and_forgotten_by_name(face: Face, grok: Any) -> None:
    await face.call(grok.session("a").ask, "Rain in Oslo?")

    described = await face.call(grok.sessions.describe, "a", title="Weather", tags=["rain"])
    hits = await face.call(grok.sessions.search, "RAIN oslo", tag="rain", limit=1)
    forgotten = [await face.call(grok.sessions.delete, "a") for _ in range(2)]

    assert (described.title, described.tags, described.version) == ("Weather", ("rain",), 1)
    assert [(hit.name, hit.version) for hit in hits] == [("a", 1)]
    assert forgotten == [True, False]


async def test_a_session_is_exported_and_imported_under_another_name(face: Face, grok: Any) -> None:
    await face.call(grok.session("a").ask, "Rain in Oslo?")
    text = await face.call(grok.sessions.export, "a")

    entries = await face.call(grok.sessions.import_, "b", text)

    assert entries == 1
    assert await face.call(grok.session("b").history) == await face.call(grok.session("a").history)
    assert (await face.call(grok.sessions.export, "a", "markdown")).startswith("# a\n\n## User\n\nRain in Oslo?")
    with pytest.raises(SessionConflict, match="try: there is a session of this name"):
        await face.call(grok.sessions.import_, "b", text)


async def test_a_name_that_is_not_there_is_told_with_the_nearest_one(face: Face, grok: Any) -> None:
    await face.call(grok.session("support-42").ask, "Hi")

    for method in (grok.sessions.info, grok.sessions.export, grok.sessions.describe):
        with pytest.raises(NotFound, match=r"there is no session 'suport-42' in sqlite(.|\n)*mean 'support-42'"):
            await face.call(method, "suport-42")
    with pytest.raises(NotFound, match="grokkit sessions list"):
        await face.call(grok.sessions.info, "x")


async def test_imported_turns_of_other_programs_are_of_now(face: Face, grok: Any) -> None:
    await face.call(grok.session("old").ask, "Hi")

    await face.call(grok.sessions.import_, "new", '{"role": "user", "content": "Hi"}')

    assert await every(face, grok.sessions) == ["new", "old"]


async def test_texts_that_no_store_can_keep_are_refused(face: Face, grok: Any) -> None:
    await face.call(grok.session("a").ask, "Hi")
    sessions = grok.sessions
    for method, arguments, options in [
        (sessions.info, (NO_TEXT,), {}),
        (sessions.delete, (NO_TEXT,), {}),
        (sessions.search, (NO_TEXT,), {}),
        (sessions.list, (), {"tag": NO_TEXT}),
        (sessions.describe, ("a",), {"title": NO_TEXT}),
        (sessions.describe, ("a",), {"tags": [NO_TEXT]}),
        (grok.session("a").describe, (), {"title": NO_TEXT}),
    ]:
        with pytest.raises(InvalidRequest, match="no text that can be stored"):
            await face.call(method, *arguments, **options)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_that_leaves_nothing_is_refused(face: Face, grok: Any, limit: int) -> None:
    for ask in (lambda: grok.sessions.list(limit=limit), lambda: grok.sessions.search("rain", limit=limit)):
        with pytest.raises(InvalidRequest, match=f"a limit of {limit}"):
            await face.call(ask)


async def test_tags_that_are_one_text_are_not_taken_for_its_letters(face: Face, grok: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"tags=\['abc'\]"):
        await face.call(lambda: grok.session("s").describe(tags="abc"))
