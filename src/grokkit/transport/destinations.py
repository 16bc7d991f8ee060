"""Where a download may go: one address of the web judged by its spelling, before anything is sent.

The rules hold for the first address and for each that a redirect leads to. What a name stands for is judged later,
when the connection is made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from yarl import URL

from grokkit.errors import DownloadRefused, Misused
from grokkit.transport.addresses import is_local_name, is_public, spelled_address

if TYPE_CHECKING:
    from collections.abc import Collection

_DEFAULT_PORTS = {"http": 80, "https": 443}
_WEB_PORTS = frozenset(_DEFAULT_PORTS.values())
_UNFIT = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
_ODD_BRACKETS = re.compile(r"[^/?#]*//(?!\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\](?:[:/?#]|$))[^/?#]*[\[\]]")
"""In the host, brackets hold IPv6 and nothing else: programs differ about what else they might mean."""
_AS_IT_STANDS = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""What need not be quoted: signatures are often over the very characters."""
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_LONGEST_SHOWN = 200


class Destination(NamedTuple):
    """A place that may be asked."""

    scheme: str
    host: str
    """In ASCII, without a dot at its end; an address in its usual form."""
    port: int
    target: str
    """Path and query, as they were given."""
    is_named: bool
    """Whether the caller named host and port: then no more is asked of it."""

    @property
    def origin(self) -> str:
        """Scheme, host, and a port that is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}")

    @property
    def path(self) -> str:
        """The path alone: a query often holds what lets its bearer in."""
        return self.target.partition("?")[0]

    @property
    def url(self) -> str:
        """The whole address."""
        return self.origin + self.target

    def __str__(self) -> str:
        return _shortened(self.origin + self.path)


class Host(NamedTuple):
    """A host that the caller named, with or without a port."""

    name: str
    port: int | None


class Destinations:
    """The addresses that a download may ask.

    Without `hosts` these are all public ones over https. With them, only these hosts; an entry with a port
    (`"127.0.0.1:8080"`) lets that very port of that host be asked over http too, wherever it is.

    Raises `Misused` for an entry that is no host.

    >>> str(Destinations().admit("https://imgen.x.ai/a.jpeg?signature=secret"))
    'https://imgen.x.ai/a.jpeg'
    >>> str(Destinations(["127.0.0.1:8080"]).admit("http://127.1:8080/a.jpeg"))
    'http://127.0.0.1:8080/a.jpeg'
    """

    def __init__(self, hosts: Collection[str] | None = None) -> None:
        if isinstance(hosts, str):
            raise Misused("hosts is a string", hint=f"write hosts={{{hosts!r}}}", param="hosts")
        self._hosts = None if hosts is None else frozenset(map(_entry, hosts))

    def admit(self, url: str) -> Destination:
        """The destination of an address. Raises `DownloadRefused` when it may not be asked."""
        place = self._read(url)
        if self._hosts is not None and not place.is_named and Host(place.host, None) not in self._hosts:
            raise refused(place, f"{place.host} is none of the hosts that are allowed", "add it to hosts=...")
        if not place.is_named:
            _refuse_unless_public(place)
        return place

    def follow(self, place: Destination, location: str) -> Destination:
        """The destination that a redirect leads to, seen from where it was met. Raises as `admit` does."""
        try:
            url = str(URL(place.url, encoded=True).join(URL(location, encoded=True)))
        except ValueError:
            raise _unreadable() from None
        found = self.admit(url)
        if (place.scheme, found.scheme) == ("https", "http"):
            raise refused(found, f"{place} redirects to it, from https to http", "ask for an address that stays https")
        return found

    def _read(self, url: str) -> Destination:
        try:
            parsed = _parsed(url)
            host = _host(parsed)
            port = parsed.port
            target = (URL(url, encoded=True) if _AS_IT_STANDS.fullmatch(url) else parsed).raw_path_qs
        except ValueError:
            raise _unreadable() from None
        if parsed.scheme not in _DEFAULT_PORTS or port is None:
            raise DownloadRefused("only addresses that begin with https:// are downloaded", hint=_ALLOW)
        named = self._hosts is not None and Host(host, port) in self._hosts
        place = Destination(parsed.scheme, host, port, target or "/", named)
        if parsed.raw_user is not None or parsed.raw_password is not None:
            raise refused(place, "the address holds a user name or a password", "leave them out; no key is sent either")
        return place


def refused(place: Destination, reason: str, hint: str) -> DownloadRefused:
    """The error for an address that is not asked."""
    return DownloadRefused(f"{place} is not downloaded: {reason}", hint=hint)


def not_public(place: Destination) -> DownloadRefused:
    """The error for a host that is, or leads to, an address that is not public."""
    return refused(place, f"{place.host} is not a public host", _ALLOW)


_ALLOW = 'a server of your own must be named with its port: hosts={"127.0.0.1:8080"}'


def _refuse_unless_public(place: Destination) -> None:
    if place.scheme != "https":
        raise refused(place, "it is not https", _ALLOW)
    if place.port not in _WEB_PORTS:
        raise refused(place, f"{place.port} is no port of the web", _ALLOW)
    address = spelled_address(place.host)
    if is_local_name(place.host) if address is None else not is_public(address):
        raise not_public(place)


def _parsed(url: str) -> URL:
    if _UNFIT.search(url) or _ODD_BRACKETS.match(url):
        raise ValueError("no address")
    return URL(url)


def _host(url: URL) -> str:
    """The host in one spelling, so that every program on the way means the same by it. Raises `ValueError`."""
    host = (url.raw_host or "").removesuffix(".")
    address = spelled_address(host)
    if address is not None:
        return str(address)
    if not _NAME.fullmatch(host):
        raise ValueError("no host")
    return host


def _entry(entry: str) -> Host:
    try:
        parsed = _parsed(f"https://{entry}")
        host = Host(_host(parsed), parsed.explicit_port)
        if parsed.raw_user is None and parsed.raw_password is None and parsed.raw_path_qs == "/":
            return host
    except ValueError:
        pass
    raise Misused(
        f"hosts has {_shortened(entry)!r}, which is no host",
        hint='write hosts={"imgen.x.ai"}, or hosts={"127.0.0.1:8080"} to allow a server that is not public',
        param="hosts",
    )


def _unreadable() -> DownloadRefused:
    return DownloadRefused("the address cannot be read", hint="download needs a whole one: https://host/path")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
