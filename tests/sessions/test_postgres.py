"""What is PostgreSQL's own: a server that dies and comes back, tables that many make at once, rights, encodings."""

from __future__ import annotations

import asyncio
import contextlib
import os
import traceback
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from grokkit.errors import ConfigInvalid, GrokError, StoreUnavailable
from grokkit.sessions import postgres_statements as statements
from grokkit.sessions.opening import open_sessions
from grokkit.sessions.postgres import PostgresSessions
from grokkit.sessions.postgres_line import _MOST
from grokkit.sessions.store import Description, SessionConflict
from grokkit.sessions.turn import Turn
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def said(text: str, **fields: Any) -> Turn:
    return Turn(input=[{"role": "user", "content": text}], **fields)


@pytest.fixture
def url(common_postgres: Any) -> str:
    """A database of the test's own."""
    found: str = common_postgres.database()
    return found


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresSessions]:
    store = PostgresSessions(url, timeout=20.0)
    yield store
    await store.aclose()


async def write(store: PostgresSessions, who: str, count: int, deaths: dict[int, asyncio.Barrier]) -> int:
    """Add so many turns, asking again whenever the server is away; how often it was."""
    version = away = 0
    for number in range(count):
        if number in deaths:
            await deaths[number].wait()
        turn = said(f"{who} {number}")
        while True:
            try:
                version = await store.append("s", [turn], expected=version)
                break
            except SessionConflict as conflict:
                version = conflict.version
            except StoreUnavailable:
                away += 1
    return away


@pytest.mark.parametrize("how", ["kill", "immediate", "fast"])
async def test_no_turn_is_lost_or_doubled_when_the_server_dies_and_comes_back(postgres_server: Any, how: str) -> None:
    url = postgres_server.database()
    stores = [PostgresSessions(url), PostgresSessions(url)]
    deaths = {number: asyncio.Barrier(3) for number in (50, 150, 250)}

    writers = [
        asyncio.create_task(write(store, who, 300, deaths)) for store, who in zip(stores, ("one", "two"), strict=True)
    ]
    for death in deaths.values():
        await death.wait()
        await asyncio.to_thread(postgres_server.kill if how == "kill" else lambda: postgres_server.stop(how))
        await asyncio.to_thread(postgres_server.start)
    away = await asyncio.gather(*writers)
    turns = [turn.said.split() for turn in await stores[0].load("s")]
    for store in stores:
        await store.aclose()

    assert max(away) > 0
    assert len(turns) == 600
    for name in ("one", "two"):
        assert [int(number) for who, number in turns if who == name] == list(range(300))


@pytest.mark.parametrize("how", ["kill", "immediate", "fast"])
async def test_who_asks_nothing_while_the_server_is_away_notices_nothing(postgres_server: Any, how: str) -> None:
    store = PostgresSessions(postgres_server.database())
    await asyncio.gather(*(store.append(name, [said("Hi")], expected=0) for name in "abcd"))

    await asyncio.to_thread(postgres_server.kill if how == "kill" else lambda: postgres_server.stop(how))
    await asyncio.to_thread(postgres_server.start)

    assert await asyncio.gather(*(store.append(name, [said("again")], expected=1) for name in "abcd")) == [2] * 4
    await store.aclose()


async def test_a_server_that_is_away_is_unavailable() -> None:
    store = PostgresSessions("postgresql://me:hunter2@127.0.0.1:1/chat")

    with pytest.raises(StoreUnavailable) as caught:
        await store.append("s", [Turn()], expected=0)
    await store.aclose()

    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("change", [("sesame-of-the-tests", "hunter2"), ("tests:", "nobody:"), ("/db", "/nodb")])
async def test_wrong_credentials_are_told_from_a_server_that_is_away(url: str, change: tuple[str, str]) -> None:
    store = PostgresSessions(url.replace(*change))

    with pytest.raises(ConfigInvalid, match="refused the user, the password or the database") as caught:
        await store.load("s")
    await store.aclose()

    told = "".join(traceback.format_exception(caught.value)) + repr(store)
    assert "sesame" not in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "where",
    [
        "postgresql://me:hun/ter2@host/db",
        "postgresql://me:12/hunter2@host/db",
        "postgresql://me:hunter2@host:port/db",
        "postgresql://host/db?password=hunter2&hunter2=1",
        "postgresql://me:%hunter2@host/db",
    ],
)
def test_a_url_that_is_none_is_refused_without_its_secrets(where: str) -> None:
    with pytest.raises(GrokError) as caught:
        open_sessions(where)

    assert isinstance(caught.value, ConfigInvalid)
    told = "".join(traceback.format_exception(caught.value))
    assert "ter2" not in told.replace(where, "")


@pytest.mark.parametrize("where", ["host=localhost dbname=chat", "mysql://host/db"])
def test_only_a_url_names_a_database(where: str) -> None:
    with pytest.raises(ConfigInvalid, match="no URL"):
        PostgresSessions(where)


