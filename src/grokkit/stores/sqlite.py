"""The store of one host: a SQLite file that several processes share."""

from __future__ import annotations

import functools
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from weakref import finalize

from grokkit.errors import ConfigInvalid
from grokkit.stores import operations
from grokkit.stores.sqlite_file import File, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from os import PathLike

    from grokkit.stores.operations import Kind, Rows
    from grokkit.stores.store import Take, Taken

T = TypeVar("T")

_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS grokkit_state (
    kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, expires REAL, PRIMARY KEY (kind, key)
);
CREATE INDEX IF NOT EXISTS grokkit_state_expires ON grokkit_state (expires) WHERE expires IS NOT NULL;
COMMIT;
"""
_READ = "SELECT value FROM grokkit_state WHERE kind = ? AND key = ? AND (expires IS NULL OR expires > ?)"
_WRITE = """
INSERT INTO grokkit_state (kind, key, value, expires) VALUES (?, ?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires = excluded.expires
"""
_DROP = "DELETE FROM grokkit_state WHERE kind = ? AND key = ?"
_CLEAR = """
DELETE FROM grokkit_state WHERE rowid IN (SELECT rowid FROM grokkit_state WHERE expires <= ? LIMIT 512)
"""
_CLEAR_EVERY = 256


class SQLiteStore:
    """Keeps what the processes of one host share in a file, which is made, with its directory, at the first use.

    The file is for its owner only and belongs on a local disk: network file systems do not lock well enough. Time is
    the host's clock (`now`), the same for all of its processes; while somebody puts it forward or back by minutes,
    leases and times to live are off by as much, and a quota waits for at most its window. An operation that finds the
    file locked waits for up to `timeout` seconds.

    Raises, at use, `StoreUnavailable` for a file that stays locked and a full disk, and `ConfigInvalid` for one that
    cannot be opened or written, or is not a database.

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
        self, path: str | PathLike[str], now: Callable[[], float] = time.time, *, timeout: float = 2.0
    ) -> None:
        if str(path) in {"", ":memory:"}:
            raise ConfigInvalid("a SQLite store needs a file", hint='"memory" is the store that has none')
        self._file = File(Path(path), timeout, _SCHEMA)
        self._now = now
        self._writes = 0
        finalize(self, self._file.drop)

    def __repr__(self) -> str:
        return f"sqlite:///{self._file.path}"

    async def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        now = self._now()
        return await self._file.run(lambda connection: _Rows(connection, now).read("value", key))

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
        return await self._file.run(functools.partial(_in_transaction, now=self._now, job=job, clear=clear))


def _in_transaction(
    connection: sqlite3.Connection, *, now: Callable[[], float], job: Callable[[Rows], T], clear: bool
) -> T:
    with transaction(connection):
        rows = _Rows(connection, now())  # told once the file is ours: nobody writes a time before an earlier one
        if clear:
            connection.execute(_CLEAR, (rows.now,))
        return job(rows)


class _Rows:
    """See `Rows`."""

    def __init__(self, connection: sqlite3.Connection, now: float) -> None:
        self.now = now
        self._execute = connection.execute

    def read(self, kind: Kind, key: str) -> bytes | None:
        row = self._execute(_READ, (kind, key, self.now)).fetchone()
        return None if row is None else bytes(row[0])

    def write(self, kind: Kind, key: str, value: bytes, ttl: float | None) -> None:
        self._execute(_WRITE, (kind, key, value, None if ttl is None else self.now + ttl))

    def drop(self, kind: Kind, key: str) -> None:
        self._execute(_DROP, (kind, key))
