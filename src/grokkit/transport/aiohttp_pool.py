"""One loop's pool of connections, as aiohttp keeps it, and how it ends."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from grokkit._per_loop import Care, PerLoop
from grokkit.transport import failures
from grokkit.transport.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.client_proto import ResponseHandler

    from grokkit.transport.failures import Table

NOT_CONNECTED: Table = (
    (aiohttp.ConnectionTimeoutError, failures.connect_timed_out),
    (aiohttp.ClientConnectorDNSError, failures.name_not_resolved),
    (aiohttp.ClientHttpProxyError, failures.proxy_refused),
    (aiohttp.ClientProxyConnectionError, failures.proxy_not_reached),
    (aiohttp.ClientConnectorError, failures.not_connected),
)
"""What aiohttp raises where no connection came about, the special before the general."""

_KEEP_ALIVE = 60.0
_PROBE_AFTER = 30
_PROBE_EVERY = 15
_READ_BUFFER = 256 * 1024
_FAREWELL = 2.0
_DOUBT_AFTER = 1.0


class Pool:
    """The connections of one loop, and the replies that are on their way over them."""

    __slots__ = ("_live", "_quiet_since", "session")

    def __init__(self, max_connections: int) -> None:
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=max_connections,
                keepalive_timeout=_KEEP_ALIVE,
                ttl_dns_cache=60,
                resolver=Resolver(),
                socket_factory=_watched_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_READ_BUFFER,
            response_class=type("Response", (PromptResponse,), {"process": os.getpid()}),
        )
        self._live: WeakSet[aiohttp.ClientResponse] = WeakSet()
        self._quiet_since = time.monotonic()

    def watch(self, response: aiohttp.ClientResponse) -> None:
        """See to it that a body that is on its way ends with its connection, and with this pool."""
        self._live.add(response)
        connection = response.connection
        if connection is not None and connection.protocol is not None:
            end_with_connection(response.content, connection.protocol)

    def close_live(self) -> None:
        """End the bodies that are on their way. Closing the session alone would leave their readers waiting."""
        for response in list(self._live):
            response.close()

    def was_quiet(self) -> bool:
        """Whether the last request is so long ago that the server may have closed connections since."""
        before, self._quiet_since = self._quiet_since, time.monotonic()
        return self._quiet_since - before > _DOUBT_AFTER

    async def notice_closed(self) -> None:
        """Let the loop see which idle connections the server has closed.

        A loop that was held up by a long computation has not read their ends yet, and a request written to one of
        them would be lost. Two turns: the first asks the system, the second has let the callbacks run.
        """
        await asyncio.sleep(0)
        await asyncio.sleep(0)


class PromptResponse(aiohttp.ClientResponse):
    """A response that closes at once: no TLS farewell, no unsent bytes, however dead the peer is."""

    process: int
    """The process whose sockets these are; each pool has a class of its own that knows it."""

    def close(self) -> None:
        """Drop the connection; in a forked child leave it alone."""
        connection = self.connection
        if connection is not None and connection.transport is not None and self.process == os.getpid():
            connection.transport.abort()
        super().close()


def end_with_connection(content: aiohttp.StreamReader, protocol: ResponseHandler) -> None:
    """Tell the reader of a body of broken framing.

    aiohttp closes the connection then, and tells only who waits for a head; the reader would wait for ever.
    """

    def end(closed: asyncio.Future[None] | None) -> None:
        if closed is not None:
            _ask(closed)
        broken = protocol.exception()
        if isinstance(broken, HttpProcessingError) and content.exception() is None and not content.is_eof():
            content.set_exception(aiohttp.ClientPayloadError(broken.message))

    closed = protocol.closed
    if closed is None:
        end(None)
    else:
        closed.add_done_callback(end)
        content.on_eof(lambda: _stop_watching(closed, end))


def _stop_watching(closed: asyncio.Future[None], end: Callable[[asyncio.Future[None]], object]) -> None:
    closed.remove_done_callback(end)
    closed.remove_done_callback(_ask)
    closed.add_done_callback(_ask)


def _ask(closed: asyncio.Future[None]) -> None:
    """A connection may be lost with an error that is nobody's; asyncio complains when nobody asks for it."""
    if not closed.cancelled():
        closed.exception()


def pools(max_connections: int) -> PerLoop[Pool]:
    """A pool for each loop."""
    return PerLoop(Care(make=lambda: Pool(max_connections), close=_close, abandon=_abandon, disown=_disown))


async def _close(pool: Pool) -> None:
    pool.close_live()
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL):
            await pool.session.close()


def _abandon(pool: Pool) -> None:
    """The loop is closed, so the connector has nothing to wait for: its close ends at the first step."""
    with suppress(StopIteration):
        pool.session.close().send(None)


def _disown(pool: Pool) -> None:
    """Make the child's copy a closed one: it neither reads, nor closes, nor says farewell on a socket it shares.

    Closing it properly would take the sockets off the epoll set that the child shares with its parent.
    """
    connector = pool.session.connector
    if connector is not None:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connector))
        connector._closed = True  # noqa: SLF001 - there is no public way to close without touching the sockets


def _watched_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket whose peer is probed while it is silent, so that a dead one is noticed by the system."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", _PROBE_AFTER), ("TCP_KEEPINTVL", _PROBE_EVERY)):
        option = getattr(socket, name, None)
        if option is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made
