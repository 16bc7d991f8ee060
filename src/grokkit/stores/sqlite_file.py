"""One process's way to a SQLite file: a connection, the thread that uses it, and what its errors mean."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar
from weakref import WeakSet

from grokkit.errors import ConfigInvalid, GrokError, StoreUnavailable
from grokkit.stores.sqlite_mark import mark
from grokkit.stores.sqlite_place import make_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike

T = TypeVar("T")

_PAUSE = 0.01
_BEFORE_FORK = 1.0
"""Seconds that a fork waits for what runs in SQLite: a lock in there would stay locked in the child for ever."""


class File:
    """Runs jobs one by one on a thread and a connection of its own, made at the first job and remade after a fork.

    `schema` makes the tables where they are not there yet: statements with a semicolon after each. `synchronous` says
    when a write is acknowledged: `NORMAL` before it is on the disk, where it outlives the process; `FULL` once it is.
    Raises `ConfigInvalid` where no file is named.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        timeout: float,
        schema: str,
        *,
        synchronous: Literal["NORMAL", "FULL"] = "NORMAL",
    ) -> None:
        if str(path) in {"", ":memory:"}:
            raise ConfigInvalid("SQLite needs a file here", hint='what has none is named "memory"')
        self.path = Path(path)
        self._schema = [statement for statement in schema.split(";") if statement.strip()]
        self._synchronous = synchronous
        self._timeout = timeout
        self._start_over()
        _files.add(self)

    def _start_over(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None
        self.busy = threading.Lock()
        self._dropped = False

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What the job gives; it runs to its end although the caller may be cancelled meanwhile."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="grokkit-sqlite")
        try:
            running = self._thread.submit(self._run, job)
        except RuntimeError as error:
            raise StoreUnavailable(f"{self.path} is not used any more: the interpreter shuts down") from error
        return await asyncio.wrap_future(running)

    async def aclose(self) -> None:
        """Close the connection and end the thread; the next job makes new ones."""
        thread, self._thread = self._thread, None
        if thread is not None:
            with suppress(RuntimeError):
                await asyncio.wrap_future(thread.submit(self._close))
            thread.shutdown()

    def drop(self) -> None:
        """Nobody will ask any more. Called by the collector, at any time, in any thread: here and now, or after it."""
        self._dropped = True
        if self.busy.acquire(blocking=False):
            try:
                self.let_go()
            finally:
                self.busy.release()

    def leave_to_parent(self) -> None:
        """In a forked child: never touch what was inherited, and begin anew."""
        for inherited in (self._connection, self._thread):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
        self._start_over()

    def _run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        with self.busy:
            try:
                if self._connection is None:
                    self._connection = self._open()
                return job(self._connection)
            except (sqlite3.Error, OSError) as error:
                if not _locked(error):
                    self.let_go()
                failure = self._failure(error)
                raise failure from error
            finally:
                if self._dropped:
                    self.let_go()

    def _close(self) -> None:
        with self.busy:
            self.let_go()

    def let_go(self) -> None:
        """Close the connection, which the next job makes again. For whoever holds `busy`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _open(self) -> sqlite3.Connection:
        make_place(self.path)
        connection = sqlite3.connect(self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False)
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        """While others set up the same new file, SQLite refuses to wait. What is not ours is not even put into WAL."""
        until = time.monotonic() + self._timeout
        while True:
            try:
                connection.execute(f"PRAGMA synchronous={self._synchronous}")
                with transaction(connection):
                    mark(connection, self.path)
                    for statement in self._schema:
                        connection.execute(statement)
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if not _locked(error) or time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def _failure(self, error: sqlite3.Error | OSError) -> GrokError:
        if _locked(error):
            return StoreUnavailable(
                f"{self.path} has been locked by another process for more than {self._timeout:g} s",
                hint="see which process holds it open in a transaction, or raise the store's timeout",
            )
        what = _words(error)
        if _passing(error):
            return StoreUnavailable(f"{self.path} cannot be written now: {what}", hint="make room on its disk")
        return ConfigInvalid(
            f"{self.path} cannot be used as a store: {what}",
            hint="name a file that this program may write, on a local disk, that is new or a store's",
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, and nobody else's in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE}


def _code(error: Exception) -> int:
    """SQLite's primary code; some errors of the module itself have none."""
    return getattr(error, "sqlite_errorcode", -1) & 0xFF


def _locked(error: Exception) -> bool:
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _passing(error: sqlite3.Error | OSError) -> bool:
    return error.errno in _NO_ROOM if isinstance(error, OSError) else _code(error) in _PASSING


def _words(error: sqlite3.Error | OSError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)


_files: WeakSet[File] = WeakSet()
_held: list[File] = []


def _before_fork() -> None:
    """No connection is inherited: SQLite in the child would take the parent's locks for its own, and hold none."""
    for file in list(_files):
        if file.busy.acquire(timeout=_BEFORE_FORK):
            _held.append(file)
            file.let_go()


def _after_fork() -> None:
    while _held:
        _held.pop().busy.release()


def _in_child() -> None:
    _held.clear()
    for file in list(_files):
        file.leave_to_parent()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)
