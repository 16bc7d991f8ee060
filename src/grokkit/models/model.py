"""What is written down about one model: what it takes and gives, costs and allows, and how long it lives."""

from datetime import date

import msgspec

from grokkit.wire.usage import Prices

KNOWN_ON = date(2026, 10, 27)
"""The day up to which the catalogue follows xAI's pages; the prices are those of 2026-09-29."""

TIER_SPEND_USD = (0, 50, 250, 1_000, 5_000)
"""Tiers T0 to T4: what a team must have spent since 2026-01-01 to be in one. A tier is never lost again."""


class RateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a team may ask for one model, in tiers T0 to T4."""

    requests_per_second: tuple[int, int, int, int, int]
    tokens_per_minute: tuple[int, int, int, int, int] | None = None
    """Prompt, cached ones included, completion and reasoning; None for models that do not count tokens."""


class UnitPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What one image, second or hour costs. 100,000,000 ticks are one US cent."""

    unit: str
    variant: str
    ticks: int


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model as the catalogue knows it.

    >>> from grokkit.models import lookup
    >>> model = lookup("grok-4.3")
    >>> model.context_window, model.default_effort, model.prices.input
    (1000000, 'low', 12500)
    """

    id: str
    aliases: tuple[str, ...] = ()
    context_window: int | None = None
    """In tokens, prompt and answer together."""
    input_modalities: tuple[str, ...] = ("text",)
    output_modalities: tuple[str, ...] = ("text",)
    efforts: tuple[str, ...] = ()
    """The reasoning efforts that the server accepts; empty when there is no choice or none is known."""
    default_effort: str | None = None
    reasoning: bool = False
    prices: Prices | None = None
    """For tokens; None for models that are not paid by the token."""
    unit_prices: tuple[UnitPrice, ...] = ()
    """For images, seconds of video, minutes of speech."""
    rate_limits: RateLimits | None = None
    retired_on: date | None = None
    served_by: str | None = None
    """What xAI lets a call for this retired model be answered, and billed, by, if that is known."""
    served_with: str = ""
    """The setting that `served_by` is used with: `reasoning effort "none"`."""
    dialects: tuple[str, ...] = ()
    """Where it can be asked: `chat`, `responses`, `images`, `videos`, `realtime`, `stt`."""
    rejects: frozenset[str] = frozenset()
    """Parameters that make the server answer 400, under their name in a chat request."""
    notes: str = ""
    known_on: date = KNOWN_ON
