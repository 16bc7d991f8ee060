"""Fetches one file from the web for somebody who may not know where its address leads: no key, and nowhere private.

A connection goes only to addresses that were looked up for it and found public, in one step, so that a name cannot
change what it stands for in between. Every redirect begins anew, with a connection of its own.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import aiohttp
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from grokkit.call import Call
from grokkit.clock import Within
from grokkit.errors import (
    CertificateRejected,
    ConfigInvalid,
    ConnectionLost,
    GrokError,
    NameNotResolved,
    NotFound,
    ReplyUnreadable,
)
from grokkit.transport import failures, tls
from grokkit.transport.addresses import is_public
from grokkit.transport.aiohttp_pool import NOT_CONNECTED, PromptResponse
from grokkit.transport.destinations import not_public, refused
from grokkit.transport.guard import guard
from grokkit.transport.proxies import proxy_for
from grokkit.transport.resolver import Resolver
from grokkit.transport.stream_clocks import wire_timed_out
from grokkit.wire.error_body import classify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.abc import ResolveResult

    from grokkit.clock import Clock
    from grokkit.config import Limits
    from grokkit.transport.destinations import Destination, Destinations
    from grokkit.transport.failures import Table

    Keep = Callable[[bytes], Awaitable[object]]

_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_FOR_US = frozenset({401, 403, 404, 410})
_READ_BUFFER = 256 * 1024
_CAUGHT = (aiohttp.ClientError, OSError, ValueError)
_TELLING = (aiohttp.ClientError, ValueError)
_UNKNOWN_TYPE = "application/octet-stream"


class Arrived(NamedTuple):
    """What is known of a file that was fetched whole."""

    url: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a file must be like to be fetched."""

    destinations: Destinations
    max_size: int
    """Bytes, as they come out of any compression."""
    types: frozenset[str] | None
    """Media types in lower case, `image/*` for all images; `None` for any."""

    def media_type(self, place: Destination, header: str | None) -> str:
        """The media type that a header names. Raises `DownloadRefused` for one that is not wanted."""
        media_type = (header or _UNKNOWN_TYPE).partition(";")[0].strip().lower()
        if self.types is not None and not {media_type, f"{media_type.partition('/')[0]}/*"} & self.types:
            wanted = ", ".join(sorted(self.types))
            raise refused(place, f"it is {media_type[:99]!r}, not {wanted}", "check the address, or widen types=...")
        return media_type

    def refuse_larger(self, place: Destination, size: int) -> None:
        """Raise `DownloadRefused` for more bytes than are wanted."""
        if size > self.max_size:
            raise refused(place, f"it is larger than {self.max_size} bytes", "raise max_size=... if that is expected")


class Fetcher:
    """Fetches files as its settings say. It sends nothing that tells who asks: no key, no cookie, no id."""

    def __init__(
        self, clock: Clock, *, user_agent: str, proxy: str | None, ca_file: str | None, trust_env: bool
    ) -> None:
        self._clock = clock
        self._headers = {"user-agent": user_agent, "accept": "*/*", "accept-encoding": "identity"}
        self._proxy = proxy
        self._ca_file = ca_file
        self._trust_env = trust_env

    async def fetch(self, url: str, terms: Terms, limits: Limits, keep: Keep) -> Arrived:
        """Fetch a file and hand its bytes to `keep`, piece by piece.

        Of the limits, `connect` and `wire` are looked after here. Raises `DownloadRefused` for what the terms do not
        allow, `NotFound` for what is not there or not for everybody, and what any call raises.
        """
        place = terms.destinations.admit(url)
        for _ in range(_MOST_REDIRECTS + 1):
            outcome = await self._visit(place, terms, limits, keep)
            if isinstance(outcome, Arrived):
                return outcome
            place = outcome
        raise refused(place, f"there were more than {_MOST_REDIRECTS} redirects", "ask for the last address itself")

    async def _visit(self, place: Destination, terms: Terms, limits: Limits, keep: Keep) -> Destination | Arrived:
        call = Call(method="GET", base_url=place.origin, path=place.path, operation="download", id="", limits=limits)
        if guard.check is not None:
            guard.check(call)
        try:
            return await self._exchange(place, terms, limits, keep)
        except GrokError as error:
            error.call = error.call or call.ref
            raise
        except _CAUGHT as error:
            failure = _translated(error, call)
        failure.call = call.ref
        raise failure

    async def _exchange(self, place: Destination, terms: Terms, limits: Limits, keep: Keep) -> Destination | Arrived:
        proxy = self._proxy_for(place)
        secure = tls.context(ca_file=self._ca_file, trust_env=self._trust_env) if place.scheme == "https" else True
        resolver = Resolver() if proxy or place.is_named else _PublicOnly(place)
        async with _session(resolver) as session:
            with self._awake(limits) as limit:
                response = await session.get(
                    URL(place.url, encoded=True),
                    headers=self._headers,
                    allow_redirects=False,
                    proxy=proxy,
                    ssl=secure,
                    timeout=aiohttp.ClientTimeout(total=None, connect=limits.connect),
                )
                try:
                    return await _receive(response, place, terms, keep, lambda: self._heard(limit, limits))
                finally:
                    response.close()

    def _awake(self, limits: Limits) -> Within:
        return Within(self._clock, self._silent_until(limits), lambda: wire_timed_out(limits.wire))

    def _heard(self, limit: Within, limits: Limits) -> None:
        limit.move(self._silent_until(limits), lambda: wire_timed_out(limits.wire))

    def _silent_until(self, limits: Limits) -> float | None:
        return None if limits.wire is None else self._clock.now() + limits.wire

    def _proxy_for(self, place: Destination) -> str | None:
        proxy = proxy_for(place.url, given=self._proxy, trust_env=self._trust_env)
        if proxy is not None and not proxy.startswith(("http://", "https://")):
            raise ConfigInvalid(
                f"a {proxy.partition(':')[0]} proxy is set, and downloads go through http and https proxies only",
                hint="use an http proxy, or exempt the host with NO_PROXY",
            )
        return proxy


