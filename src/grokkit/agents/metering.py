"""What the runs within a run consume: those of agents that are its tools, and of agents that its tools ask."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Meter:
    """Counts runs by their ids, each with all that it ever consumed: one that goes on is not counted twice.

    >>> call = Meter(above := Meter())
    >>> call.take("inner", Usage(total_tokens=7))
    >>> call.take("inner", Usage(total_tokens=9))
    >>> above.usage.total_tokens
    9
    """

    def __init__(self, above: Meter | None = None, used: Mapping[str, Usage] | None = None) -> None:
        self.used = {**(used or {})}
        self._above = above

    @property
    def usage(self) -> Usage:
        """All that was counted."""
        return sum(self.used.values(), Usage())

    def take(self, run_id: str, usage: Usage) -> None:
        """A run has consumed this by now."""
        self.used[run_id] = usage
        if self._above is not None:
            self._above.take(run_id, usage)


_current: ContextVar[Meter | None] = ContextVar("grokkit_meter", default=None)


def meter_here() -> Meter | None:
    """What counts for whom this runs, if anything does."""
    return _current.get()


@contextmanager
def counted_by(meter: Meter) -> Iterator[None]:
    """Runs that begin in here are counted."""
    token = _current.set(meter)
    try:
        yield
    finally:
        _current.reset(token)
