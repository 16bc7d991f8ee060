"""What the listings say of models and the catalogue does not: old prices, versions."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grokkit.models import Model

_PRICES_UNTIL_MAY = {
    "grok-4.20-0309-reasoning": (20_000, 2_000, 60_000),
    "grok-4.20-0309-non-reasoning": (20_000, 2_000, 60_000),
    "grok-4.20-multi-agent-0309": (20_000, 2_000, 60_000),
}
_LIVE_SEARCH_TICKS = 250_000_000
_NO_LIVE_SEARCH = ("grok-code-fast-1",)
_IMAGE_PRICES_OF_OLD = {"grok-imagine-image-pro": 700_000_000}
_LONG_PROMPTS = {"grok-imagine-image-pro": 10_000}
_PROMPT_LENGTH = 8_000
_DEFAULT_VARIANTS = ("medium 1k", "1k", "any")


def fingerprint(name: str) -> str:
    """The fingerprint of a model, made from its id."""
    return f"fp_{hashlib.sha256(name.encode()).hexdigest()[:10]}"


def prices_of(model: Model, *, old: bool) -> tuple[int, int, int]:
    """Ticks for a token of text, a cached one, and one of output; `old` means the spring of 2026."""
    if old and model.id in _PRICES_UNTIL_MAY:
        return _PRICES_UNTIL_MAY[model.id]
    prices = model.prices
    return (0, 0, 0) if prices is None else (prices.input, prices.cached_input, prices.output)


def search_price(model: Model, *, old: bool) -> int:
    """Ticks for a source of Live Search, which is no more."""
    return _LIVE_SEARCH_TICKS if old and model.id not in _NO_LIVE_SEARCH else 0


def image_price(model: Model) -> int:
    """Ticks for an image at the default quality and size."""
    by_variant = {price.variant: price.ticks for price in model.unit_prices if price.unit == "image"}
    found = next((by_variant[variant] for variant in _DEFAULT_VARIANTS if variant in by_variant), 0)
    return _IMAGE_PRICES_OF_OLD.get(model.id, found)


def pricing_tiers(model: Model) -> list[dict[str, Any]]:
    """The price of each quality and size, for models where the quality counts."""
    split = [(price.variant.split(" ", 1), price.ticks) for price in model.unit_prices if price.unit == "image"]
    return [
        {"quality": words[0], "resolution": words[1], "price_per_image": ticks}
        for words, ticks in split
        if len(words) > 1 and words[0].isalpha()
    ]


def max_prompt_length(model: Model) -> int:
    """Characters of the longest prompt of an image."""
    return _LONG_PROMPTS.get(model.id, _PROMPT_LENGTH)
