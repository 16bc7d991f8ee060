"""Downloads: a file at an address that somebody else gave, such as the image or video that a model made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from grokkit.clock import Within
from grokkit.config.not_given import NOT_GIVEN, NotGiven
from grokkit.errors import ClientClosed, Misused
from grokkit.resources.channel import user_agent
from grokkit.resources.landing import Landing
from grokkit.transport.destinations import Destinations
from grokkit.transport.download import Fetcher, Terms
from grokkit.transport.stream_clocks import deadline_exceeded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import timedelta

    from grokkit.config import Limits, Timeouts
    from grokkit.resources.channel import Channel

MAX_SIZE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was fetched whole."""

    url: str
    """Where it came from, after all redirects."""
    media_type: str
    """What the server says it is, in lower case: `image/jpeg`. Nobody has looked inside."""
    size: int
    """Bytes."""
    data: bytes
    """The bytes; none when they went to `path`."""
    path: Path | None = None
    """The file they were written to, if the call asked for one."""

    def __repr__(self) -> str:
        place = f" at {self.path}" if self.path else ""
        return f"<Download {self.media_type}, {self.size} bytes{place}>"


class DownloadOptions(TypedDict, total=False):
    """What a download takes besides its address."""

    max_size: int
    """The most bytes it may have, 256 MiB when not given."""
    types: Collection[str] | None
    """The media types it may have: `{"image/*", "video/mp4"}`. Any when not given."""
    hosts: Collection[str] | None
    """The only hosts it may come from, redirects included: `{"imgen.x.ai"}`. Any public one when not given.

    An entry with a port, `"127.0.0.1:8080"`, also allows what is refused otherwise: http, other ports than 80 and
    443, and a host that is not public.
    """
    timeout: float | timedelta | Timeouts | Mapping[str, Any] | None
    """As for every call; `wire` is the longest silence of the server."""
    to: str | Path | None
    """A file to write it to. It appears there when it is whole, and not at all if that fails."""


async def download(
    channel: Channel,
    url: str,
    *,
    max_size: int = MAX_SIZE,
    types: Collection[str] | None = None,
    hosts: Collection[str] | None = None,
    timeout: float | timedelta | Timeouts | Mapping[str, Any] | NotGiven | None = NOT_GIVEN,
    to: str | Path | None = None,
) -> Download:
    """See `AsyncGrok.download`."""
    if channel.closed:
        raise ClientClosed("this client is closed", hint="make a new one, or close it later")
    terms = Terms(Destinations(hosts), _size(max_size), _types(types))
    limits = channel.config.timeout.merge({} if timeout is NOT_GIVEN else timeout).limits(reasoning=False)
    until = None if limits.total is None else channel.clock.now() + limits.total
    with Within(channel.clock, until, lambda: deadline_exceeded(limits.total)):
        if to is None:
            return await _to_memory(channel, url, terms, limits)
        return await _to_file(channel, url, terms, limits, Path(to))


async def _to_memory(channel: Channel, url: str, terms: Terms, limits: Limits) -> Download:
    pieces: list[bytes] = []

    async def keep(piece: bytes) -> None:
        pieces.append(piece)

    arrived = await _fetcher(channel).fetch(url, terms, limits, keep)
    return Download(*arrived, data=b"".join(pieces))


async def _to_file(channel: Channel, url: str, terms: Terms, limits: Limits, path: Path) -> Download:
    async with Landing(path) as landing:
        arrived = await _fetcher(channel).fetch(url, terms, limits, landing.take)
        await landing.finish()
    return Download(*arrived, data=b"", path=path)


def _fetcher(channel: Channel) -> Fetcher:
    config = channel.config
    return Fetcher(
        channel.clock,
        user_agent=user_agent(None),
        proxy=config.proxy.reveal() if config.proxy else None,
        ca_file=str(config.ca_file) if config.ca_file else None,
        trust_env=config.trust_env,
    )


def _size(max_size: int) -> int:
    if isinstance(max_size, bool) or not isinstance(max_size, int) or max_size < 1:
        raise Misused(
            f"max_size takes a number of bytes above 0; found {max_size!r}",
            hint="write max_size=10 * 1024 * 1024 for 10 MiB",
            param="max_size",
        )
    return max_size


def _types(types: Collection[str] | None) -> frozenset[str] | None:
    if types is None:
        return None
    if isinstance(types, str) or not all(isinstance(each, str) and "/" in each for each in types):
        raise Misused(
            f"types takes media types; found {types!r}", hint='write types={"image/*", "video/mp4"}', param="types"
        )
    return frozenset(each.strip().lower() for each in types)
