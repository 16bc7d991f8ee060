"""How late the simulator is itself: what it adds to the pace it was asked for."""

from __future__ import annotations

_STEP = 0.0005
_STEPS = 4000


class Lag:
    """How late events were sent, in steps of half a millisecond up to two seconds.

    >>> lag = Lag()
    >>> for milliseconds in range(100):
    ...     lag.add(milliseconds / 1000)
    >>> lag.quantile(0.5), lag.count
    (0.0495, 100)
    """

    __slots__ = ("_steps", "count")

    def __init__(self) -> None:
        self._steps = [0] * (_STEPS + 1)
        self.count = 0

    def add(self, seconds: float) -> None:
        """An event was sent that late."""
        self.count += 1
        self._steps[min(max(int(seconds / _STEP), 0), _STEPS)] += 1

    def quantile(self, part: float) -> float:
        """The seconds that this part of the events (0 to 1) was at most late; 0 for no events."""
        wanted = part * self.count
        seen = 0
        for step, number in enumerate(self._steps):
            seen += number
            if number and seen >= wanted:
                return (step + 1) * _STEP if step else 0.0
        return 0.0
