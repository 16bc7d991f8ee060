"""What calls that came through have paid in towards retries, each payment for a minute. Pure: the time is given."""

from __future__ import annotations

from collections import deque

KEPT = 60.0
"""Seconds for which a payment can be spent."""

_SLOT = 5.0
_SLOTS = int(KEPT / _SLOT)
_ONE = 1_000_000
"""Amounts are whole millionths, so that nothing is lost in rounding."""


class Savings:
    """Payments of the last minute, less what was spent of them. What is spent is the oldest that there is.

    >>> savings = Savings()
    >>> for second in range(10):
    ...     savings.pay(0.2, now=float(second))
    >>> savings.left(now=9.0), savings.spend(now=9.0), savings.left(now=9.0), savings.left(now=70.0)
    (2.0, True, 1.0, 0.0)
    """

    __slots__ = ("_slots", "_sum")

    def __init__(self) -> None:
        self._slots: deque[tuple[int, int]] = deque()
        self._sum = 0

    def pay(self, amount: float, now: float) -> None:
        """Add to what can be spent."""
        millionths = round(amount * _ONE)
        current = int(now // _SLOT)
        slots = self._slots
        if slots and slots[-1][0] >= current:
            slots[-1] = slots[-1][0], slots[-1][1] + millionths
        else:
            slots.append((current, millionths))
            self._forget(current)
        self._sum += millionths

    def spend(self, now: float) -> bool:
        """Take out one whole retry, if there is one."""
        self._forget(int(now // _SLOT))
        if self._sum < _ONE:
            return False
        self._sum -= _ONE
        due = _ONE
        while due:
            number, paid = self._slots.popleft()
            if paid > due:
                self._slots.appendleft((number, paid - due))
            due -= min(due, paid)
        return True

    def left(self, now: float) -> float:
        """How many retries can be paid from it."""
        self._forget(int(now // _SLOT))
        return self._sum / _ONE

    def _forget(self, current: int) -> None:
        while self._slots and self._slots[0][0] <= current - _SLOTS:
            self._sum -= self._slots.popleft()[1]
