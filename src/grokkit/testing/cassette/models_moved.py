"""Whether a recording's models are those of a listing: who is asked, with which parameters, and who answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.models import lookup, successor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grokkit.models import Model
    from grokkit.testing.cassette.listing import Listing

_NEWEST = frozenset({"grok-latest", "latest"})
"""Names that stand for another model every few months, and are in no list."""
_EFFORT = "reasoning_effort"
_PLACES = {
    _EFFORT: ("/reasoning_effort", "/reasoning/effort"),
    "stop": ("/stop", "/stop_sequences"),
}
_QUOTED = 100


def request_drift(endpoint: str, body: Mapping[str, Any], listing: Listing) -> Iterator[str]:
    """The model that is asked, where it is gone or unknown, and the parameters that it takes no more.

    >>> from grokkit.testing.cassette.listing import CATALOGUE
    >>> list(request_drift("/chat/completions", {"model": "grok-4.7", "stop": ["."]}, CATALOGUE))
    ["request /stop: grok-4.7 rejects it; recorded ['.']"]
    """
    name = body.get("model")
    if not isinstance(name, str):
        return
    trouble = model_trouble(name, listing)
    if trouble:
        yield f"request {moved('/model', trouble, name)}"
    model = now_serving(name, listing)
    if model is not None:
        yield from _parameters(endpoint, body, model)


def served_drift(asked: object, served: object, listing: Listing) -> str | None:
    """What is to be said of the model that answered; `asked` is no text where the request named none.

    >>> from grokkit.testing.cassette.listing import CATALOGUE
    >>> served_drift("grok-4.7", "grok-4.3", CATALOGUE)
    'grok-4.7 expected'
    """
    if not isinstance(served, str):
        return None
    if not isinstance(asked, str) or asked in _NEWEST:
        return model_trouble(served, listing)
    expected, given = now_serving(asked, listing), listing.find(served)
    if expected is None or (given is not None and given.id == expected.id):
        return None
    return f"{expected.id} expected"


def now_serving(name: str, listing: Listing) -> Model | None:
    """The model that answers to a name now, if any is known."""
    model = listing.find(name)
    return None if model is None else successor(model)


def model_trouble(name: str, listing: Listing) -> str | None:
    """Why a model of this name should not be asked any more.

    >>> from grokkit.testing.cassette.listing import CATALOGUE
    >>> model_trouble("grok-3", CATALOGUE)
    'retired on 2026-05-15, and grok-4.3 with reasoning effort "none" answers for it'
    >>> model_trouble("grok-99", CATALOGUE)
    'not in the catalogue'
    """
    model = listing.find(name)
    if model is None:
        known = lookup(name)
        retired = f" ({_retired(known)})" if known is not None and known.retired_on else ""
        return None if name in _NEWEST else f"not in {listing.source}{retired}"
    return _retired(model) if model.retired_on else None


def moved(pointer: str, now: str, recorded: object) -> str:
    """The line for a field."""
    text = repr(recorded)
    return f"{pointer}: {now}; recorded {text[:_QUOTED]}{'...' if len(text) > _QUOTED else ''}"


def _retired(model: Model) -> str:
    heir = successor(model)
    if heir is None:
        return f"retired on {model.retired_on}"
    setting = f" with {model.served_with}" if model.served_with and heir.id == model.served_by else ""
    return f"retired on {model.retired_on}, and {heir.id}{setting} answers for it"


def _parameters(endpoint: str, body: Mapping[str, Any], model: Model) -> Iterator[str]:
    names = model.rejects & {_EFFORT} if endpoint == "/responses" else model.rejects
    for name in sorted(names):
        for pointer, value in _given(body, name):
            yield f"request {moved(pointer, f'{model.id} rejects it', value)}"
    if model.efforts and _EFFORT not in names:
        takes = f"{model.id} takes {', '.join(model.efforts)}"
        refused = [given for given in _given(body, _EFFORT) if given[1] not in model.efforts]
        yield from (f"request {moved(pointer, takes, value)}" for pointer, value in refused)


def _given(body: Mapping[str, Any], name: str) -> Iterator[tuple[str, object]]:
    """Where a parameter is set to something: 0 is what the server takes from everybody."""
    for pointer in _PLACES.get(name, (f"/{name}",)):
        value: object = body
        for step in pointer[1:].split("/"):
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None and value != 0:
            yield pointer, value
