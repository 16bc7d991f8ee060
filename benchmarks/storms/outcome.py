"""What became of the calls of a client, in figures. Pure."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .weather import Storm


class Outcome(NamedTuple):
    """One call: when it began and ended, in seconds of the storm, and the name of the error if there was one."""

    began: float
    ended: float
    error: str | None


def summary(outcomes: Sequence[Outcome], storm: Storm) -> dict[str, Any]:
    """The figures of a client: good answers count in the second in which they came."""
    took = sorted(outcome.ended - outcome.began for outcome in outcomes)
    good = [outcome.ended for outcome in outcomes if outcome.error is None]
    return {
        "calls": len(outcomes),
        "begun": by_second(outcome.began for outcome in outcomes),
        "good": by_second(good),
        "answered": len(good),
        "good_in_time": sum(ended <= storm.seconds for ended in good),
        "p50": quantile(took, 0.5),
        "p99": quantile(took, 0.99),
        "overrun": max((took[-1] if took else 0.0) - storm.limit, 0.0),
        "errors": dict(Counter(outcome.error for outcome in outcomes if outcome.error).most_common()),
    }


def by_second(moments: Iterable[float]) -> list[int]:
    """How many fall into each second, the first one first.

    >>> by_second([0.1, 0.9, 2.5])
    [2, 0, 1]
    """
    counts = Counter(math.floor(moment) for moment in moments)
    return [counts[second] for second in range(max(counts, default=-1) + 1)]


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest that is not below this share of them; 0 when there are none.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
