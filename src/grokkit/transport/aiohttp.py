"""The default transport: aiohttp, one connection pool per event loop, fit for thousands of streams."""

from __future__ import annotations

import asyncio
import ctypes
import functools
import os
import socket
import ssl
import warnings
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakSet

import aiohttp
from yarl import URL

from grokkit.call import Reply
from grokkit.errors import (
    CertificateRejected,
    ConfigInvalid,
    ConnectionFailed,
    ConnectionLost,
    ConnectTimedOut,
    GrokError,
    NameNotResolved,
)
from grokkit.transport import tls
from grokkit.transport.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from grokkit.call import Call

_KEEP_ALIVE = 60.0
_PROBE_AFTER = 30
_PROBE_EVERY = 15
_READ_BUFFER = 256 * 1024


class AiohttpTransport:
    """Carries calls over aiohttp.

    Works from any number of event loops, one after the other or at once: each has its own pool, which closes
    with its loop. After a fork the child starts with no pools, and leaves the parent's sockets alone.
    """

    def __init__(
        self,
        *,
        max_connections: int = 4096,
        proxy: str | None = None,
        ca_file: str | None = None,
        client_cert: str | None = None,
        client_key: str | None = None,
        trust_env: bool = True,
    ) -> None:
        self._max_connections = max_connections
        self._proxy = _supported(proxy)
        self._trust_env = trust_env
        self._tls = {"ca_file": ca_file, "client_cert": client_cert, "client_key": client_key}
        self._pools: dict[asyncio.AbstractEventLoop, _Pool] = {}
        self._routes: dict[str, _Route] = {}
        _transports.add(self)

    async def send(self, call: Call) -> Reply:
        """See `Transport.send`."""
        pool = self._pools.get(asyncio.get_running_loop()) or await self._open_pool()
        route = self._routes.get(call.base_url) or self._route(call.base_url)
        url = URL(call.url, encoded=True)
        if call.query:
            url = url.with_query(call.query)
        try:
            response = await pool.session.request(
                call.method,
                url,
                data=call.content(),
                headers=call.headers,
                allow_redirects=False,
                proxy=route.proxy,
                timeout=_connect_within(call.limits.connect),
                ssl=route.ssl,
            )
        except (aiohttp.ClientError, OSError) as error:
            raise translated(error, call.limits.connect) from error
        return Reply(response.status, response.headers, stream=_Body(response))

    def prepare(self, base_url: str) -> None:
        """Do at leisure what the first call would otherwise wait for: read the CA bundle, look for a proxy."""
        self._route(base_url)

    async def aclose(self) -> None:
        """Close the pool of the running loop. Pools of other loops close with their loops."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()

    def forget(self) -> None:
        """Start over in a forked child. The parent's pools stay in memory, untouched: their sockets are the parent's."""
        for pool in self._pools.values():
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(pool))
        self._pools = {}
        self._routes = {}

    async def _open_pool(self) -> _Pool:
        loop = asyncio.get_running_loop()
        for dead in [other for other in self._pools if other.is_closed()]:
            self._pools.pop(dead).abandon()
        pool = self._pools[loop] = _Pool(self._max_connections, lambda: self._pools.pop(loop, None))
        await pool.close_with_loop()
        return pool

    def _route(self, base_url: str) -> _Route:
        proxy = _supported(proxy_for(base_url, given=self._proxy, trust_env=self._trust_env))
        secure = base_url.startswith("https:")
        route = _Route(proxy, tls.context(trust_env=self._trust_env, **self._tls) if secure else True)
        self._routes[base_url] = route
        return route


class _Route(NamedTuple):
    proxy: str | None
    ssl: ssl.SSLContext | bool


@functools.cache
def _connect_within(seconds: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=seconds)


class _Pool:
    """The session of one loop."""

    def __init__(self, max_connections: int, on_close: Callable[[], object]) -> None:
        self._on_close = on_close
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=max_connections,
                keepalive_timeout=_KEEP_ALIVE,
                ttl_dns_cache=60,
                resolver=aiohttp.ThreadedResolver(),
                socket_factory=_watched_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_READ_BUFFER,
            auto_decompress=True,
        )
        self._keeper: AsyncGenerator[None] | None = None

    async def close_with_loop(self) -> None:
        """Tie the session's life to the loop: `asyncio.run` closes open async generators before it closes the loop."""
        self._keeper = self._keep()
        await self._keeper.__anext__()

    async def _keep(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._on_close()
            await self.session.close()

    async def aclose(self) -> None:
        if self._keeper is not None:
            await self._keeper.aclose()

    def abandon(self) -> None:
        """Let go of the sockets of a loop that was closed without a word: nothing can be awaited on it any more."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            self.session.detach()


class _Body:
    """The body of a response as a `ByteStream`."""

    __slots__ = ("_response",)

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as error:
            raise lost(error) from error
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Give the connection back when the body was read to its end, else drop it."""
        self._response.close() if not self._response.content.at_eof() else self._response.release()


def translated(error: Exception, connect_limit: float | None) -> GrokError:
    """What went wrong on the way to the head of a reply, in our words."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NameNotResolved(
            f"the name {error.host!r} could not be resolved: {error.os_error}",
            hint="check base_url, the network and the proxy settings; `grokkit doctor` tries each",
        )
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectTimedOut(
            f"no connection within {connect_limit:g} s",
            hint="check network and proxy; raise Timeouts(connect=...) for slow networks",
        )
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return CertificateRejected(
            f"the server's certificate was not accepted: {error.certificate_error}"
            if isinstance(error, aiohttp.ClientConnectorCertificateError)
            else f"the server's certificate was not accepted: {error}",
            hint="behind a company proxy, pass its CA: ca_file=... or SSL_CERT_FILE",
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return ConnectionFailed(
            f"the proxy answered {error.status} {error.message}",
            hint="check the proxy's address and credentials (proxy=..., HTTPS_PROXY)",
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return ConnectionFailed(
            f"no connection to {error.host}:{error.port}: {error.os_error.strerror or error.os_error}",
            hint="check that the server runs and that nothing on the way refuses; `grokkit doctor` tries the way",
        )
    if isinstance(error, aiohttp.InvalidURL):
        return ConfigInvalid(f"the address cannot be used: {error}", hint="check base_url")
    return lost(error)


def lost(error: Exception) -> ConnectionLost:
    """The connection broke after the request was sent."""
    reason = str(error) or type(error).__name__
    return ConnectionLost(
        f"the connection was lost before the reply was complete: {reason}",
        hint="the server may have acted on the request all the same, and billed it",
    )


def _supported(proxy: str | None) -> str | None:
    if proxy is not None and not proxy.startswith(("http://", "https://")):
        scheme = proxy.partition(":")[0]
        raise ConfigInvalid(
            f"a {scheme} proxy is set, and the default transport speaks to http and https proxies only",
            hint="use an http proxy, or bring a client that can: Grok(transport=Httpx2Transport(httpx2.AsyncClient(proxy=...)))",
        )
    return proxy


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


_transports: WeakSet[AiohttpTransport] = WeakSet()


def _forget_all() -> None:
    for transport in _transports:
        transport.forget()


os.register_at_fork(after_in_child=_forget_all)
