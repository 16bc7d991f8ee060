"""The clocks that watch a stream: the deadline, the wire (any byte), the progress (an event that says something)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.errors import DeadlineExceeded, FirstEventTimedOut, StreamStalled, WireTimedOut

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.config import Limits
    from grokkit.errors import GrokError

    Limit = tuple[float, Callable[[], GrokError]]

_AFTER_FINISH = 5.0
"""How long a server may keep a connection open after an answer that is complete."""


class StreamClocks:
    """When each of them was last set, and which runs out first."""

    def __init__(self, limits: Limits, deadline: float | None, *, opened: float, heard: float) -> None:
        self._limits = limits
        self._deadline = deadline
        self._opened = opened
        self._last_byte = heard
        self._last_event: float | None = None
        self._finished = False

    def byte(self, now: float) -> None:
        """Something came: a frame, a comment, a ping, a piece of any of them."""
        self._last_byte = now

    def event(self, now: float) -> None:
        """Something was said."""
        self._last_event = now

    def finished(self) -> None:
        """The answer is complete; only the end of the stream is still to come."""
        self._finished = True

    def earliest(self) -> tuple[float | None, Callable[[], GrokError]]:
        """The moment at which to stop waiting, and the error for that."""
        limits = [limit for limit in (self._total(), self._wire(), self._progress()) if limit is not None]
        return min(limits, key=_moment, default=(None, _never))

    def _total(self) -> Limit | None:
        return None if self._deadline is None else (self._deadline, lambda: deadline_exceeded(self._limits.total))

    def _wire(self) -> Limit | None:
        silence = self._limits.wire
        return None if silence is None else (self._last_byte + silence, lambda: wire_timed_out(silence))

    def _progress(self) -> Limit | None:
        if self._finished:
            return self._last_byte + _AFTER_FINISH, lambda: _stalled(_AFTER_FINISH)
        if self._last_event is not None:
            idle = self._limits.idle
            return None if idle is None else (self._last_event + idle, lambda: _stalled(idle))
        first = self._limits.first_event
        return None if first is None else (self._opened + first, lambda: _no_first_event(first))


def _moment(limit: Limit) -> float:
    return limit[0]


def _never() -> GrokError:
    return deadline_exceeded(None)


def deadline_exceeded(total: float | None) -> DeadlineExceeded:
    """The error for a call that took longer than it may."""
    allowed = "its deadline" if total is None else f"the {total:g} s it may take in all"
    return DeadlineExceeded(
        f"the call took longer than {allowed}",
        hint="raise timeout= (a number, or Timeouts(total=...)) for this call or for the client",
    )


def wire_timed_out(silence: float | None) -> WireTimedOut:
    """The error for a connection on which nothing moved, not even a keep-alive."""
    return WireTimedOut(
        f"the connection was silent for {silence:g} s: not a byte came",
        hint="the connection is most likely dead: try again; raise Timeouts(wire=...) for servers known to be silent",
    )


def _stalled(idle: float) -> StreamStalled:
    return StreamStalled(
        f"the stream made no progress for {idle:g} s",
        hint="try again; raise Timeouts(idle=...) for models that think long between outputs",
    )


def _no_first_event(limit: float) -> FirstEventTimedOut:
    return FirstEventTimedOut(
        f"the stream gave no event within {limit:g} s",
        hint="reasoning models may think for minutes: raise Timeouts(first_event=...)",
    )
