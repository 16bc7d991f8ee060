"""The store of sessions in PostgreSQL: a row for each turn, added and never changed."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any, Self

import msgspec

from grokkit.sessions import finding
from grokkit.sessions import postgres_statements as statements
from grokkit.sessions.entries import read, read_all, written
from grokkit.sessions.finding import Place
from grokkit.sessions.postgres_line import Line
from grokkit.sessions.store import Description, Hit, Page, SessionConflict, SessionInfo, page_of
from grokkit.sessions.totals import counters, usage_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import LiteralString

    from psycopg import AsyncConnection

    from grokkit.sessions.turn import Turn

_FIRST = Place(math.inf, "")

_encode = msgspec.json.Encoder().encode


class PostgresSessions:
    """Sessions in the tables `grokkit_session...` of a PostgreSQL database (12 or later), made at the first use.

    `url` is as libpq takes it: `postgresql://user:password@host:5432/database?sslmode=verify-full`; what it leaves out
    comes from `PGHOST`, `PGPASSWORD`, `~/.pgpass` and the like. Adding a turn is one statement, so one round trip,
    however long the session is. Each event loop has up to eight connections. An operation that takes longer than
    `timeout` seconds, its wait for a connection included, is given up. `prepare=False` is for connection poolers that
    know no prepared statements.

    Raises `StoreUnavailable` while the server cannot be reached, restarts or has no room, and `ConfigInvalid` when it
    refuses the user, the database or the rights that are needed. The next operation connects again.

    >>> PostgresSessions("postgresql://me:secret@db.example/chat")
    postgresql://db.example/chat
    """

    def __init__(self, url: str, *, timeout: float = 10.0, prepare: bool = True) -> None:
        self._line = Line(url, timeout, statements.SCHEMA.encode(), prepare=prepare)
        self.tenant = ""

    def __repr__(self) -> str:
        return self._line.where

    def for_tenant(self, tenant: str) -> Self:
        """See `SessionStore.for_tenant`."""
        other = copy.copy(self)
        other.tenant = tenant
        return other

    async def append(self, name: str, turns: Sequence[Turn], *, expected: int) -> int:
        """See `SessionStore.append`."""
        asked = self._of(name, expected=expected, count=len(turns)) | _columns(turns)

        async def add(connection: AsyncConnection) -> int:
            while True:
                if turns and expected >= 0:
                    statement = statements.GROW if expected else statements.BEGIN
                    if (await connection.execute(statement, asked)).rowcount:
                        return expected + len(turns)
                cursor = await connection.execute(statements.THERE, asked, binary=True)
                version, ids = await cursor.fetchone() or (0, [])
                if ids == asked["ids"] != [] or (version == expected and not turns):
                    return expected + len(turns)
                if version != expected:  # else somebody deleted it between the two
                    raise SessionConflict(name, expected=expected, version=version)

        return await self._line.run(add)

    async def load(self, name: str, *, after: int = 0, limit: int | None = None) -> list[Turn]:
        """See `SessionStore.load`."""
        most = None if limit is None else max(limit, 0)
        rows = await self._rows(statements.LOAD, self._of(name, after=after, limit=most))
        return read_all((turn for (turn,) in rows), name, after)

    async def info(self, name: str) -> SessionInfo | None:
        """See `SessionStore.info`."""
        found = await self._rows(statements.INFO, self._of(name))
        return _info(found[0]) if found else None

    async def describe(self, name: str, description: Description, *, at: float) -> SessionInfo:
        """See `SessionStore.describe`."""
        title, tags, origin = description.title, description.tags, description.origin
        asked = self._of(
            name,
            at=at,
            title=None if title is None else title.encode(),
            folded=None if title is None else finding.folded(title).encode(),
            tags=None if tags is None else sorted({tag.encode() for tag in tags}),
            origin=None if origin is None else origin.encode(),
        )

        async def write(connection: AsyncConnection) -> SessionInfo:
            async with connection.transaction():
                cursor = await connection.execute(statements.DESCRIBE, asked, binary=True)
                ((session, *about),) = await cursor.fetchall()
                if tags is not None:
                    await connection.execute(statements.UNTAG, {"session": session})
                    await connection.execute(statements.TAG, {"session": session, "tags": asked["tags"]})
                return _info(about)

        return await self._line.run(write)

    async def search(self, words: str, *, tag: str | None = None, limit: int = 20) -> list[Hit]:
        """See `SessionStore.search`."""
        looked_for = finding.wanted(words)
        asked = {**self._chosen(tag), "words": [word.encode() for word in looked_for], "limit": limit}
        found = await self._rows(statements.SEARCH if tag is None else statements.SEARCH_TAGGED, asked)
        return [
            Hit(name=name.decode(), version=version, excerpt=finding.excerpt(text, looked_for))
            for name, version, title, turn in found
            for text in [read(turn, name.decode(), version).said if turn else title.decode()]
        ]

    async def delete(self, name: str) -> bool:
        """See `SessionStore.delete`."""
        asked = self._of(name)

        async def forget(connection: AsyncConnection) -> bool:
            async with connection.transaction():
                cursor = await connection.execute(statements.DELETE, asked, binary=True)
                found = await cursor.fetchone()
                if found is not None:  # a statement of its own sees what was added until the one before had its way
                    await connection.execute(statements.DELETE_TURNS, {"session": found[0]})
                    await connection.execute(statements.UNTAG, {"session": found[0]})
                return found is not None

        return await self._line.run(forget)

    async def aclose(self) -> None:
        """Close the running loop's connections; the next operation makes new ones."""
        await self._line.aclose()

    def _of(self, name: str, **more: Any) -> dict[str, Any]:
        return {"tenant": self.tenant.encode(), "name": name.encode(), **more}

    def _chosen(self, tag: str | None) -> dict[str, Any]:
        return {"tenant": self.tenant.encode(), **({} if tag is None else {"tag": tag.encode()})}

    async def _rows(self, statement: LiteralString, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        async def read(connection: AsyncConnection) -> list[tuple[Any, ...]]:
            return await (await connection.execute(statement, asked, binary=True)).fetchall()

        return await self._line.run(read)

    async def list(self, *, tag: str | None = None, limit: int = 50, after: str | None = None) -> Page:
        """See `SessionStore.list`."""
        last = _FIRST if after is None else finding.read_place(after)
        asked = {**self._chosen(tag), "updated": last.updated, "name": last.name.encode(), "limit": limit + 1}
        rows = await self._rows(statements.LIST if tag is None else statements.LIST_TAGGED, asked)
        return page_of([_info(row) for row in rows], limit)


def _columns(turns: Sequence[Turn]) -> dict[str, Any]:
    """What a statement that adds turns is given, column by column."""
    return {
        "ids": [turn.id.encode() for turn in turns],
        "turns": [written(turn) for turn in turns],
        "folded": [finding.folded(turn.said).encode("utf-8", "replace") for turn in turns],
        "created": turns[0].created if turns else 0.0,
        "updated": max((turn.created for turn in turns), default=0.0),
        "counts": _encode(counters(turns)).decode(),
    }


def _info(row: Sequence[Any]) -> SessionInfo:
    name, version, title, tags, origin, created, updated, counts = row
    return SessionInfo(
        name=name.decode(),
        version=version,
        title=title.decode(),
        tags=tuple(sorted(tag.decode() for tag in tags)),
        origin=origin.decode(),
        created=created,
        updated=updated,
        usage=usage_of(counts),
    )
