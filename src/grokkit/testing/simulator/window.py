"""A sliding window: what happened within the last seconds, to the moment."""

from __future__ import annotations

from collections import deque


class Window:
    """Sums what happened at moments `t` with `now - seconds < t <= now`: what happened exactly `seconds` ago is out.

    >>> window = Window(1.0)
    >>> window.add(10.0, 1)
    >>> window.sum(10.999), window.sum(11.0)
    (1, 0)
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._events: deque[tuple[float, int]] = deque()
        self._sum = 0

    def add(self, moment: float, amount: int) -> None:
        """Something happened, now or earlier."""
        later: list[tuple[float, int]] = []
        while self._events and self._events[-1][0] > moment:
            later.append(self._events.pop())
        self._events.append((moment, amount))
        self._events.extend(reversed(later))
        self._sum += amount

    def sum(self, now: float) -> int:
        """How much happened within the window that ends now."""
        while self._events and self._events[0][0] + self._seconds <= now:
            self._sum -= self._events.popleft()[1]
        return self._sum