def _session(resolver: Resolver) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=_READ_BUFFER,
        response_class=type("Response", (PromptResponse,), {"process": os.getpid()}),
    )


class _PublicOnly(Resolver):
    """Finds the public addresses of a host: others are as good as none."""

    def __init__(self, place: Destination) -> None:
        self._place = place

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise not_public(self._place)
        return public


async def _receive(
    response: aiohttp.ClientResponse, place: Destination, terms: Terms, keep: Keep, heard: Callable[[], None]
) -> Destination | Arrived:
    location = response.headers.get("location")
    if response.status in _REDIRECTS and location is not None:
        return terms.destinations.follow(place, location)
    if response.status != HTTPStatus.OK:
        raise _unwelcome(response, place)
    media_type = terms.media_type(place, response.headers.get("content-type"))
    terms.refuse_larger(place, response.content_length or 0)
    size = 0
    heard()
    while piece := await response.content.readany():
        size += len(piece)
        terms.refuse_larger(place, size)
        await keep(piece)
        heard()
    return Arrived(place.url, media_type, size)


def _unwelcome(response: aiohttp.ClientResponse, place: Destination) -> GrokError:
    status = response.status
    if status in _NOT_FOR_US:
        return NotFound(
            f"{place} is not there, or not for everybody: the server answered {status}",
            hint="addresses of results expire: download soon after they are made, or ask for the result again",
            status=status,
        )
    if status < HTTPStatus.BAD_REQUEST:
        return ReplyUnreadable(
            f"{place} is no file: the server answered {status}", hint="check the address", status=status
        )
    return classify(status, response.headers, b"")


def _translated(error: Exception, call: Call) -> GrokError:
    made = failures.translated(error, _TABLE, call, telling=_TELLING)
    made.hint = _HINTS.get(type(made), made.hint)
    return made


def _body_broken(error: Exception, call: Call) -> GrokError:
    if any(isinstance(origin, ContentEncodingError) for origin in failures.causes(error)):
        return failures.not_decodable(error, call)
    return failures.connection_lost(error, call)


_TABLE: Table = (
    *NOT_CONNECTED,
    (aiohttp.ClientPayloadError, _body_broken),
    (aiohttp.ClientResponseError, failures.not_http),
    (aiohttp.InvalidURL, failures.address_unusable),
)
_HINTS: dict[type[GrokError], str] = {
    CertificateRejected: "behind a company proxy, pass its CA: ca_file=... or SSL_CERT_FILE; else check the clock",
    ConfigInvalid: "check the address",
    ConnectionLost: "download it again: nothing of it was kept",
    NameNotResolved: "check the address, the network and the proxy settings",
    ReplyUnreadable: "check the address; a proxy on the way may also have changed what it leads to",
}
