"""The store of one host: a SQLite file that several processes share."""

from __future__ import annotations

import functools
import math
import sqlite3
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar
from weakref import finalize

from grokkit.stores import operations
from grokkit.stores.sqlite_file import File, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

    from grokkit.stores.operations import Kind, Rows
    from grokkit.stores.store import Take, Taken

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS grokkit_kept (
    kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, expires REAL, used REAL NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX IF NOT EXISTS grokkit_kept_expires ON grokkit_kept (expires) WHERE expires IS NOT NULL;
CREATE INDEX IF NOT EXISTS grokkit_kept_used ON grokkit_kept (used) WHERE kind = 'value';
"""
_READ = "SELECT value, used FROM grokkit_kept WHERE kind = ? AND key = ? AND (expires IS NULL OR expires > ?)"
_WRITE = """
INSERT INTO grokkit_kept (kind, key, value, expires, used) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires = excluded.expires, used = excluded.used
"""
_DROP = "DELETE FROM grokkit_kept WHERE kind = ? AND key = ?"
_USED = "UPDATE grokkit_kept SET used = ? WHERE kind = 'value' AND key = ?"
_CLEAR = """
DELETE FROM grokkit_kept WHERE rowid IN (SELECT rowid FROM grokkit_kept WHERE expires <= ? LIMIT 512)
"""
_MAKE_ROOM = """
DELETE FROM grokkit_kept
WHERE rowid IN (SELECT rowid FROM grokkit_kept WHERE kind = 'value' ORDER BY used LIMIT 64)
"""
_SIZE = (
    "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
)
_CLEAR_EVERY = 64
_ROOM = 0.9
"""What of the bound is left in use once room was made."""
_USED_EVERY = 60.0
"""Seconds after which it is written down again that a value was read: not each time, as that takes a write."""


class SQLiteStore:
    """Keeps what the processes of one host share in a file, which is made, with its directory, at the first use.

    The file is for its owner only and belongs on a local disk: network file systems do not lock well enough. Time is
    the host's clock (`now`), the same for all of its processes; while somebody puts it forward or back by minutes,
    leases and times to live are off by as much, and a quota waits for at most its window. An operation that finds the
    file locked waits for up to `timeout` seconds. When what is kept takes more than `max_bytes`, the values that were
    not used for longest make room, to the minute.

    Raises, at use, `StoreUnavailable` for a file that stays locked and a full disk, and `ConfigInvalid` for one that
    cannot be opened or written, is not a database, or is marked as another program's or a newer version's.

    >>> import asyncio
    >>> store = SQLiteStore("state/grokkit.db")
    >>> async def count() -> float | None:
    ...     try:
    ...         return await store.increment("calls", 2)
    ...     finally:
    ...         await store.aclose()
    >>> asyncio.run(count()), asyncio.run(count())
    (2.0, 4.0)
    """

    def __init__(
        self,
        path: str | PathLike[str],
        now: Callable[[], float] = time.time,
        *,
        timeout: float = 2.0,
        max_bytes: int = 512 * 2**20,
    ) -> None:
        self._file = File(path, timeout, _SCHEMA)
        self._now = now
        self._max_bytes = max_bytes
        self._writes = 0
        finalize(self, self._file.drop)

    def __repr__(self) -> str:
        return f"sqlite:///{self._file.path}"

    async def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        now = self._now()
        return await self._file.run(lambda connection: _Rows(connection, now).use(key))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """See `Store.set`."""
        await self._run(lambda rows: rows.write("value", key, value, ttl))

    async def delete(self, key: str) -> None:
        """See `Store.delete`."""
        await self._run(lambda rows: rows.drop("value", key))

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes | None, *, ttl: float | None = None
    ) -> bool:
        """See `Store.compare_and_set`."""
        return await self._run(lambda rows: operations.compare_and_set(rows, key, expected, value, ttl))

    async def increment(
        self, key: str, amount: float, *, low: float = -math.inf, high: float = math.inf, ttl: float | None = None
    ) -> float | None:
        """See `Store.increment`."""
        return await self._run(lambda rows: operations.increment(rows, key, amount, low=low, high=high, ttl=ttl))

    async def lease(self, key: str, holder: str, *, seconds: float) -> bool:
        """See `Store.lease`."""
        return await self._run(lambda rows: operations.lease(rows, key, holder, seconds))

    async def release(self, key: str, holder: str) -> None:
        """See `Store.release`."""
        await self._run(lambda rows: operations.release(rows, key, holder))

    async def take(self, takes: Sequence[Take]) -> Taken:
        """See `Store.take`."""
        return await self._run(lambda rows: operations.take(rows, takes))

    async def give(self, takes: Sequence[Take], at: float) -> None:
        """See `Store.give`."""
        await self._run(lambda rows: operations.give(rows, takes, at))

    async def aclose(self) -> None:
        """Close the file, which the next operation opens again."""
        await self._file.aclose()

    async def _run(self, job: Callable[[Rows], T]) -> T:
        self._writes += 1
        clear = self._writes % _CLEAR_EVERY == 1
        most = self._max_bytes if clear else None
        return await self._file.run(functools.partial(_in_transaction, now=self._now, job=job, most=most))


def _in_transaction(
    connection: sqlite3.Connection, *, now: Callable[[], float], job: Callable[[Rows], T], most: int | None
) -> T:
    with transaction(connection):
        rows = _Rows(connection, now())  # told once the file is ours: nobody writes a time before an earlier one
        if most is not None:
            connection.execute(_CLEAR, (rows.now,))
            _make_room(connection, most)
        return job(rows)


def _make_room(connection: sqlite3.Connection, most: int) -> None:
    def size() -> int:
        return int(connection.execute(_SIZE).fetchone()[0])

    if size() <= most:
        return
    while size() > most * _ROOM and connection.execute(_MAKE_ROOM).rowcount:
        pass


class _Rows:
    """See `Rows`."""

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self.now = now
        self._execute = connection.execute

    def read(self, kind: Kind, key: str) -> bytes | None:
        row = self._execute(_READ, (kind, key, self.now)).fetchone()
        return None if row is None else bytes(row[0])

    def use(self, key: str) -> bytes | None:
        """The value, which keeps its place for having been read."""
        row = self._execute(_READ, ("value", key, self.now)).fetchone()
        if row is None:
            return None
        if self.now - row[1] > _USED_EVERY:
            with suppress(sqlite3.OperationalError):  # no reason not to have it
                self._execute(_USED, (self.now, key))
        return bytes(row[0])

    def write(self, kind: Kind, key: str, value: bytes, ttl: float | None) -> None:
        self._execute(_WRITE, (kind, key, value, None if ttl is None else self.now + ttl, self.now))

    def drop(self, kind: Kind, key: str) -> None:
        self._execute(_DROP, (kind, key))
