"""The way to a PostgreSQL server: a few connections for each event loop, jobs that end in time or say why not."""

from __future__ import annotations

import asyncio
import re
import select
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from grokkit._per_loop import Care, PerLoop
from grokkit.config.secret import Secret
from grokkit.errors import ExtraMissing, StoreUnavailable

try:
    import psycopg
    from psycopg import conninfo
    from psycopg.errors import DeadlockDetected, SerializationFailure, UndefinedTable
    from psycopg.pq import TransactionStatus

    from grokkit.sessions.postgres_failures import failure, not_a_url
except ImportError as error:
    raise ExtraMissing("the PostgreSQL store needs psycopg, which is not installed", extra="postgres") from error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from psycopg import AsyncConnection

    Job = Callable[[AsyncConnection], Awaitable["T"]]

T = TypeVar("T")

_MOST = 8
"""Connections of one loop: as many commits as these share one write to the disk; more gain little."""
_TRIES = 20
_ONES_OWN = {"keepalives_idle": "30", "fallback_application_name": "grokkit"}

_PORTS = re.compile(r"[\d,]*")


class Line:
    """Runs jobs, each on a connection that no other job uses meanwhile, in at most `timeout` seconds.

    `schema` is one script that makes the tables; it is run when the server says that there are none. A job is run
    again when the server asks for that, having changed nothing. Raises what `failure` makes of psycopg's errors.
    """

    def __init__(self, url: str, timeout: float, schema: bytes, *, prepare: bool) -> None:
        parameters = Secret(conninfo.make_conninfo("", **{**_ONES_OWN, **_read(url)}))
        self.where = _without_credentials(url)
        self._timeout = timeout
        self._schema = schema
        self._pools: PerLoop[_Pool] = PerLoop(
            Care(
                make=lambda: _Pool(parameters, prepare=prepare),
                close=lambda pool: pool.aclose(),
                abandon=lambda pool: pool.finish(),
                disown=lambda _: None,
            )
        )

    async def run(self, job: Job[T]) -> T:
        """What the job gives. What becomes of one that is given up is unknown: the server is told to stop it."""
        pool = self._pools.get() or await self._pools.open()
        task = pool.start(self._run(pool, job))
        try:
            done, _ = await asyncio.wait((task,), timeout=self._timeout)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            raise StoreUnavailable(
                f"{self.where} did not answer within {self._timeout:g} s",
                hint="see that the server runs and is not overloaded; asking again is safe",
            )
        if task.cancelled():
            raise StoreUnavailable(f"{self.where} was closed before it answered")
        try:
            return task.result()
        except (psycopg.Error, OSError) as error:
            failed = failure(error, self.where)
            raise failed from error

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        await self._pools.aclose()

    async def _run(self, pool: _Pool, job: Job[T]) -> T:
        async with pool.connection() as connection:
            for _ in range(_TRIES):
                try:
                    return await job(connection)
                except UndefinedTable:
                    await connection.execute(self._schema)
                except (SerializationFailure, DeadlockDetected):
                    await asyncio.sleep(0)
            return await job(connection)


class _Pool:
    """The connections of one loop, made as they are needed."""

    def __init__(self, parameters: Secret, *, prepare: bool) -> None:
        self._parameters = parameters
        self._prepare_after = 5 if prepare else None
        self._all: set[AsyncConnection] = set()
        self._idle: list[AsyncConnection] = []
        self._turn = asyncio.Semaphore(_MOST)
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Awaitable[T]) -> asyncio.Task[T]:
        """The work as a task that ends before the connections close, whether somebody waits for it or not."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """One that is fit for use; afterwards it is kept if it still is."""
        async with self._turn:
            connection = self._next_idle() or await self._connect()
            try:
                yield connection
            finally:
                if connection.pgconn.transaction_status == TransactionStatus.IDLE:
                    self._idle.append(connection)
                else:
                    self._drop(connection)

    async def aclose(self) -> None:
        """End what runs, and the connections."""
        for task in self._tasks:
            if not task.cancelling():  # whoever is told twice does not wait for the server any more
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self.finish()

    def finish(self) -> None:
        """End the connections."""
        for connection in list(self._all):
            self._drop(connection)

    def _next_idle(self) -> AsyncConnection | None:
        """The last used one to which the server has said nothing meanwhile: all it would say is goodbye."""
        while self._idle:
            connection = self._idle.pop()
            if not _has_news(connection):
                return connection
            self._drop(connection)
        return None

    async def _connect(self) -> AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(
            self._parameters.reveal(), autocommit=True, prepare_threshold=self._prepare_after
        )
        self._all.add(connection)
        return connection

    def _drop(self, connection: AsyncConnection) -> None:
        self._all.discard(connection)
        connection.pgconn.finish()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # of one that nobody waits for any more, asyncio would complain


def _has_news(connection: AsyncConnection) -> bool:
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))


def _read(url: str) -> dict[str, Any]:
    if url.partition("://")[0] not in {"postgresql", "postgres"}:
        raise not_a_url()
    try:
        known = conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        raise not_a_url() from None  # psycopg quotes the part that it cannot read, which may be a password's
    host, name = str(known.get("host", "")), str(known.get("dbname", ""))
    if "@" in host[1:] + name or not _PORTS.fullmatch(str(known.get("port", ""))):
        raise not_a_url()  # a password with a slash in it
    return known


def _without_credentials(url: str) -> str:
    """Which database a URL means, and nothing else of it.

    >>> _without_credentials("postgres://me:secret@db.example:5433/chat?password=secret")
    'postgresql://db.example:5433/chat'
    >>> _without_credentials("postgresql:///chat?host=/run/postgresql")
    'postgresql:///chat?host=/run/postgresql'
    """
    known = _read(url)
    host, port = str(known.get("host", "")), str(known.get("port", ""))
    socket = f"?host={host}" if host.startswith(("/", "@")) else ""
    address = ("" if socket else host) + (f":{port}" if port else "")
    return f"postgresql://{address}/{known.get('dbname', '')}{socket}"