async def test_many_that_come_first_make_the_tables_once(common_postgres: Any) -> None:
    for _ in range(5):
        url = common_postgres.database()
        stores = [PostgresSessions(url, timeout=20.0) for _ in range(8)]

        versions = await asyncio.gather(
            *(store.append(str(at), [said("Hi")], expected=0) for at, store in enumerate(stores))
        )
        for store in stores:
            await store.aclose()

        assert versions == [1] * 8


async def test_tables_that_are_dropped_are_made_again(store: PostgresSessions, url: str, common_postgres: Any) -> None:
    await store.append("s", [said("Hi")], expected=0)
    common_postgres.tell("DROP TABLE grokkit_sessions, grokkit_session_turns, grokkit_session_tags", url)

    assert await store.describe("s", Description(title="t", tags=("x",)), at=1.0) == await store.info("s")
    assert await store.append("s", [said("anew")], expected=0) == 1


async def test_a_user_without_rights_is_told_so(common_postgres: Any, url: str) -> None:
    role = url.rpartition("/")[2]
    common_postgres.tell(f"CREATE ROLE guest_{role} LOGIN PASSWORD 'guest'", url)
    common_postgres.tell("REVOKE CREATE ON SCHEMA public FROM PUBLIC", url)
    guest = PostgresSessions(url.replace("tests:sesame-of-the-tests", f"guest_{role}:guest"))
    owner = PostgresSessions(url)

    with pytest.raises(ConfigInvalid, match="lets this user do less"):
        await guest.append("s", [said("Hi")], expected=0)
    await owner.load("s")
    common_postgres.tell(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest_{role}", url)
    version = await guest.append("s", [said("Hi")], expected=0)
    for store in (guest, owner):
        await store.aclose()

    assert version == 1


@pytest.mark.parametrize(
    "case",
    [
        ("SELECT", "sslmode=require", ConfigInvalid, "no TLS that is trusted"),
        ("SELECT", "options=-cdefault_transaction_read_only%3Don", StoreUnavailable, "read-only transaction"),
        ("CREATE TABLE grokkit_sessions (somebody_elses int)", "", ConfigInvalid, r"refused \(42703\)"),
    ],
)
async def test_what_the_server_says_is_told_in_our_words(
    common_postgres: Any, url: str, case: tuple[str, str, type[GrokError], str]
) -> None:
    prepare, options, kind, words = case
    common_postgres.tell(prepare, url)
    store = PostgresSessions(f"{url}?{options}")

    with pytest.raises(kind, match=words):
        await store.append("s", [said("Hi")], expected=0)
    await store.aclose()


async def test_what_still_runs_when_the_store_is_closed_is_told_so(url: str) -> None:
    store = PostgresSessions(url, timeout=20.0)
    await store.append("s", [said("one")], expected=0)
    async with await psycopg.AsyncConnection.connect(url) as holder:
        await holder.execute("SELECT FROM grokkit_sessions FOR UPDATE")
        waiting = asyncio.create_task(store.append("s", [said("two")], expected=1))
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as watcher:
            looked = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            while not (await watcher.execute(looked)).rowcount:
                pass
        await store.aclose()

    with pytest.raises(StoreUnavailable, match="was closed before it answered"):
        await waiting


async def test_a_session_that_somebody_locks_is_waited_for_in_bounds(url: str) -> None:
    hasty, patient = PostgresSessions(url, timeout=0.2), PostgresSessions(url, timeout=20.0)
    await patient.append("s", [said("one")], expected=0)
    async with await psycopg.AsyncConnection.connect(url) as holder:
        await holder.execute("SELECT FROM grokkit_sessions FOR UPDATE")

        with pytest.raises(StoreUnavailable, match=r"did not answer within 0\.2 s"):
            await hasty.append("s", [said("two")], expected=1)
        await hasty.aclose()  # comes back when the server has heard
        waiting = asyncio.create_task(patient.append("s", [said("three")], expected=1))
        await holder.rollback()
        version = await waiting

    assert version == 2
    assert [turn.said for turn in await patient.load("s")] == ["one", "three"]
    await patient.aclose()


async def test_a_caller_who_leaves_takes_no_connection_along(store: PostgresSessions, url: str) -> None:
    await store.append("s", [said("one")], expected=0)
    async with await psycopg.AsyncConnection.connect(url) as holder:
        await holder.execute("SELECT FROM grokkit_sessions FOR UPDATE")
        for _ in range(3):
            writers = [asyncio.create_task(store.append("s", [said("two")], expected=1)) for _ in range(2 * _MOST)]
            await asyncio.wait(writers, timeout=0.05)
            for writer in writers:
                writer.cancel()
            await asyncio.wait(writers)

    turns = [turn.said for turn in await store.load("s")]  # the last of them may have had its turn before it heard
    assert turns in (["one"], ["one", "two"])
    assert await store.append("s", [said("three")], expected=len(turns)) == len(turns) + 1


async def test_a_loop_has_a_few_connections_however_much_it_asks(store: PostgresSessions, common_postgres: Any) -> None:
    await asyncio.gather(*(store.append(str(number), [said("Hi")], expected=0) for number in range(100)))

    name = str(store).rpartition("/")[2]
    ((count,),) = common_postgres.tell(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'")
    assert 1 <= count <= _MOST


def test_one_store_serves_one_loop_after_the_other(url: str) -> None:
    store = PostgresSessions(url)

    assert [asyncio.run(store.append("s", [said("Hi")], expected=number)) for number in range(3)] == [1, 2, 3]


async def test_a_forked_child_has_connections_of_its_own(store: PostgresSessions) -> None:
    await store.append("s", [said("parent")], expected=0)

    child = os.fork()
    if child == 0:  # pragma: no cover
        outcome = 1
        with contextlib.suppress(BaseException):
            asyncio._set_running_loop(None)
            outcome = 0 if asyncio.run(store.append("s", [said("child")], expected=1)) == 2 else 2
        os._exit(outcome)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    version = await store.append("s", [said("parent")], expected=2)

    assert os.waitstatus_to_exitcode(status) == 0
    assert version == 3


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_a_stricter_isolation_loses_nothing_either(common_postgres: Any, url: str, level: str) -> None:
    name = url.rpartition("/")[2]
    common_postgres.tell(f"ALTER DATABASE {name} SET default_transaction_isolation = '{level}'")
    stores = [PostgresSessions(url, timeout=20.0) for _ in range(3)]

    await asyncio.gather(*(write(store, str(at), 40, {}) for at, store in enumerate(stores)))
    turns = await stores[0].load("s")
    for store in stores:
        await store.aclose()

    assert len({turn.said for turn in turns}) == len(turns) == 120


async def test_what_writers_consume_at_the_same_time_adds_up(store: PostgresSessions) -> None:
    usage = Usage(input_tokens=2**40, cost_ticks=10**12, server_side_tools={"x y\u2028": 1})

    async def consume() -> None:
        version = 0
        for _ in range(20):
            while True:
                try:
                    version = await store.append("s", [said("Hi", usage=usage)], expected=version)
                    break
                except SessionConflict as conflict:
                    version = conflict.version
                await store.describe("s", Description(title="t"), at=0.0)

    await asyncio.gather(*(consume() for _ in range(4)))
    info = await store.info("s")

    assert info is not None
    assert info.usage.input_tokens == 80 * 2**40
    assert info.usage.cost_ticks == 80 * 10**12
    assert info.usage.server_side_tools == {"x y\u2028": 80}


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_KR"])
async def test_a_database_of_another_encoding_holds_any_text(common_postgres: Any, encoding: str) -> None:
    options = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    store = PostgresSessions(common_postgres.database(options=options))
    turn = said("Wie spät? ключ ☂ 🌧")

    await store.append("ключ ☂", [turn], expected=0)
    await store.describe("ключ ☂", Description(title="☂ 🌧", tags=("ключ",)), at=1.0)
    listed = await store.list(tag="ключ")
    hits = await store.search("SPÄT ☂")
    await store.aclose()

    assert [(info.name, info.title) for info in listed.sessions] == [("ключ ☂", "☂ 🌧")]
    assert [hit.version for hit in hits] == [1]


async def test_names_and_tags_may_be_long(store: PostgresSessions) -> None:
    long = "".join(chr(0x4E00 + number % 20_000) for number in range(0, 700_000, 7))
    await store.for_tenant(long).append(long, [said("Hi")], expected=0)
    await store.for_tenant(long).describe(long, Description(tags=(long,)), at=1.0)

    assert [info.name for info in (await store.for_tenant(long).list(tag=long)).sessions] == [long]


async def test_statements_need_not_be_prepared(url: str) -> None:
    store = PostgresSessions(url, prepare=False)

    for number in range(20):
        await store.append("s", [said("Hi")], expected=number)
    prepared = await store._rows("SELECT count(*) FROM pg_prepared_statements", {})
    await store.aclose()

    assert prepared == [(0,)]


async def test_an_append_reads_as_much_after_ten_thousand_turns_as_after_ten(store: PostgresSessions, url: str) -> None:
    turns = [said("Hi") for _ in range(10_000)]
    await store.append("s", turns[:10], expected=0)

    early = await pages_of_an_append(url, 10)
    await store.append("s", turns[11:], expected=11)
    late = await pages_of_an_append(url, 10_000)

    assert 0 < late <= early + 8


async def pages_of_an_append(url: str, version: int) -> int:
    """How many pages the server touches for it."""
    asked = {
        "tenant": b"",
        "name": b"s",
        "expected": version,
        "count": 1,
        "updated": 0.0,
        "counts": "{}",
        "ids": [b"x"],
        "turns": [b"{}"],
        "folded": [b""],
    }
    explain = b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statements.GROW.encode()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statements.GROW.encode(), {**asked, "expected": -1})
        cursor = await connection.execute(explain, asked)
        ((plan,),) = await cursor.fetchall()
    return int(plan[0]["Plan"]["Shared Hit Blocks"])
