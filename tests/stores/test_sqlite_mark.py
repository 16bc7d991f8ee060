"""Whose a SQLite file is, and of which version: it says so, and files that say something else are left as they are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.agents.journal import RunRecord
from grokkit.agents.journal.sqlite import SQLiteJournal
from grokkit.errors import ConfigInvalid
from grokkit.sessions.sqlite import SQLiteSessions
from grokkit.sessions.turn import Turn
from grokkit.stores.sqlite import SQLiteStore
from grokkit.stores.sqlite_mark import VERSION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Use = Callable[[Path], Awaitable[object]]

OURS = int.from_bytes(b"grkt", "big")


async def keep(path: Path) -> object:
    """Count in a store of state."""
    store = SQLiteStore(path)
    try:
        return await store.increment("n", 1)
    finally:
        await store.aclose()


async def talk(path: Path) -> object:
    """Add a turn to a session."""
    sessions = SQLiteSessions(path)
    try:
        return await sessions.append("s", [Turn()], expected=len(await sessions.load("s")))
    finally:
        await sessions.aclose()


async def journal(path: Path) -> object:
    """Write down a run."""
    made = SQLiteJournal(path)
    try:
        return (await made.adopt(RunRecord(id="r"))).epoch - 1
    finally:
        await made.aclose()


USES = [keep, talk, journal]
every_use = pytest.mark.parametrize("use", USES, ids=["state", "sessions", "journal"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def change(path: Path, *statements: str) -> None:
    """Have another program's statements run in the file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def marks(path: Path) -> tuple[Any, ...]:
    """The application and version that the file names, and how it keeps its journal."""
    with closing(sqlite3.connect(path)) as connection:
        names = ("application_id", "user_version", "journal_mode")
        return tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)


@every_use
async def test_a_new_file_is_marked(path: Path, use: Use) -> None:
    await use(path)

    assert marks(path) == (OURS, VERSION, "wal")


@every_use
async def test_a_file_from_before_there_were_marks_is_used_and_marked(path: Path, use: Use) -> None:
    await use(path)
    change(path, "PRAGMA application_id = 0", "PRAGMA user_version = 0")

    again = await use(path)

    assert again == 2
    assert marks(path) == (OURS, VERSION, "wal")


@pytest.mark.parametrize("application", [0, OURS])
@every_use
async def test_a_file_of_a_newer_version_is_left_as_it_is(path: Path, use: Use, application: int) -> None:
    await use(path)
    change(path, f"PRAGMA application_id = {application}", f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()

    with pytest.raises(ConfigInvalid) as refused:
        await use(path)

    assert f"{path} was written by a newer grokkit: its tables are of version {VERSION + 1}" in str(refused.value)
    assert "try: upgrade grokkit, or name another file" in str(refused.value)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@every_use
async def test_a_file_that_another_program_has_marked_is_left_as_it_is(path: Path, use: Use) -> None:
    change(path, "PRAGMA application_id = -2", "CREATE TABLE tracks (name TEXT)")
    before = path.read_bytes()

    with pytest.raises(ConfigInvalid, match="belongs to another program: its application_id is 0xfffffffe"):
        await use(path)

    assert path.read_bytes() == before
    assert marks(path) == (-2, 0, "delete")


@pytest.mark.parametrize("version", [0, 7])
async def test_in_a_file_with_tables_of_others_the_version_stays_theirs(path: Path, version: int) -> None:
    change(path, "CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT)", f"PRAGMA user_version = {version}")

    for use in (*USES, *USES):
        await use(path)

    assert marks(path)[:2] == (0, version)


async def test_all_of_ours_share_a_file(path: Path) -> None:
    for use in USES:
        await use(path)

    assert [await use(path) for use in USES] == [2, 2, 2]
    assert marks(path)[:2] == (OURS, VERSION)


async def test_tables_that_others_add_to_a_marked_file_do_not_hide_its_version(path: Path) -> None:
    await keep(path)
    change(path, "CREATE TABLE orders (id INTEGER)", f"PRAGMA user_version = {VERSION + 1}")

    with pytest.raises(ConfigInvalid, match="was written by a newer grokkit"):
        await keep(path)


async def test_a_file_that_becomes_newer_while_it_is_open_is_refused_at_the_next_opening(path: Path) -> None:
    store = SQLiteStore(path)
    await store.set("k", b"v")
    change(path, f"PRAGMA user_version = {VERSION + 1}")

    still = await store.get("k")
    await store.aclose()

    assert still == b"v"
    with pytest.raises(ConfigInvalid, match="was written by a newer grokkit"):
        await store.get("k")
