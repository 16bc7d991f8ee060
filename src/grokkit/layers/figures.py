"""How long calls of each kind took lately: what deadlines, hedges and health reports are judged by."""

from __future__ import annotations

from collections import deque
from math import ceil, inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from grokkit.call import Call

    _Key = tuple[str, str, str, str]

_MOST_SAMPLES = 128
_FEW = 10
"""Fewer recent calls than this say nothing about the next."""
_QUICKEST = 0.1
_SCOUT = "0"
"""The last of sixteen digits of a call's id that lets it set out whatever the figures say."""
_MOST_KINDS = 1024


class CallKind(NamedTuple):
    """Calls that can be expected to take about as long as each other."""

    account: str
    operation: str
    model: str
    effort: str
    """The reasoning effort asked for; empty when none was."""


def kind_of(call: Call) -> CallKind:
    """The kind of a call."""
    return CallKind(*_key(call))


def _key(call: Call) -> _Key:
    """What finds a kind, and is made faster."""
    body = call.body
    if body is None or isinstance(body, bytes) or not ("reasoning" in body or "reasoning_effort" in body):
        return call.account, call.operation, call.model or "", ""
    return call.account, call.operation, call.model or "", _effort(body)


def _effort(body: Mapping[str, object]) -> str:
    reasoning = body.get("reasoning")
    effort = reasoning.get("effort") if isinstance(reasoning, dict) else body.get("reasoning_effort")
    return effort if isinstance(effort, str) else ""


class Timings:
    """How long the last calls of one kind took to their first output and to their last, none older than a time.

    >>> timings = Timings(keep=60.0)
    >>> for second in range(1, 11):
    ...     timings.add(first=0.5, whole=float(second), now=0.0)
    >>> whole = timings.whole
    >>> whole.quantile(0.5, now=1.0), whole.quantile(0.95, now=1.0), whole.quantile(0.5, now=61.0)
    (5.0, 10.0, None)
    """

    __slots__ = ("_keep", "added", "first", "samples", "whole")

    def __init__(self, keep: float) -> None:
        self._keep = keep
        self.samples: deque[tuple[float, float, float | None]] = deque(maxlen=_MOST_SAMPLES)
        """When each was added, then its two durations."""
        self.added = 0
        self.first = Durations(self, 1)
        self.whole = Durations(self, 2)

    def add(self, first: float, whole: float | None, now: float) -> None:
        """One more call, in seconds; without its `whole` where a reader took the time that he wanted."""
        self.samples.append((now, first, whole))
        self.added += 1

    def ordered(self, place: int, now: float) -> list[float]:
        """One of the durations of those that are young enough, the shortest first."""
        samples = tuple(self.samples)  # in one step: other threads add to it
        young = [sample[place] for sample in samples if sample[0] + self._keep > now]
        return sorted([seconds for seconds in young if seconds is not None])

    def __len__(self) -> int:
        return len(self.samples)


class Durations:
    """One of the two durations. They are put in order anew when a second has passed, or more than one in 16 is new."""

    __slots__ = ("_due", "_ordered", "_place", "_seen", "_timings")

    def __init__(self, timings: Timings, place: int) -> None:
        self._timings = timings
        self._place = place
        self._ordered: list[float] = []
        self._seen = 0
        self._due = -inf

    def quantile(self, share: float, now: float, *, least: int = 1) -> float | None:
        """The duration that so large a share of them did not exceed; None when there are fewer than `least`."""
        if now >= self._due or self._timings.added - self._seen > len(self._ordered) // 16:
            self._ordered = self._timings.ordered(self._place, now)
            self._seen = self._timings.added
            self._due = now + 1.0
        count = len(self._ordered)
        return None if count < max(1, least) else self._ordered[max(0, ceil(share * count) - 1)]


class Figures:
    """By kind of call: seconds to the first output, and to the last."""

    def __init__(self, now: Callable[[], float], keep: float = 120.0) -> None:
        self._now = now
        self._keep = keep
        self._by_kind: dict[_Key, Timings] = {}
        self.longest = 0.0
        """What no call whatever has exceeded: who has more time than that need not look any closer."""

    def answered(self, call: Call, first: float, whole: float | None) -> None:
        """An attempt of this call had its first output after `first` seconds and all of it after `whole`.

        `whole` is None for a stream: its reader may be slow.
        """
        key, now = _key(call), self._now()
        known = self._by_kind.get(key)
        if known is None:
            if len(self._by_kind) >= _MOST_KINDS:
                del self._by_kind[next(iter(self._by_kind))]
            known = self._by_kind[key] = Timings(self._keep)
        known.add(first, whole, now)
        self.longest = max(self.longest, first if whole is None else whole)

    def first_output(self, call: Call, share: float, *, least: int) -> float | None:
        """The time to the first output that so large a share of such calls did not exceed; None for lack of calls."""
        known = self._by_kind.get(_key(call))
        return None if known is None else known.first.quantile(share, self._now(), least=least)

    def whole(self, call: Call, share: float, *, least: int) -> float | None:
        """The same for the whole answer."""
        known = self._by_kind.get(_key(call))
        return None if known is None else known.whole.quantile(share, self._now(), least=least)

    def typical(self, call: Call) -> float | None:
        """What half of such calls took at most; None when they are few. Streams count with their first output."""
        return self._lately(call, 0.5)

    def least(self, call: Call) -> float | None:
        """What nine in ten of such calls took more than: who has less time is hardly answered in it.

        None when they are few, and for one call in sixteen, so that better times are noticed.
        """
        return None if call.id.endswith(_SCOUT) else self._lately(call, _QUICKEST)

    def _lately(self, call: Call, share: float) -> float | None:
        whole = self.whole(call, share, least=_FEW)
        return self.first_output(call, share, least=_FEW) if whole is None else whole

    def __iter__(self) -> Iterator[tuple[CallKind, Timings]]:
        return iter([(CallKind(*key), timings) for key, timings in tuple(self._by_kind.items())])
