"""Whether a recording is still as xAI's API is: its OpenAPI document, its models and its prices."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import UNSET

from grokkit.testing.cassette.interaction import Content
from grokkit.testing.cassette.listing import CATALOGUE
from grokkit.testing.cassette.models_moved import moved, request_drift, served_drift
from grokkit.testing.cassette.prices_moved import cost_drift, listing_drift
from grokkit.testing.openapi import drift, frame_drift
from grokkit.testing.openapi.document import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from msgspec import UnsetType

    from grokkit.testing.cassette.interaction import Interaction, Response
    from grokkit.testing.cassette.listing import Listing

_XAI = "x.ai"
_DEARER = "us.api.x.ai"
_EMBEDDINGS = "/embeddings"
_REFUSED = 400
_INDEX = re.compile(r"/\d+(?=/|:|$)")


def drift_of(interaction: Interaction, listing: Listing = CATALOGUE) -> list[str]:
    """One line for each field that moved, the items of an array counted together.

    Replies are held against the OpenAPI document, models and prices against the listing. Other hosts than
    xAI's and the listing's own have no drift.
    """
    host = urlsplit(interaction.request.url).hostname or ""
    if host not in {_XAI, listing.host or _XAI} and not host.endswith(f".{_XAI}"):
        return []
    return folded([*_reply_drift(interaction), *_model_drift(interaction, listing, host)])


def _reply_drift(interaction: Interaction) -> Iterator[str]:
    request, response = interaction.request, interaction.response
    if isinstance(response.events, list):
        for event in response.events:
            yield from frame_drift(request.url, event.data) if event.data is not UNSET else ()
    elif response.complete and isinstance(response.body, Content):
        yield from drift(request.url, response.status, response.body.json, method=request.method)


def _model_drift(interaction: Interaction, listing: Listing, host: str) -> Iterator[str]:
    """What the server refused when it was recorded says nothing of what it takes now."""
    path, asked = endpoint(interaction.request.url), _json(interaction.request.body)
    if interaction.response.status >= _REFUSED or path == _EMBEDDINGS:
        return
    yield from request_drift(path, asked, listing)
    yield from listing_drift(path, _json(interaction.response.body), listing)
    pointer, answer = _answer(interaction.response)
    if trouble := served_drift(asked.get("model"), answer.get("model"), listing):
        yield moved(f"{pointer}/model", trouble, answer["model"])
    if host != _DEARER and (line := cost_drift(answer, listing)):
        yield f"{pointer}{line}"


def _answer(response: Response) -> tuple[str, Mapping[str, Any]]:
    """What tells model and usage, and where in the body or its event it is."""
    if not isinstance(response.events, list):
        return "", _json(response.body)
    frames = [event.data for event in response.events if isinstance(event.data, dict)]
    told = [("/response", frame["response"]) if "response" in frame else ("", frame) for frame in frames]
    named = [(pointer, value) for pointer, value in told if isinstance(value, dict) and "model" in value]
    billed = [(pointer, value) for pointer, value in named if value.get("usage")]
    return [("", {}), *named, *billed][-1]


def _json(content: Content | UnsetType) -> Mapping[str, Any]:
    value = content.json if isinstance(content, Content) else None
    return value if isinstance(value, dict) else {}


def folded(lines: Iterable[str]) -> list[str]:
    """Lines that differ only in the place in an array become one, with how many they were.

    >>> folded(["/data/0/id: required, and missing", "/data/1/id: required, and missing"])
    ['/data/*/id: required, and missing (2 times)']
    """
    lines = list(lines)
    counted = Counter(_INDEX.sub("/*", line) for line in lines)
    originals = {_INDEX.sub("/*", line): line for line in reversed(lines)}
    return [originals[line] if count == 1 else f"{line} ({count} times)" for line, count in counted.items()]
