"""Whether the prices in a recording are those of a listing: what its calls cost, and what its own listings say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.models import successor
from grokkit.testing.cassette.models_moved import model_trouble, moved
from grokkit.wire.extra import objects
from grokkit.wire.usage import chat_usage, responses_usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grokkit.models import Model
    from grokkit.testing.cassette.listing import Listing
    from grokkit.wire.usage import Prices, Usage

_COST = "cost_in_usd_ticks"
_LISTINGS = ("/models", "/language-models", "/image-generation-models", "/video-generation-models")
_PRICES = {
    "prompt_text_token_price": "input",
    "cached_prompt_text_token_price": "cached_input",
    "completion_text_token_price": "output",
    "prompt_text_token_price_long_context": "long_input",
    "cached_prompt_text_token_price_long_context": "long_cached_input",
    "completion_text_token_price_long_context": "long_output",
    "long_context_threshold": "long_context_threshold",
}


def cost_drift(answer: Mapping[str, Any], listing: Listing) -> str | None:
    """The line for the cost of an answer, where its tokens cost something else now.

    >>> from grokkit.testing.cassette.listing import CATALOGUE
    >>> usage = {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11, "cost_in_usd_ticks": 7}
    >>> cost_drift({"model": "grok-4.7", "usage": usage}, CATALOGUE)
    '/usage/cost_in_usd_ticks: 260000 at the prices of grok-4.7; recorded 7'
    """
    usage, served = answer.get("usage"), answer.get("model")
    found = listing.find(served) if isinstance(served, str) else None
    model = None if found is None else successor(found)
    if model is None or model.prices is None or not isinstance(usage, dict) or not isinstance(usage.get(_COST), int):
        return None
    tier = answer.get("service_tier")
    priced = _priced(usage, model.prices, tier if isinstance(tier, str) else None)
    if _is_beyond_reckoning(priced, model.prices) or priced.cost_ticks == usage[_COST]:
        return None
    return moved(f"/usage/{_COST}", f"{priced.cost_ticks} at the prices of {model.id}", usage[_COST])


def listing_drift(endpoint: str, body: Mapping[str, Any], listing: Listing) -> Iterator[str]:
    """The models in a recorded listing that are gone or unknown, and their prices that are others now."""
    kind = next((path for path in _LISTINGS if f"{endpoint}/".startswith(f"{path}/")), None)
    if kind is None:
        return
    for pointer, entry in _entries(body):
        name = entry.get("id")
        model = listing.find(name) if isinstance(name, str) else None
        trouble = model_trouble(name, listing) if isinstance(name, str) else None
        if trouble:
            yield moved(f"{pointer}/id", trouble, name)
        elif model is not None:
            yield from _entry_drift(pointer, entry, model)


def _priced(usage: Mapping[str, Any], prices: Prices, tier: str | None) -> Usage:
    counts = {name: value for name, value in usage.items() if not name.startswith("cost_in_")}
    read = chat_usage if "prompt_tokens" in usage else responses_usage
    return read(counts, prices, tier)


def _is_beyond_reckoning(usage: Usage, prices: Prices) -> bool:
    """Images made by tools have prices of their own, and steps of a loop may be on both sides of the threshold."""
    long = 0 < prices.long_context_threshold <= usage.input_tokens
    return "image_generation_calls" in usage.server_side_tools or (long and bool(usage.server_side_tools))


def _entries(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = next((name for name in ("data", "models") if isinstance(body.get(name), list)), None)
    if name is None:
        yield "", dict(body)
    else:
        yield from ((f"/{name}/{place}", entry) for place, entry in enumerate(objects(body[name])))


def _entry_drift(pointer: str, entry: Mapping[str, Any], model: Model) -> Iterator[str]:
    for field, ours in _PRICES.items() if model.prices is not None else ():
        now = getattr(model.prices, ours)
        if isinstance(entry.get(field), int) and entry[field] != now:
            yield moved(f"{pointer}/{field}", f"{now} for {model.id}", entry[field])
    images = {price.ticks for price in model.unit_prices if price.unit == "image"}
    if images and isinstance(entry.get("image_price"), int) and entry["image_price"] not in images:
        known = " or ".join(map(str, sorted(images)))
        yield moved(f"{pointer}/image_price", f"{known} for {model.id}", entry["image_price"])
