"""What media costs, in ticks, from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.testing.simulator.bill import Bill

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.visit import Visit

_ANY = "any"


def unit_ticks(model: Model, unit: str, *variants: str) -> int:
    """The price of one unit: that of the first variant the catalogue has, 0 where it has none.

    >>> from grokkit.models import lookup
    >>> unit_ticks(lookup("grok-imagine-video"), "second", "480p")
    500000000
    """
    known = {price.variant: price.ticks for price in model.unit_prices if price.unit == unit}
    return next((known[variant] for variant in (*variants, _ANY) if variant in known), 0)


def variants_of(model: Model, unit: str) -> list[str]:
    """The variants of a unit that a model has a price for."""
    return [price.variant for price in model.unit_prices if price.unit == unit]


def charge(visit: Visit, ticks: int) -> dict[str, int]:
    """Bill a call, and its `usage`."""
    visit.bill = Bill(cost_ticks=ticks)
    return {"cost_in_usd_ticks": ticks}
