"""How many calls there were lately, how many failed and how many were slow: a rolling count. Pure: time comes in."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

_SLOTS = 10


class Counts(NamedTuple):
    """So many calls, and what became of them.

    >>> Counts(calls=20, failures=15, slow=0).failure_rate
    0.75
    """

    calls: int = 0
    failures: int = 0
    slow: int = 0

    @property
    def failure_rate(self) -> float:
        """The share that failed; 0.0 when there was no call."""
        return self.failures / self.calls if self.calls else 0.0

    @property
    def slow_rate(self) -> float:
        """The share that was slow; 0.0 when there was no call."""
        return self.slow / self.calls if self.calls else 0.0


class Slot:
    """A tenth of the window, and what is counted in it."""

    __slots__ = ("calls", "failures", "kept", "slow", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.calls = self.failures = self.slow = 0
        self.kept = True


class Window:
    """The counts of the last so many seconds, and of up to a tenth more.

    >>> window = Window(seconds=30.0)
    >>> _ = window.add(now=0.0, failed=True, slow=False), window.add(now=20.0, failed=False, slow=False)
    >>> window.counts(now=29.0), window.counts(now=34.0)
    (Counts(calls=2, failures=1, slow=0), Counts(calls=1, failures=0, slow=0))
    """

    __slots__ = ("_calls", "_failures", "_slots", "_slow", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._slots: deque[Slot] = deque()
        self._calls = self._failures = self._slow = 0

    def grow(self, seconds: float) -> None:
        """Look back on more seconds from now on, if these are more."""
        self.seconds = max(self.seconds, seconds)

    def add(self, now: float, *, failed: bool, slow: bool) -> Slot:
        """Count one more call; `fail` takes the slot to say later that it failed after all."""
        slots = self._slots
        if not slots or now >= slots[-1].until:
            self._drop_old(now)
            slots.append(Slot(now + self.seconds / _SLOTS))
        slot = slots[-1]
        slot.calls += 1
        self._calls += 1
        if failed or slow:
            slot.failures += failed
            self._failures += failed
            slot.slow += slow
            self._slow += slow
        return slot

    def fail(self, slot: Slot, now: float) -> None:
        """A call that was counted as good failed after all. It counts once, now if it is forgotten already."""
        self._drop_old(now)
        if slot.kept:
            slot.failures += 1
            self._failures += 1
        else:
            self.add(now, failed=True, slow=False)

    @property
    def latest(self) -> Slot | None:
        """The slot that was last counted in."""
        return self._slots[-1] if self._slots else None

    def counts(self, now: float) -> Counts:
        """The counts as of now."""
        self._drop_old(now)
        return Counts(self._calls, self._failures, self._slow)

    def clear(self) -> None:
        """Forget everything."""
        for slot in self._slots:
            slot.kept = False
        self._slots.clear()
        self._calls = self._failures = self._slow = 0

    def _drop_old(self, now: float) -> None:
        while self._slots and self._slots[0].until <= now - self.seconds:
            slot = self._slots.popleft()
            slot.kept = False
            self._calls -= slot.calls
            self._failures -= slot.failures
            self._slow -= slot.slow
