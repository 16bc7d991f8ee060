"""Bring your own client: calls carried by an `httpx2.AsyncClient`, with its proxies, certificates and hooks."""

from __future__ import annotations

import asyncio
import functools
import os
from typing import TYPE_CHECKING, Any

from grokkit._per_loop import Care, PerLoop
from grokkit.call import Reply
from grokkit.errors import ExtraMissing, Misused
from grokkit.transport import failures
from grokkit.transport.guard import guard

try:
    import httpx2
except ImportError as error:
    raise ExtraMissing("the httpx2 transport needs httpx2, which is not installed", extra="httpx2") from error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    import httpcore2

    from grokkit.call import Call
    from grokkit.errors import GrokError
    from grokkit.transport.failures import Table

_CAUGHT = (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError, TypeError)
_CUT_SHORT = ("peer closed connection", "server disconnected")


class Httpx2Transport:
    """Carries calls over your `httpx2.AsyncClient`, or over clients that your function makes.

    A client belongs to one event loop and one process; given a function, each loop gets a client of its own, which
    closes with its loop. Your own client stays open when the transport is closed, unless `close_client` says
    otherwise. Of its settings, read timeouts and `follow_redirects` do not count: grokkit has limits of its own, and
    a redirect must not carry the key elsewhere.

    Raises `ExtraMissing` on import when httpx2 is not installed, and `Misused` when one client is used from a second
    loop or after a fork.

    >>> import asyncio, httpx2
    >>> transport = Httpx2Transport(lambda: httpx2.AsyncClient(headers={"x-team": "blue"}))
    >>> asyncio.run(transport.aclose())
    """

    def __init__(
        self, client: httpx2.AsyncClient | Callable[[], httpx2.AsyncClient], *, close_client: bool = False
    ) -> None:
        self._clients = _OneClient(client, close_client) if isinstance(client, httpx2.AsyncClient) else _clients(client)

    async def send(self, call: Call) -> Reply:
        """See `Transport.send`."""
        if guard.check is not None:
            guard.check(call)
        client = self._clients.get() or await self._clients.open()
        opening = _Opening()
        try:
            request = client.build_request(
                call.method,
                call.url,
                params=call.query or None,
                content=call.content(),
                headers=call.headers,
                timeout=_connect_within(call.limits.connect),
                extensions={"trace": opening},
            )
            response = await client.send(request, stream=True, follow_redirects=False)
        except _CAUGHT as error:
            failure = _translated(error, call)
        except asyncio.CancelledError:
            await opening.aclose()
            raise
        else:
            return Reply(response.status_code, response.headers, stream=_Body(response, call))
        raise failure

    async def aclose(self) -> None:
        """Close the running loop's client, if it was made by your function or is ours to close."""
        await self._clients.aclose()


class _Opening:
    """A connection between its TCP and its TLS handshake: httpx2 forgets it when it is cancelled there."""

    def __init__(self) -> None:
        self._connection: httpcore2.AsyncNetworkStream | None = None

    async def __call__(self, step: str, info: Mapping[str, Any]) -> None:
        if step.endswith("connect_tcp.complete"):
            self._connection = info["return_value"]
        elif step.endswith("start_tls.complete"):
            self._connection = None

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.aclose()


class _OneClient:
    """The user's own client, used where it was used first."""

    def __init__(self, client: httpx2.AsyncClient, close: bool) -> None:  # noqa: FBT001
        self._client = client
        self._close = close
        self._home: tuple[asyncio.AbstractEventLoop, int] | None = None

    def get(self) -> httpx2.AsyncClient:
        here = (asyncio.get_running_loop(), os.getpid())
        if self._home is None:
            self._home = here
        elif self._home != here:
            raise Misused(
                "an httpx2 client belongs to the event loop and the process that used it first, and this is another",
                hint="pass a function that makes it: Httpx2Transport(lambda: httpx2.AsyncClient(...))",
            )
        return self._client

    async def open(self) -> httpx2.AsyncClient:
        return self.get()

    async def aclose(self) -> None:
        if self._close:
            await self._client.aclose()


def _clients(make: Callable[[], httpx2.AsyncClient]) -> PerLoop[httpx2.AsyncClient]:
    return PerLoop(Care(make=make, close=lambda client: client.aclose(), abandon=lambda _: None, disown=lambda _: None))


class _Body:
    """The body of a response as a `ByteStream`."""

    __slots__ = ("_call", "_chunks", "_process", "_response")

    def __init__(self, response: httpx2.Response, call: Call) -> None:
        self._response = response
        self._chunks = response.aiter_bytes()
        self._call = call
        self._process = os.getpid()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._chunks.__anext__()
        except _CAUGHT as error:
            failure = _translated(error, self._call)
        raise failure

    async def aclose(self) -> None:
        """Give the connection back when the body was read to its end, else drop it."""
        if self._process == os.getpid():
            await self._chunks.aclose()
            await self._response.aclose()


@functools.cache
def _connect_within(seconds: float | None) -> httpx2.Timeout:
    return httpx2.Timeout(None, connect=seconds, pool=seconds)


def _translated(error: Exception, call: Call) -> GrokError:
    return failures.translated(error, _TABLE, call)


def _broken_protocol(error: Exception, call: Call) -> GrokError:
    text = str(error).lower()
    if any(end in text for end in _CUT_SHORT):
        return failures.connection_lost(error, call)
    return failures.not_http(error, call)


_TABLE: Table = (
    (httpx2.ConnectTimeout, failures.connect_timed_out),
    (httpx2.PoolTimeout, failures.connect_timed_out),
    (httpx2.ConnectError, failures.not_connected),
    (httpx2.ProxyError, failures.proxy_refused),
    (httpx2.RemoteProtocolError, _broken_protocol),
    (httpx2.DecodingError, failures.not_decodable),
    (httpx2.UnsupportedProtocol, failures.address_unusable),
    (httpx2.InvalidURL, failures.address_unusable),
    (httpx2.LocalProtocolError, failures.not_sendable),
    (ValueError, failures.not_sendable),
    (TypeError, failures.not_sendable),
)
