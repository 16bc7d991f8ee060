"""The default transport: aiohttp, one connection pool per event loop, fit for thousands of streams."""

from __future__ import annotations

import functools
import ssl
from typing import TYPE_CHECKING, NamedTuple

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
from grokkit.transport.pools import Pools
from grokkit.transport.proxies import proxy_for

if TYPE_CHECKING:
    from grokkit.call import Call


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
        self._proxy = _supported(proxy)
        self._trust_env = trust_env
        self._tls = {"ca_file": ca_file, "client_cert": client_cert, "client_key": client_key}
        self._pools = Pools(max_connections)
        self._routes: dict[str, _Route] = {}

    async def send(self, call: Call) -> Reply:
        """See `Transport.send`."""
        session = await self._pools.session()
        route = self._routes.get(call.base_url) or self._route(call.base_url)
        url = URL(call.url, encoded=True)
        if call.query:
            url = url.with_query(call.query)
        try:
            response = await session.request(
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
        await self._pools.aclose()

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
