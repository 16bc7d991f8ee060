"""How many calls may run at one time: no bound until the server refuses or slows down, then one that finds its size.

* A refusal (too many calls, no capacity) or a slowdown cuts the bound to `CUT` of what runs, at most once a round trip:
  calls that were under way at the last cut have no say in the next. It never falls below `FLOOR`: streams that stay
  open for long must not keep all other calls waiting.
* As many successes as the bound raise it by one.
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

    __slots__ = ("_crowded", "_cut_at", "_lock", "_most", "_pace", "_successes", "bound", "running")

    def __init__(self) -> None:
        self.running = 0
        self.bound: float | None = None
        self._lock = threading.Lock()
        self._crowded = False
        """Whether anybody found no room since one was last told of some."""
        self._cut_at: float | None = None
        self._successes = 0
        self._most = 0
        self._pace = Pace()

    def room(self, hard: int | None, *, adaptive: bool) -> bool:
        """Whether one more may run. At least one may, so that there is something to learn from."""
        if hard is not None and self.running >= max(1, hard):
            return False
        return not adaptive or self.bound is None or self.running < max(1, int(self.bound))

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
            return self._cut(started, now)

    def succeeded(self, kind: Hashable, started: float, now: float, *, over: bool = False) -> bool:
        """A call had its first output now, or, when it is `over`, all of it: one less runs.

        Whether to tell those who found no room.
        """
        with self._lock:
            slow = self._pace.add(kind, now - started) > SLOW
            if slow and self.running > FEW and now - started > NOTICEABLE:
                moved = self._cut(started, now)
            else:
                moved = self.bound is not None and self._grow(self.bound)
            if over:
                self.running -= 1
                moved, self._crowded = moved or self._crowded, False
            return moved

    def _cut(self, started: float, now: float) -> bool:
        if self._cut_at is not None and started <= self._cut_at:
            return False
        self._cut_at = now
        self.bound = max(FLOOR, CUT * min(self.running, self.bound or self.running))
        self._begin_round()
        return True

    def _grow(self, bound: float) -> bool:
        self._successes += 1
        if self._successes < bound:
            return False
        self.bound = None if bound >= FAR * max(1, self._most) else bound + 1.0
        self._begin_round()
        return True

    def _begin_round(self) -> None:
        self._successes = 0
        self._most = self.running


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
