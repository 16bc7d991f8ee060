"""The journal in a SQLite file: what was written is there after a crash of the process, or of the machine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar
from weakref import finalize

import msgspec

from grokkit.agents.journal.journal import RunExists, RunTaken, RunUnknown
from grokkit.agents.journal.record import CallRecord, RunRecord, TurnRecord, info_of
from grokkit.stores.sqlite_file import File, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from os import PathLike

    from grokkit.agents.journal.record import Claim, RunInfo, RunStatus

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS grokkit_runs (
    id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, status TEXT NOT NULL, created REAL NOT NULL, head BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS grokkit_runs_newest ON grokkit_runs (created, id);
CREATE TABLE IF NOT EXISTS grokkit_run_turns (
    run TEXT NOT NULL, number INTEGER NOT NULL, turn BLOB NOT NULL, PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS grokkit_run_calls (
    place INTEGER PRIMARY KEY, run TEXT NOT NULL, turn INTEGER NOT NULL, id TEXT NOT NULL, call BLOB NOT NULL,
    UNIQUE (run, turn, id)
);
"""
_HEAD = "SELECT head, epoch, status FROM grokkit_runs WHERE id = ?"
_BEGIN = "INSERT INTO grokkit_runs (id, epoch, status, created, head) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_TURN = """
INSERT INTO grokkit_run_turns (run, number, turn) VALUES (?, ?, ?)
ON CONFLICT (run, number) DO UPDATE SET turn = excluded.turn
"""
_CALL = """
INSERT INTO grokkit_run_calls (run, turn, id, call) VALUES (?, ?, ?, ?)
ON CONFLICT (run, turn, id) DO UPDATE SET call = excluded.call
"""
_LIST = """
SELECT head, epoch, status, (SELECT count(*) FROM grokkit_run_turns WHERE run = id) FROM grokkit_runs
WHERE :status IS NULL OR status = :status ORDER BY created DESC, id DESC LIMIT :limit
"""

_encode = msgspec.json.Encoder().encode
_read_head = msgspec.json.Decoder(RunRecord).decode
_read_turn = msgspec.json.Decoder(TurnRecord).decode
_read_call = msgspec.json.Decoder(CallRecord).decode


class SQLiteJournal:
    """Runs in a file, which is made, with its directory, at the first use, and is for its owner only.

    Every write is on the disk before it is acknowledged (`synchronous=FULL`). What `SQLiteStore` says of files, locks
    and errors holds here too; a store, sessions and a journal may share a file.

    >>> import asyncio
    >>> journal = SQLiteJournal("runs.db")
    >>> async def begin() -> int:
    ...     try:
    ...         await journal.begin(RunRecord(id="order-7"))
    ...         return (await journal.claim("order-7")).epoch
    ...     finally:
    ...         await journal.aclose()
    >>> asyncio.run(begin())
    2
    """

    def __init__(self, path: str | PathLike[str], *, timeout: float = 10.0) -> None:
        self._file = File(path, timeout, _SCHEMA, synchronous="FULL")
        finalize(self, self._file.drop)

    def __repr__(self) -> str:
        return f"sqlite:///{self._file.path}"

    async def begin(self, record: RunRecord) -> None:
        """See `Journal.begin`."""
        if not await self._file.run(lambda connection: _begun(connection, record)):
            raise RunExists(f"the run {record.id!r} is in {self!r} already")

    async def turn(self, claim: Claim, turn: TurnRecord) -> None:
        """See `Journal.turn`."""
        row = (claim.run_id, turn.number, _encode(turn))
        await self._write(claim, lambda connection: connection.execute(_TURN, row))

    async def intend(self, claim: Claim, call: CallRecord) -> None:
        """See `Journal.intend`."""
        await self._call(claim, call)

    async def settle(self, claim: Claim, call: CallRecord) -> None:
        """See `Journal.settle`."""
        await self._call(claim, call)

    async def finish(self, claim: Claim, status: RunStatus) -> None:
        """See `Journal.finish`."""
        change = "UPDATE grokkit_runs SET status = ? WHERE id = ?"
        await self._write(claim, lambda connection: connection.execute(change, (status, claim.run_id)))

    async def claim(self, run_id: str) -> RunRecord:
        """See `Journal.claim`."""

        def take(connection: sqlite3.Connection) -> RunRecord:
            with transaction(connection):
                return _claimed(connection, run_id)

        return await self._file.run(take)

    async def adopt(self, record: RunRecord) -> RunRecord:
        """See `Journal.adopt`."""
        await self._file.run(lambda connection: _begun(connection, record))
        return await self.claim(record.id)

    async def load(self, run_id: str) -> RunRecord:
        """See `Journal.load`."""

        def read(connection: sqlite3.Connection) -> RunRecord:
            with _snapshot(connection):
                return _loaded(connection, run_id)

        return await self._file.run(read)

    async def delete(self, run_id: str) -> bool:
        """See `Journal.delete`."""

        def forget(connection: sqlite3.Connection) -> bool:
            with transaction(connection):
                connection.execute("DELETE FROM grokkit_run_turns WHERE run = ?", (run_id,))
                connection.execute("DELETE FROM grokkit_run_calls WHERE run = ?", (run_id,))
                return connection.execute("DELETE FROM grokkit_runs WHERE id = ?", (run_id,)).rowcount > 0

        return await self._file.run(forget)

    async def aclose(self) -> None:
        """Close the file, which the next operation opens again."""
        await self._file.aclose()

    async def list(self, *, status: RunStatus | None = None, limit: int = 50) -> list[RunInfo]:
        """See `Journal.list`."""
        asked = {"status": status, "limit": limit}
        rows = await self._file.run(lambda connection: connection.execute(_LIST, asked).fetchall())
        return [_info(*row) for row in rows]

    async def _call(self, claim: Claim, call: CallRecord) -> None:
        row = (claim.run_id, call.turn, call.call.id, _encode(call))
        await self._write(claim, lambda connection: connection.execute(_CALL, row))

    async def _write(self, claim: Claim, change: Callable[[sqlite3.Connection], object]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            with transaction(connection):
                _check(connection, claim)
                change(connection)

        await self._file.run(write)


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read in it stood there at one moment; writers are not kept waiting."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _check(connection: sqlite3.Connection, claim: Claim) -> None:
    found = connection.execute("SELECT epoch FROM grokkit_runs WHERE id = ?", (claim.run_id,)).fetchone()
    if found is None:
        raise RunUnknown(f"no run {claim.run_id!r} is in the journal")
    if found[0] != claim.epoch:
        raise RunTaken(f"the run {claim.run_id!r} was taken over by another runner")


def _begun(connection: sqlite3.Connection, record: RunRecord) -> bool:
    head = _encode(msgspec.structs.replace(record, turns=[], calls=[]))
    with transaction(connection):
        row = (record.id, record.epoch, record.status, record.created, head)
        if not connection.execute(_BEGIN, row).rowcount:
            return False
        connection.executemany(_TURN, [(record.id, turn.number, _encode(turn)) for turn in record.turns])
        connection.executemany(_CALL, [(record.id, one.turn, one.call.id, _encode(one)) for one in record.calls])
    return True


def _claimed(connection: sqlite3.Connection, run_id: str) -> RunRecord:
    connection.execute("UPDATE grokkit_runs SET epoch = epoch + 1, status = 'running' WHERE id = ?", (run_id,))
    return _loaded(connection, run_id)


def _loaded(connection: sqlite3.Connection, run_id: str) -> RunRecord:
    found = connection.execute(_HEAD, (run_id,)).fetchone()
    if found is None:
        raise RunUnknown(f"no run {run_id!r} is in the journal")
    turns = connection.execute("SELECT turn FROM grokkit_run_turns WHERE run = ? ORDER BY number", (run_id,))
    calls = connection.execute("SELECT call FROM grokkit_run_calls WHERE run = ? ORDER BY place", (run_id,))
    return msgspec.structs.replace(
        _read_head(found[0]),
        epoch=found[1],
        status=found[2],
        turns=[_read_turn(turn) for (turn,) in turns.fetchall()],
        calls=[_read_call(call) for (call,) in calls.fetchall()],
    )


def _info(head: bytes, epoch: int, status: RunStatus, turns: int) -> RunInfo:
    return msgspec.structs.replace(info_of(_read_head(head)), epoch=epoch, status=status, turns=turns)
