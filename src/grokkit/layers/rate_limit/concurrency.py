"""How many calls may run at one time: no bound until the server refuses or slows down, then one that finds its size.

* A round is as many successes as there may be calls at one time: as the bound, or, without one, as ran at most.
* A refusal (too many calls, no capacity) or a slowdown cuts the bound to `CUT` of what ran at most in this round and
  the one before, at most once a round trip: calls that were under way at the last cut have no say in the next. It
  never falls below `FLOOR`: streams that stay open for long must not keep all other calls waiting.
* A refusal while no more than `FEW` ran, and no bound kept them so few, has other reasons than how many run: it cuts
  nothing. The pause and the limits do what there is to do.
* Each round raises the bound: half the way to what ran when it was cut, then by one, two, four and so on. So it comes
  back fast, stays long near the size that was too much, and finds out soon when that size is no longer too much.
* A slowdown: the median of the last `RECENT` times to the first output, each compared with the long-run median of its
  own kind of call, is above `SLOW`, while more than `FEW` run and the last took longer than `NOTICEABLE` seconds. The
  long-run median moves by 2 % a call, so that a lasting change becomes the new normal after some sixty calls.
* A bound that has grown to `FAR` times what ran meanwhile bounds nothing: it is forgotten.
"""

from __future__ import annotations

import threading
from collections import deque
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

CUT = 0.7
FLOOR = 4.0
FEW = 8
NOTICEABLE = 1.0
SLOW = 3.0
RECENT = 8
SETTLED = 32
FAR = 4.0
_STEP = 1.02
_MOST_KINDS = 32


class Concurrency:
    """What runs of one model in this process, and the bound on it. It may be told from any thread.

    >>> calls = Concurrency()
    >>> all(calls.enter(None, adaptive=True) for _ in range(10)), calls.bound
    (True, None)
    >>> calls.refused(started=0.0, now=1.0)
    True
    >>> calls.bound, calls.room(None, adaptive=True), calls.room(None, adaptive=False)
    (7.0, False, True)
    """

    __slots__ = (
        "_crowded",
        "_cut_at",
        "_lock",
        "_most",
        "_most_before",
        "_pace",
        "_step",
        "_successes",
        "_too_many",
        "bound",
        "running",
    )

    def __init__(self) -> None:
        self.running = 0
        self.bound: float | None = None
        self._lock = threading.Lock()
        self._crowded = False
        """Whether anybody found no room since one was last told of some."""
        self._cut_at: float | None = None
        self._too_many = 0.0
        """How many ran when the bound was last cut."""
        self._step = 1.0
        """By how much the bound grows next, where it is above that."""
        self._successes = 0
        self._most = 0
        """How many ran at one time in this round."""
        self._most_before = 0
        """And in the one before: of a crowd that came at once, most have ended when this one begins."""
        self._pace = Pace()

    def room(self, hard: int | None, *, adaptive: bool) -> bool:
        """Whether one more may run. At least one may, so that there is something to learn from."""
        if hard is not None and self.running >= max(1, hard):
            return False
        return not adaptive or self.bound is None or self.running < max(1, int(self.bound))

    def look_for_room(self, hard: int | None, *, adaptive: bool) -> bool:
        """Whether one more may run. If not, whoever leaves is told that somebody looked for room."""
        if self.room(hard, adaptive=adaptive):
            return True
        with self._lock:
            found = self.room(hard, adaptive=adaptive)
            self._crowded = self._crowded or not found
            return found

    def enter(self, hard: int | None, *, adaptive: bool) -> bool:
        """Let one more run, if there is room for it."""
        with self._lock:
            bounded = hard is not None or (adaptive and self.bound is not None)
            if bounded and not self.room(hard, adaptive=adaptive):
                self._crowded = True
                return False
            self.running += 1
            self._most = max(self._most, self.running)
            return True

    def leave(self) -> bool:
        """One less runs. Whether to tell those who found no room."""
        with self._lock:
            self.running -= 1
            crowded, self._crowded = self._crowded, False
            return crowded

    def refused(self, started: float, now: float) -> bool:
        """A call that set out at `started` was refused. Whether the bound was cut."""
        with self._lock:
            most = max(self._most, self._most_before)
            kept_few = self.bound is not None and most >= int(self.bound)
            return (kept_few or most > FEW) and self._cut(started, now)

    def succeeded(self, kind: Hashable, started: float, now: float, *, over: bool = False) -> bool:
        """A call had its first output now, or, when it is `over`, all of it: one less runs.

        Whether to tell those who found no room.
        """
        with self._lock:
            slow = self._pace.add(kind, now - started) > SLOW
            if slow and self.running > FEW and now - started > NOTICEABLE:
                moved = self._cut(started, now)
            else:
                self._successes += 1
                moved = self._successes >= (self.bound or self._most)
                if moved:
                    self._successes, self._most_before, self._most = 0, self._most, self.running
                    moved = self.bound is not None and self._grow(self.bound)
            if over:
                self.running -= 1
                moved, self._crowded = moved or self._crowded, False
            return moved

    def _cut(self, started: float, now: float) -> bool:
        if self._cut_at is not None and started <= self._cut_at:
            return False
        self._cut_at = now
        most = max(self._most, self._most_before)
        self._too_many = min(most, self.bound or most)
        self._step = 1.0
        self.bound = max(FLOOR, CUT * self._too_many)
        self._successes, self._most_before, self._most = 0, self._most, self.running
        return True

    def _grow(self, bound: float) -> bool:
        """A round is over."""
        if bound >= FAR * max(1, self._most_before):
            self.bound = None
        elif bound + 2.0 <= self._too_many:
            self.bound = (bound + self._too_many) / 2
        else:
            self.bound = bound + self._step
            self._step *= 2
        return True


class Pace:
    """How recent calls compare with what is usual for their kind.

    >>> pace = Pace()
    >>> for _ in range(40):
    ...     usual = pace.add("chat", 1.0)
    >>> for _ in range(8):
    ...     slow = pace.add("chat", 5.0)
    >>> round(usual, 1), slow > SLOW
    (1.0, True)
    """

    __slots__ = ("_kinds", "_ratios")

    def __init__(self) -> None:
        self._kinds: dict[Hashable, tuple[float, int]] = {}
        self._ratios: deque[float] = deque(maxlen=RECENT)

    def add(self, kind: Hashable, seconds: float) -> float:
        """One more call of this kind. How many times longer than usual recent ones took, where it is above `SLOW`."""
        usual, count = self._kinds.get(kind, (0.0, 0))
        if not count and len(self._kinds) >= _MOST_KINDS:
            del self._kinds[next(iter(self._kinds))]
        if count < SETTLED:
            step = usual + (seconds - usual) / (count + 1)
        else:
            step = usual * _STEP if seconds > usual else usual / _STEP
        self._kinds[kind] = step, count + 1
        if count < SETTLED or usual <= 0.0:
            return 1.0
        ratio = seconds / usual
        self._ratios.append(ratio)
        if ratio <= SLOW or len(self._ratios) < RECENT:
            return min(ratio, SLOW)
        return median(self._ratios)
