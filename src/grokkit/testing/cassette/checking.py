"""Cassettes held against the API as it is now, without replaying them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from grokkit.testing.cassette import file
from grokkit.testing.cassette.drifting import drift_of
from grokkit.testing.cassette.listing import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.testing.cassette.listing import Listing

_MARK = b'"grokkit_cassette"'
_HEAD = 200


class Drifted(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that is out of date."""

    number: int
    """Its place in the cassette, from 1."""
    request: str
    drift: list[str]
    """A line for each field that moved, with what it was."""


def check(path: str | Path, listing: Listing = CATALOGUE) -> list[Drifted]:
    """The recordings of a cassette that are not as xAI's API is now: its document, its models and its prices.

    Models and prices are those of the catalogue, or of a server: `check(path, live_listing(grok))`. Raises
    `CassetteBroken` for a file that is no cassette.

    >>> import tempfile
    >>> from grokkit.testing import Cassette, MockTransport
    >>> from grokkit import Grok
    >>> path = Path(tempfile.mkdtemp()) / "old.json"
    >>> real = MockTransport()
    >>> _ = real.on().reply("Hello!")
    >>> with Grok(api_key="xai-0123456789", transport=Cassette(path, transport=real)) as grok:
    ...     _ = grok.chat.create("grok-99", messages=[{"role": "user", "content": "Hi"}])
    >>> [drifted] = check(path)
    >>> drifted.request, drifted.drift
    ('POST https://api.x.ai/v1/chat/completions', ["request /model: not in the catalogue; recorded 'grok-99'"])
    """
    checked = [(number, one.request, drift_of(one, listing)) for number, one in enumerate(file.read(Path(path)), 1)]
    return [Drifted(number=number, request=str(request), drift=drift) for number, request, drift in checked if drift]


def cassettes_in(place: Path) -> list[Path]:
    """The cassettes in a folder and those below it, hidden ones left out. A file is what it is: itself."""
    if not place.is_dir():
        return [place]
    return sorted(path for path in _files(place) if path.suffix == ".json" and _is_cassette(path))


def _files(place: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(place):
        below[:] = [name for name in below if not name.startswith(".")]
        yield from (Path(folder) / name for name in names)


def _is_cassette(path: Path) -> bool:
    try:
        with path.open("rb") as opened:
            return _MARK in opened.read(_HEAD)
    except OSError:
        return False
