"""Whether a recorded response is still as xAI's OpenAPI document has it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import UNSET

from grokkit.testing.cassette.interaction import Content
from grokkit.testing.openapi import drift, frame_drift

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.testing.cassette.interaction import Interaction

_HOST = "x.ai"
_INDEX = re.compile(r"/\d+(?=/|:|$)")


def drift_of(interaction: Interaction) -> list[str]:
    """One line for each field that moved, the items of an array counted together. Other hosts than xAI's have none."""
    request, response = interaction.request, interaction.response
    host = urlsplit(request.url).hostname or ""
    if host != _HOST and not host.endswith(f".{_HOST}"):
        return []
    if isinstance(response.events, list):
        frames = [event.data for event in response.events if event.data is not UNSET]
        return folded(line for frame in frames for line in frame_drift(request.url, frame))
    if not response.complete or not isinstance(response.body, Content):
        return []
    return folded(drift(request.url, response.status, response.body.json, method=request.method))


def folded(lines: Iterable[str]) -> list[str]:
    """Lines that differ only in the place in an array become one, with how many they were.

    >>> folded(["/data/0/id: required, and missing", "/data/1/id: required, and missing"])
    ['/data/*/id: required, and missing (2 times)']
    """
    lines = list(lines)
    counted = Counter(_INDEX.sub("/*", line) for line in lines)
    originals = {_INDEX.sub("/*", line): line for line in reversed(lines)}
    return [originals[line] if count == 1 else f"{line} ({count} times)" for line, count in counted.items()]
