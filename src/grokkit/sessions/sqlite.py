"""The store of sessions in a SQLite file that several processes share: a row for each turn, added and never changed."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Self, TypeAlias
from weakref import finalize

import msgspec

from grokkit.sessions import finding
from grokkit.sessions.entries import read, read_all, written
from grokkit.sessions.finding import Place
from grokkit.sessions.store import Description, Hit, Page, SessionConflict, SessionInfo, page_of
from grokkit.sessions.totals import counters, usage_of
from grokkit.stores.sqlite_file import File, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from grokkit.sessions.turn import Turn

_SCHEMA = """
CREATE TABLE IF NOT EXISTS grokkit_sessions (
    id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
    title TEXT NOT NULL, title_folded TEXT NOT NULL, tags TEXT NOT NULL, origin TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, counts TEXT NOT NULL, UNIQUE (tenant, name)
);
CREATE INDEX IF NOT EXISTS grokkit_sessions_newest ON grokkit_sessions (tenant, updated, name);
CREATE TABLE IF NOT EXISTS grokkit_session_tags (
    session INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (tag, session)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS grokkit_session_turns (
    session INTEGER NOT NULL, version INTEGER NOT NULL, id TEXT NOT NULL, turn BLOB NOT NULL, folded TEXT NOT NULL,
    UNIQUE (session, version)
);
"""
_FIND = "SELECT id, version, counts FROM grokkit_sessions WHERE tenant = ? AND name = ?"
_BEGIN = """
INSERT INTO grokkit_sessions (tenant, name, version, title, title_folded, tags, origin, created, updated, counts)
VALUES (?, ?, 0, '', '', '[]', '', ?, ?, '{}')
"""
_ADD = "INSERT INTO grokkit_session_turns (session, version, id, turn, folded) VALUES (?, ?, ?, ?, ?)"
_GROW = "UPDATE grokkit_sessions SET version = ?, updated = max(updated, ?), counts = ? WHERE id = ?"
_IDS = "SELECT id FROM grokkit_session_turns WHERE session = ? AND version > ? ORDER BY version LIMIT ?"
_LOAD = """
SELECT turn FROM grokkit_session_turns
WHERE session = (SELECT id FROM grokkit_sessions WHERE tenant = ? AND name = ?) AND version > ?
ORDER BY version LIMIT ?
"""
_INFO = """
SELECT name, version, title, tags, origin, created, updated, counts FROM grokkit_sessions WHERE tenant = ? AND name = ?
"""
_LIST = """
SELECT name, version, title, tags, origin, created, updated, counts FROM grokkit_sessions
WHERE tenant = :tenant AND (updated, name) < (:updated, :name)
    AND (:tag IS NULL OR id IN (SELECT session FROM grokkit_session_tags WHERE tag = :tag))
ORDER BY updated DESC, name DESC LIMIT :limit
"""
_SEARCH = """
WITH chosen AS (
    SELECT id, name, updated, title, title_folded FROM grokkit_sessions
    WHERE tenant = :tenant AND (:tag IS NULL OR id IN (SELECT session FROM grokkit_session_tags WHERE tag = :tag))
)
SELECT name, version, title, turn FROM (
    SELECT name, updated, 0 AS version, title, NULL AS turn, 1 AS is_title FROM chosen
    WHERE NOT EXISTS (SELECT 1 FROM json_each(:words) WHERE instr(title_folded, value) = 0)
    UNION ALL
    SELECT name, updated, version, title, turn, 0 FROM chosen JOIN grokkit_session_turns ON session = chosen.id
    WHERE NOT EXISTS (SELECT 1 FROM json_each(:words) WHERE instr(folded, value) = 0)
) ORDER BY updated DESC, name DESC, is_title DESC, version DESC LIMIT :limit
"""
"""Of the newest session first its title, then its last turn."""
_FIRST = Place(math.inf, "")
_Row: TypeAlias = tuple[str, int, str, str, str, float, float, str]

_encode = msgspec.json.Encoder().encode
_counts = msgspec.json.Decoder(dict[str, int]).decode
_tags = msgspec.json.Decoder(tuple[str, ...]).decode


class SQLiteSessions:
    """Sessions in a file, which is made, with its directory, at the first use, and is for its owner only.

    Adding a turn writes a row, however long the session is. What `SQLiteStore` says of files, locks and errors holds
    here too; a store, sessions and a journal may share a file.

    >>> import asyncio
    >>> from grokkit.sessions.turn import Turn
    >>> store = SQLiteSessions("chat.db")
    >>> async def add() -> int:
    ...     try:
    ...         return await store.append("support-42", [Turn()], expected=0)
    ...     finally:
    ...         await store.aclose()
    >>> asyncio.run(add())
    1
    """

    def __init__(self, path: str | PathLike[str], *, timeout: float = 10.0) -> None:
        self.tenant = ""
        self._held = _Held(File(path, timeout, _SCHEMA))

    def __repr__(self) -> str:
        return f"sqlite:///{self._held.file.path}"

    def for_tenant(self, tenant: str) -> Self:
        """See `SessionStore.for_tenant`."""
        other = copy.copy(self)
        other.tenant = tenant
        return other

    async def append(self, name: str, turns: Sequence[Turn], *, expected: int) -> int:
        """See `SessionStore.append`."""
        rows = [(turn.id, written(turn), finding.folded(turn.said)) for turn in turns]

        def add(connection: sqlite3.Connection) -> int:
            with transaction(connection):
                found = connection.execute(_FIND, (self.tenant, name)).fetchone()
                session, version, counts = found or (0, 0, "{}")
                if version != expected:
                    if _is_there(connection, session, expected, [row[0] for row in rows]):
                        return expected + len(rows)
                    raise SessionConflict(name, expected=expected, version=version)
                if not rows:
                    return expected
                if not found:
                    begun = turns[0].created
                    session = connection.execute(_BEGIN, (self.tenant, name, begun, begun)).lastrowid or 0
                connection.executemany(_ADD, ((session, expected + at, *row) for at, row in enumerate(rows, 1)))
                sums = _encode(_added(_counts(counts), counters(turns))).decode()
                latest = max(turn.created for turn in turns)
                connection.execute(_GROW, (expected + len(rows), latest, sums, session))
                return expected + len(rows)

        return await self._held.file.run(add)

    async def load(self, name: str, *, after: int = 0, limit: int | None = None) -> list[Turn]:
        """See `SessionStore.load`."""
        most = -1 if limit is None else limit

        def fetch(connection: sqlite3.Connection) -> list[tuple[bytes]]:
            return connection.execute(_LOAD, (self.tenant, name, after, most)).fetchall()

        return read_all((turn for (turn,) in await self._held.file.run(fetch)), name, after)

    async def info(self, name: str) -> SessionInfo | None:
        """See `SessionStore.info`."""

        def fetch(connection: sqlite3.Connection) -> _Row | None:
            row: _Row | None = connection.execute(_INFO, (self.tenant, name)).fetchone()
            return row

        row = await self._held.file.run(fetch)
        return None if row is None else _info(row)

    async def describe(self, name: str, description: Description, *, at: float) -> SessionInfo:
        """See `SessionStore.describe`."""

        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                found = connection.execute(_FIND, (self.tenant, name)).fetchone()
                session = found[0] if found else connection.execute(_BEGIN, (self.tenant, name, at, at)).lastrowid
                _describe(connection, session or 0, description)

        await self._held.file.run(write)
        return await self.info(name) or SessionInfo(name=name)

    async def search(self, words: str, *, tag: str | None = None, limit: int = 20) -> list[Hit]:
        """See `SessionStore.search`."""
        looked_for = finding.wanted(words)
        asked = {"tenant": self.tenant, "tag": tag, "words": _encode(looked_for).decode(), "limit": limit}

        def fetch(connection: sqlite3.Connection) -> list[tuple[str, int, str, bytes | None]]:
            return connection.execute(_SEARCH, asked).fetchall()

        return [
            Hit(name=name, version=version, excerpt=finding.excerpt(text, looked_for))
            for name, version, title, turn in await self._held.file.run(fetch)
            for text in [read(turn, name, version).said if turn else title]
        ]

    async def delete(self, name: str) -> bool:
        """See `SessionStore.delete`."""

        def forget(connection: sqlite3.Connection) -> bool:
            with transaction(connection):
                found = connection.execute(_FIND, (self.tenant, name)).fetchone()
                if found is None:
                    return False
                connection.execute("DELETE FROM grokkit_session_turns WHERE session = ?", found[:1])
                connection.execute("DELETE FROM grokkit_session_tags WHERE session = ?", found[:1])
                connection.execute("DELETE FROM grokkit_sessions WHERE id = ?", found[:1])
                return True

        return await self._held.file.run(forget)

    async def aclose(self) -> None:
        """Close the file, which the next operation opens again."""
        await self._held.file.aclose()

    async def list(self, *, tag: str | None = None, limit: int = 50, after: str | None = None) -> Page:
        """See `SessionStore.list`."""
        last = _FIRST if after is None else finding.read_place(after)
        asked = {"tenant": self.tenant, "tag": tag, "limit": limit + 1, "updated": last.updated, "name": last.name}

        def fetch(connection: sqlite3.Connection) -> Sequence[_Row]:
            return connection.execute(_LIST, asked).fetchall()

        found = [_info(row) for row in await self._held.file.run(fetch)]
        return page_of(found, limit)


class _Held:
    """The file, for all tenants; it is let go of when the last of them is dropped."""

    def __init__(self, file: File) -> None:
        self.file = file
        finalize(self, file.drop)


def _is_there(connection: sqlite3.Connection, session: int, after: int, ids: Sequence[str]) -> bool:
    there = connection.execute(_IDS, (session, after, len(ids))).fetchall()
    return bool(ids) and [name for (name,) in there] == ids


def _added(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {name: counts.get(name, 0) + more.get(name, 0) for name in {*counts, *more}}


def _describe(connection: sqlite3.Connection, session: int, description: Description) -> None:
    if (title := description.title) is not None:
        changed = (title, finding.folded(title), session)
        connection.execute("UPDATE grokkit_sessions SET title = ?, title_folded = ? WHERE id = ?", changed)
    if description.origin is not None:
        connection.execute("UPDATE grokkit_sessions SET origin = ? WHERE id = ?", (description.origin, session))
    if description.tags is not None:
        tags = sorted(set(description.tags))
        connection.execute("UPDATE grokkit_sessions SET tags = ? WHERE id = ?", (_encode(tags).decode(), session))
        connection.execute("DELETE FROM grokkit_session_tags WHERE session = ?", (session,))
        connection.executemany(
            "INSERT INTO grokkit_session_tags (tag, session) VALUES (?, ?)", ((tag, session) for tag in tags)
        )


def _info(row: _Row) -> SessionInfo:
    name, version, title, tags, origin, created, updated, counts = row
    return SessionInfo(
        name=name,
        version=version,
        title=title,
        tags=_tags(tags),
        origin=origin,
        created=created,
        updated=updated,
        usage=usage_of(_counts(counts)),
    )
