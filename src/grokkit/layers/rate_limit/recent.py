"""What was sent lately: what a limit that becomes known only now has to begin with."""

from __future__ import annotations

import threading
from collections import deque

_SECONDS = 61
_REQUESTS, _TOKENS = 1, 2


class Recent:
    """Requests and tokens of the last minute, by the second. It may be told and asked from any thread.

    >>> recent = Recent()
    >>> recent.add(now=100.0, requests=3)
    >>> [recent.within(now, 1.0, "requests_per_second") for now in (100.9, 102.0)]
    [3, 0]
    """

    __slots__ = ("_lock", "_seconds")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: deque[list[float]] = deque(maxlen=_SECONDS)

    def add(self, now: float, *, requests: float = 0, tokens: float = 0) -> None:
        """More was sent."""
        second = now // 1.0
        with self._lock:
            if not self._seconds or self._seconds[-1][0] != second:
                self._seconds.append([second, 0, 0])
            last = self._seconds[-1]
            last[_REQUESTS] += requests
            last[_TOKENS] += tokens

    def within(self, now: float, window: float, name: str) -> float:
        """How much counts towards a limit of this name, in a window that ends now."""
        place = _TOKENS if name.startswith("tokens") else _REQUESTS
        with self._lock:
            return sum(counts[place] for counts in self._seconds if counts[0] + 1.0 > now - window)
