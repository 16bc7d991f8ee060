"""How much of a limit is ours. A refusal although we kept the limit means that others use the same key."""

from __future__ import annotations

SHRINK = 0.9
RECOVERY = 0.05 / 60.0
"""Of the whole, a second."""
LEAST = 0.05


class Share:
    """Shrinks by a tenth with each refusal, at most once a round trip, and recovers by a twentieth a minute.

    So two who do the same meet: what both lose is a part of what they have, what both gain is the same.

    >>> share = Share()
    >>> share.shrink(now=0.0), share.at(0.0), round(share.at(60.0), 2), share.at(600.0)
    (True, 0.9, 0.95, 1.0)
    """

    __slots__ = ("_at", "_value")

    def __init__(self) -> None:
        self._value = 1.0
        self._at = 0.0

    def at(self, now: float) -> float:
        """The share at a moment."""
        if self._value >= 1.0:
            return 1.0
        return min(1.0, self._value + max(0.0, now - self._at) * RECOVERY)

    def shrink(self, now: float, started: float | None = None) -> bool:
        """Whether it was made smaller: not for a call that set out before it last was."""
        if started is not None and self._value < 1.0 and started <= self._at:
            return False
        self.set(max(LEAST, self.at(now) * SHRINK), now)
        return True

    def set(self, value: float, now: float) -> None:
        """Take over what another process found."""
        self._value = value
        self._at = now
