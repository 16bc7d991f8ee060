"""When models came out: before that day they are neither listed nor served."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

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


def created(model: Model) -> int | None:
    """Unix time of the release; `None` for models that no listing has."""
    day = _RELEASED.get(model.id)
    return None if day is None else int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def released(model: Model, today: date) -> bool:
    """Whether it was out by that day. Models whose day is not known, those of voice, always were.

    >>> from grokkit.models import lookup
    >>> released(lookup("grok-4.7"), date(2026, 4, 16)), released(lookup("grok-voice-3.0"), date(2026, 4, 16))
    (False, True)
    """
    return _RELEASED.get(model.id, date.min) <= today
