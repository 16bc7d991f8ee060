"""The default transport: aiohttp, one connection pool per event loop, fit for thousands of streams."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from grokkit.call import Reply
from grokkit.errors import ConfigInvalid
from grokkit.transport import failures, tls
from grokkit.transport.aiohttp_pool import NOT_CONNECTED, pools
from grokkit.transport.guard import guard
from grokkit.transport.proxies import proxy_for

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable

    from grokkit.call import Call
    from grokkit.errors import GrokError
    from grokkit.transport.failures import Table

_CAUGHT = (aiohttp.ClientError, OSError, ValueError)
_TELLING = (aiohttp.ClientError, ValueError)
_CUT_SHORT = "Response payload is not completed"
_ONE_WRITE = 512 * 1024
_NEVER_WRITTEN = "Cannot write to closing transport"


class AiohttpTransport:
    """Carries calls over aiohttp.

    Works from any number of event loops, one after the other or at once: each has its own pool, which closes
    with its loop. After a fork the child starts with no pools, and leaves the parent's sockets alone.

    `ca_file` is trusted besides the system's own authorities. `proxy` is an http or https address, credentials
    included; without it the environment decides, unless `trust_env` is off.

    Raises `ConfigInvalid` for a proxy or a file that cannot be used.

    >>> import asyncio
    >>> asyncio.run(AiohttpTransport(max_connections=100).aclose())
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
        self._pools = pools(max_connections)
        self._proxy = _supported(proxy)
        self._trust_env = trust_env
        self._tls = {"ca_file": ca_file, "client_cert": client_cert, "client_key": client_key}
        self._routes: dict[str, _Route] = {}

    def send(self, call: Call) -> Awaitable[Reply]:
        """See `Transport.send`.

        A `GET` or `DELETE` whose connection breaks before the first byte of a reply is sent once more. A `POST` is
        not, unless it is certain that no byte of it was written: the server may have acted on it.
        """
        if guard.check is not None:
            guard.check(call)
        return self._send(call, again=True)

    async def _send(self, call: Call, *, again: bool) -> Reply:
        url, content = _address(call), call.content()
        route = self._routes.get(call.base_url) or self._route(call.base_url)
        pool = self._pools.get() or await self._pools.open()
        if pool.was_quiet():
            await pool.notice_closed()
        try:
            response = await pool.session.request(
                call.method,
                url,
                data=content if content is None or len(content) <= _ONE_WRITE else io.BytesIO(content),
                headers=call.headers,
                allow_redirects=False,
                proxy=route.proxy,
                timeout=_connect_within(call.limits.connect),
                ssl=route.ssl,
            )
        except _CAUGHT as error:
            failure = _translated(error, call)
            unsent = again and not call.owner.closed and _was_never_written(error, call)
        else:
            if not call.stream and (body := _already_here(response, call.max_body_size)) is not None:
                return Reply(response.status, response.headers, body=body)
            pool.watch(response)
            return Reply(response.status, response.headers, stream=_Body(response, call))
        if unsent:
            return await self._send(call, again=False)
        raise failure

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


def _already_here(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body, when all of it came with the head and its connection is free again; None when it has to be read."""
    content = response.content
    if not content.is_eof() or content.exception() is not None or content.total_bytes > limit:
        return None
    return content.read_nowait()


class _Route(NamedTuple):
    proxy: str | None
    ssl: ssl.SSLContext | bool


class _Body:
    """The body of a response as a `ByteStream`."""

    __slots__ = ("_broken", "_call", "_content", "_response")

    def __init__(self, response: aiohttp.ClientResponse, call: Call) -> None:
        self._response = response
        self._content = response.content
        self._call = call
        self._broken: Exception | None = None

    def __aiter__(self) -> _Body:
        return self

    async def __anext__(self) -> bytes:
        chunk = b""
        if self._broken is None:
            try:
                chunk = await self._content.readany()
            except _CAUGHT as error:
                self._broken = error
                chunk = self._rest()
        if chunk:
            return chunk
        if self._broken is None:
            raise StopAsyncIteration
        raise _translated(self._broken, self._call)

    def _rest(self) -> bytes:
        """What had arrived before the break: aiohttp holds it back as soon as it knows of the error."""
        content, nothing = self._content, cast("Exception", None)
        content.set_exception(nothing)
        rest = content.read_nowait()
        content.set_exception(self._broken or nothing)
        return rest

    async def aclose(self) -> None:
        """Give the connection back when the body was read to its end, else drop it."""
        if self._content.at_eof():
            self._response.release()
        else:
            self._response.close()


def _translated(error: Exception, call: Call) -> GrokError:
    return failures.translated(error, _TABLE, call, telling=_TELLING)


def _lost(error: Exception, call: Call) -> GrokError:
    if _was_never_written(error, call):
        return failures.nothing_was_sent(error, call)
    return failures.connection_lost(error, call)


def _was_never_written(error: Exception, call: Call) -> bool:
    """Whether the connection was found closed by the first write of the request.

    A small request is one write, body and all; of a large one, part may have gone before.
    """
    found_closed = any(
        isinstance(origin, aiohttp.ClientConnectionResetError) and str(origin) == _NEVER_WRITTEN
        for origin in failures.causes(error)
    )
    return found_closed and len(call.content() or b"") <= _ONE_WRITE


def _body_broken(error: Exception, call: Call) -> GrokError:
    if any(isinstance(origin, ContentEncodingError) for origin in failures.causes(error)):
        return failures.not_decodable(error, call)
    if str(error).startswith(_CUT_SHORT):
        return failures.connection_lost(error, call)
    return failures.not_http(error, call)


_TABLE: Table = (
    *NOT_CONNECTED,
    (aiohttp.ClientConnectionError, _lost),
    (aiohttp.ClientPayloadError, _body_broken),
    (aiohttp.ClientResponseError, failures.not_http),
    (aiohttp.InvalidURL, failures.address_unusable),
    (ValueError, failures.not_sendable),
)


def _address(call: Call) -> URL:
    try:
        url = _parsed(call.base_url, call.path)
    except ValueError as error:
        raise failures.address_unusable(error, call) from error
    except (LookupError, TypeError, AttributeError) as error:  # yarl trips over hosts such as `[]@`
        raise failures.address_unusable(ValueError("its host is malformed"), call) from error
    return url.with_query(call.query) if call.query else url


@functools.lru_cache(maxsize=256)
def _parsed(base_url: str, path: str) -> URL:
    address = base_url + path
    urlsplit(address)
    return URL(address)


@functools.cache
def _connect_within(seconds: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=seconds)


def _supported(proxy: str | None) -> str | None:
    if proxy is not None and not proxy.startswith(("http://", "https://")):
        scheme = proxy.partition(":")[0]
        raise ConfigInvalid(
            f"a {scheme} proxy is set, and the default transport speaks to http and https proxies only",
            hint="use an http proxy, or bring a client that can:"
            " Grok(transport=Httpx2Transport(lambda: httpx2.AsyncClient(proxy=...)))",
        )
    return proxy
