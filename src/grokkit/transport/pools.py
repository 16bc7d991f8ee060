"""One connection pool per event loop, closed with its loop, with its owner, or not at all after a fork."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import weakref
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_KEEP_ALIVE = 60.0
_NAMES_FOR = 60
_PROBE_AFTER = 30
_PROBE_EVERY = 15
_READ_BUFFER = 256 * 1024


class Pools:
    """The pools of one transport. When the owner is dropped without being closed, its pools close behind it."""

    def __init__(self, max_connections: int) -> None:
        self._max_connections = max_connections
        self._by_loop: dict[asyncio.AbstractEventLoop, Pool] = {}
        self._forgotten = weakref.finalize(self, _release, self._by_loop)
        self._forgotten.atexit = False
        _all.add(self)

    async def session(self) -> aiohttp.ClientSession:
        """The session of the running loop."""
        loop = asyncio.get_running_loop()
        pool = self._by_loop.get(loop)
        if pool is None:
            for closed in [other for other in self._by_loop if other.is_closed()]:
                self._by_loop.pop(closed).abandon()
            pool = self._by_loop[loop] = Pool(loop, self._by_loop, self._max_connections)
            await pool.open()
        return pool.session

    async def aclose(self) -> None:
        """Close the pool of the running loop. Pools of other loops close with their loops."""
        pool = self._by_loop.get(asyncio.get_running_loop())
        if pool is not None:
            await pool.aclose()

    def forget(self) -> None:
        """Start over in a forked child. What the parent opened stays in memory, untouched: it is the parent's."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._by_loop))
        self._forgotten.detach()
        self._by_loop = {}
        self._forgotten = weakref.finalize(self, _release, self._by_loop)
        self._forgotten.atexit = False


class Pool:
    """The session of one loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, shelf: dict[asyncio.AbstractEventLoop, Pool], max_connections: int
    ) -> None:
        self._loop = loop
        self._shelf = shelf
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._keeper: AsyncGenerator[None] = self._keep()
        self._closing: asyncio.Task[None] | None = None
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=max_connections,
                keepalive_timeout=_KEEP_ALIVE,
                ttl_dns_cache=_NAMES_FOR,
                resolver=aiohttp.ThreadedResolver(),
                socket_factory=self._watched_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_READ_BUFFER,
        )

    async def open(self) -> None:
        """Tie the session's life to the loop: `asyncio.run` closes open async generators before it closes the loop."""
        await self._keeper.__anext__()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._keeper.aclose()

    def close_soon(self) -> None:
        """Close all connections when the loop gets to it."""
        self._closing = self._loop.create_task(self.aclose())

    def abandon(self) -> None:
        """Close the sockets of a loop that was closed without a word: nothing can run on it any more."""
        for opened in list(self._sockets):
            opened.close()
        self.session.detach()

    async def _keep(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._shelf.pop(self._loop, None)
            await self.session.close()

    def _watched_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """A socket whose peer is probed while it is silent, so that the system notices a dead one."""
        family, kind, protocol, _, _ = address
        opened = socket.socket(family=family, type=kind, proto=protocol)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", _PROBE_AFTER), ("TCP_KEEPINTVL", _PROBE_EVERY)):
            option = getattr(socket, name, None)
            if option is not None:
                opened.setsockopt(socket.IPPROTO_TCP, option, value)
        self._sockets.add(opened)
        return opened


def _release(by_loop: dict[asyncio.AbstractEventLoop, Pool]) -> None:
    for loop, pool in list(by_loop.items()):
        if loop.is_closed():
            pool.abandon()
        else:
            loop.call_soon_threadsafe(pool.close_soon)


_all: weakref.WeakSet[Pools] = weakref.WeakSet()


def _forget_all() -> None:
    for pools in _all:
        pools.forget()


os.register_at_fork(after_in_child=_forget_all)
