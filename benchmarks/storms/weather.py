"""The kinds of storm, and one storm as a value that every process of a run is given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

LATENCY = 0.25
"""Seconds in which the simulator answers."""
THINK = 0.75
"""Seconds, in the mean, from the end of a caller's call to its next one, however the call ended."""
LEAST_LIMIT = 2.0
"""Seconds that a call may take in a storm of a few seconds only."""
MODEL = "grok-4.20-0309-non-reasoning"
OTHER_MODEL = "grok-4.3"
"""The model of the one call before the storm, so that it leaves nothing behind for the storm's own."""
LEARNING = 1 / 6
"""The share of the run in which a limit may be learned: the first 10 of 60 seconds."""


class Kind(NamedTuple):
    """One kind of trouble."""

    title: str
    limit: float = 1 / 6
    """The time that a call has, as a share of the run: 10 of 60 seconds."""


KINDS = {
    "a": Kind("total outage: 503 for everything"),
    "b": Kind("30 % errors: 500, 502 and 503 in equal parts"),
    "c": Kind("a rate limit at a tenth of the demand", limit=1 / 2),
    "d": Kind("a stalled peer: accepts, and never answers"),
    "e": Kind("money gone: 429, out of credits"),
    "f": Kind("an outage in the middle: 503 from 1/6 to 4/6 of the run"),
}


@dataclass(frozen=True)
class Storm:
    """So many callers, for so many seconds, through one kind of trouble. Moments count from its begin."""

    kind: str
    seconds: float
    callers: int

    @property
    def limit(self) -> float:
        """Seconds that a call may take."""
        return max(LEAST_LIMIT, KINDS[self.kind].limit * self.seconds)

    @property
    def demand(self) -> float:
        """Calls a second, when each is answered at once."""
        return self.callers / (LATENCY + THINK)

    @property
    def rate_limit(self) -> int:
        """The requests a second of kind c."""
        return max(1, round(self.demand / 10))

    @property
    def learned(self) -> float:
        """When a limit ought to be known."""
        return LEARNING * self.seconds

    @property
    def outage(self) -> tuple[float, float]:
        """From when to when nothing is answered, in kind f."""
        return self.seconds / 6, self.seconds * 4 / 6

    def as_command(self) -> dict[str, Any]:
        """The storm for another process; `Storm(**command)` is the way back."""
        return asdict(self)
