"""What is promised of our own client, held against what a run measured."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .figures import Figures

_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
}


class Promise(NamedTuple):
    """One promise: what was measured, and how it must stand to the limit."""

    about: str
    measured: float
    relation: str
    limit: float
    unit: str = ""

    @property
    def kept(self) -> bool:
        """Whether it is."""
        return _RELATIONS[self.relation](self.measured, self.limit)


def promises(found: Mapping[str, Figures]) -> Iterator[Promise]:
    """Every promise that the storms of a run can speak about; `found` has our figures by the kind of storm."""
    if outage := found.get("a"):
        yield Promise("a: attempts a call in a total outage", outage.per_call, "<=", 1.2)
    if limited := found.get("c"):
        yield Promise("c: goodput, of the rate limit", 100 * (limited.of_limit or 0), ">=", 95, "%")
        yield Promise("c: 429s once the limit is learned", limited.late_refusals or 0, "=", 0)
    if broke := found.get("e"):
        yield Promise("e: attempts a call when the money is gone", broke.per_call, "=", 1.0)
    if (passing := found.get("f")) and passing.per_call_in_outage is not None:
        yield Promise("f: attempts a call while the outage lasts", passing.per_call_in_outage, "<=", 1.2)
    for kind, figures in found.items():
        yield Promise(f"{kind}: longest past a call's deadline", 1000 * figures.overrun, "<=", 50, "ms")
