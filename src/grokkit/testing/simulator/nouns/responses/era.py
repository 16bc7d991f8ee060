"""How the API looked on a day: each switch is a change that recordings show, with a day between them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from grokkit.testing.simulator.simulator import Simulator

_OWN_SHAPES = date(2025, 11, 15)
_WHOLE_OBJECT = date(2026, 1, 1)
_FINGERPRINT = date(2026, 7, 1)
_IMAGES_COUNTED = date(2026, 8, 1)
_POSTS_COUNTED = date(2026, 9, 15)
_COUNTED_SINCE = {
    "image_generation_calls": _IMAGES_COUNTED,
    "x_posts_fetched": _POSTS_COUNTED,
    "x_users_fetched": _POSTS_COUNTED,
}


class Era(msgspec.Struct, frozen=True, kw_only=True):
    """What was there on one day."""

    own_shapes: bool = True
    """Calls of server-side tools have shapes and events of their own; before, they looked like function calls."""
    whole_object: bool = True
    """The response has all its keys, defaults are echoed, usage has a cost, citations have titles."""
    fingerprint: bool = True
    """`metadata` holds the fingerprint, and `usage` the size of the last step."""
    uncounted: frozenset[str] = frozenset()
    """Counters of server-side tools that `usage` does not have yet."""


def era_of(day: date) -> Era:
    """What the API was like on a day.

    >>> era_of(date(2026, 4, 16)).whole_object, era_of(date(2025, 11, 22)).whole_object
    (True, False)
    """
    return Era(
        own_shapes=day >= _OWN_SHAPES,
        whole_object=day >= _WHOLE_OBJECT,
        fingerprint=day >= _FINGERPRINT,
        uncounted=frozenset(name for name, since in _COUNTED_SINCE.items() if day < since),
    )


def era(simulator: Simulator) -> Era:
    """The same for a simulator's day."""
    return era_of(simulator.models.today)
