"""What the listings say of models and the catalogue does not: days of release, old prices, versions."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grokkit.models import Model

_RELEASED = {
    "grok-3": date(2025, 4, 4),
    "grok-3-mini": date(2025, 4, 4),
    "grok-4-0709": date(2025, 7, 9),
    "grok-code-fast-1": date(2025, 8, 24),
    "grok-4-fast-reasoning": date(2025, 9, 4),
    "grok-4-fast-non-reasoning": date(2025, 9, 4),
    "grok-4-1-fast-reasoning": date(2025, 11, 19),
    "grok-4-1-fast-non-reasoning": date(2025, 11, 19),
    "grok-imagine-image": date(2026, 1, 28),
    "grok-imagine-image-pro": date(2026, 1, 28),
    "grok-imagine-video": date(2026, 1, 28),
    "grok-4.20-0309-reasoning": date(2026, 3, 9),
    "grok-4.20-0309-non-reasoning": date(2026, 3, 9),
    "grok-4.20-multi-agent-0309": date(2026, 3, 9),
    "grok-4.3": date(2026, 4, 30),
    "grok-imagine-image-quality": date(2026, 4, 30),
    "grok-build-0.1": date(2026, 5, 14),
    "grok-imagine-video-1.5": date(2026, 6, 4),
    "grok-4.5": date(2026, 7, 9),
    "grok-imagine-image-2.0": date(2026, 7, 30),
    "grok-4.6": date(2026, 8, 13),
    "grok-imagine-video-1.5-lite": date(2026, 9, 3),
    "grok-4.7": date(2026, 9, 10),
}
"""As recorded up to 2026-04-16; later ones by the month that is known."""

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


def created(model: Model) -> int | None:
    """Unix time of the release; `None` for models that no listing has."""
    day = _RELEASED.get(model.id)
    return None if day is None else int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def released(model: Model, today: date) -> bool:
    """Whether it was out by that day."""
    return _RELEASED.get(model.id, date.max) <= today


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
