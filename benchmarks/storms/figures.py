"""What a run found out about one client in one storm: its own view, and the simulator's, in one value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .weather import Storm

BACK = 0.8
"""Whoever has this share of the good answers a second from before the outage is back."""


@dataclass(frozen=True)
class Figures:
    """Seconds, but for counts and shares. What a storm says nothing about is None."""

    calls: int
    answered: int
    attempts: int
    goodput: float
    """Good answers a second, within the time of the storm."""
    p50: float
    p99: float
    overrun: float
    """The longest that a call took beyond its limit."""
    errors: Mapping[str, int]
    cpu: float
    """Of the client, for the whole storm."""
    stalls: tuple[float, float]
    """The longest that the callers' process stood still, and the simulator's."""
    of_limit: float | None = None
    """The goodput as a share of the rate limit."""
    late_refusals: int | None = None
    """429s after the limit ought to be known."""
    per_call_in_outage: float | None = None
    per_call_after: float | None = None
    """Attempts for each call, of those after the outage."""
    back_after: float | None = None
    """From the end of the outage to the first second with answers as before; infinite if there was none."""

    @property
    def per_call(self) -> float:
        """Attempts that the simulator saw, for each call that was made."""
        return self.attempts / max(1, self.calls)


def figures(storm: Storm, calls: Mapping[str, Any], upstream: Mapping[str, Any]) -> Figures:
    """What both sides saw."""
    arrived: list[int] = upstream["arrived"]
    goodput = calls["good_in_time"] / storm.seconds
    return Figures(
        calls=calls["calls"],
        answered=calls["answered"],
        attempts=arrived[-1],
        goodput=goodput,
        p50=calls["p50"],
        p99=calls["p99"],
        overrun=calls["overrun"],
        errors=calls["errors"],
        cpu=calls["cpu"],
        stalls=(calls["stall"], upstream["stall"]),
        **_of_rate_limit(storm, goodput, upstream["refused"]),
        **_of_outage(storm, calls["begun"], calls["good"], arrived),
    )


def _of_rate_limit(storm: Storm, goodput: float, refused: Sequence[int]) -> dict[str, Any]:
    if storm.kind != "c":
        return {}
    known = refused[min(round(storm.learned), len(refused) - 1)]
    return {"of_limit": goodput / storm.rate_limit, "late_refusals": refused[-1] - known}


def _of_outage(storm: Storm, begun: Sequence[int], good: Sequence[int], arrived: Sequence[int]) -> dict[str, Any]:
    if storm.kind != "f":
        return {}
    begins, ends = (round(moment) for moment in storm.outage)
    before = sum(good[:begins]) / max(1, begins)
    back = [second for second in range(ends, len(good)) if good[second] >= BACK * before]
    last = len(arrived) - 1
    return {
        "per_call_in_outage": (_at(arrived, ends) - _at(arrived, begins)) / max(1, sum(begun[begins:ends])),
        "per_call_after": (arrived[last] - _at(arrived, ends)) / max(1, sum(begun[ends:])),
        "back_after": float(back[0] - ends) if back else float("inf"),
    }


def _at(counts: Sequence[int], second: int) -> int:
    return counts[min(second, len(counts) - 1)]
