"""How long things take, as a distribution that can be written down: `0.2`, `uniform:0.1,0.4`, `lognormal:0.3,0.5`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from grokkit.errors import Misused
from grokkit.testing.simulator.nearest import unknown_name

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

Latency: TypeAlias = float | str
"""Seconds, or a distribution of them: `constant:S`, `uniform:LEAST,MOST`, `lognormal:MEDIAN,SIGMA`,
`exponential:MEAN`."""

_DISTRIBUTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "constant": (1, lambda _draw, seconds: seconds),
    "uniform": (2, lambda draw, least, most: draw.uniform(least, most)),
    "lognormal": (2, lambda draw, median, sigma: draw.lognormvariate(math.log(median), sigma)),
    "exponential": (1, lambda draw, mean: draw.expovariate(1 / mean)),
}


def drawn(latency: Latency | None, draw: random.Random) -> float:
    """Seconds drawn from a distribution. Raises `Misused` for one that does not exist.

    >>> import random
    >>> drawn(0.5, random.Random(1)), 0.1 <= drawn("uniform:0.1,0.4", random.Random(1)) <= 0.4
    (0.5, True)
    """
    if latency is None:
        return 0.0
    if not isinstance(latency, str):
        return float(latency)
    make, numbers = _parsed(latency)
    return max(make(draw, *numbers), 0.0)


def check_latency(latency: Latency | None) -> None:
    """Raise `Misused` for a latency that cannot be drawn."""
    if isinstance(latency, str):
        _parsed(latency)
    elif latency is not None and latency < 0:
        raise Misused(f"a latency of {latency:g} s lies in the past", hint="give 0 or more seconds")


def _parsed(latency: str) -> tuple[Callable[..., float], list[float]]:
    name, _, written = latency.partition(":")
    if name not in _DISTRIBUTIONS:
        raise unknown_name("latency distribution", name, _DISTRIBUTIONS)
    needed, make = _DISTRIBUTIONS[name]
    try:
        numbers = [float(number) for number in written.split(",")] if written else []
    except ValueError:
        numbers = []
    if len(numbers) != needed or any(number < 0 for number in numbers) or (name != "constant" and not numbers[-1] > 0):
        raise Misused(
            f"{latency!r} is no latency: {name} takes {needed} number{'s' * (needed > 1)}",
            hint="write uniform:0.1,0.4 or lognormal:0.3,0.5 or constant:0.2 or exponential:0.1, in seconds",
        )
    return make, numbers
