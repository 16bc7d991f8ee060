"""Forbids calls that would leave this machine: no test spends money, or needs a network, by mistake."""

from __future__ import annotations

from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from grokkit.transport import guard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grokkit.call import Call

REMEDY = "answer it with a MockTransport or a Simulator, or record it once with a Cassette"


class RealCallRefused(AssertionError):
    """A call would have left this machine. No `GrokError`, so that no handling of errors hides it."""


@contextmanager
def no_real_calls(*, allow: Iterable[str] = (), remedy: str = REMEDY) -> Iterator[None]:
    """Raise `RealCallRefused` for every call that would leave this machine while a block runs.

    It holds for all clients, threads and loops of the process. `allow` names hosts that may be called all the
    same, as globs (`*.internal`). A `Cassette` that records may call; so may whatever carries calls without a
    network, such as `MockTransport` and `Simulator`. `remedy` is what the error tells to try.

    >>> from grokkit import Grok
    >>> with no_real_calls():
    ...     try:
    ...         Grok(api_key="test").ask("Hi")
    ...     except RealCallRefused as refused:
    ...         print(refused)
    a real call was about to be made: POST https://api.x.ai/v1/responses
    try: answer it with a MockTransport or a Simulator, or record it once with a Cassette
    """
    allowed = tuple(allow)

    def check(call: Call) -> None:
        __tracebackhide__ = True
        host = _host(call.base_url)
        if not (_is_here(host) or guard.is_wanted() or any(fnmatchcase(host, pattern) for pattern in allowed)):
            raise RealCallRefused(f"a real call was about to be made: {call.method} {call.ref.url}\ntry: {remedy}")

    with guard.guard.set(check):
        yield


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""  # no address at all: the transport tells


def _is_here(host: str) -> bool:
    """Whether a host is this machine, or a name that can never be anybody's (RFC 6761)."""
    if host in {"", "localhost"} or host.endswith((".localhost", ".invalid")):
        return True
    from ipaddress import ip_address

    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
