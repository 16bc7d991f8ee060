"""Whose fault it is that a call failed: only what the server or the network did counts against a circuit."""

from __future__ import annotations

from grokkit.errors import (
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    NoCapacity,
    ServerFailed,
    StreamInterrupted,
    TimedOut,
)

_FAULTS = (NoCapacity, ServerFailed, ConnectionFailed, ConnectionLost, TimedOut)
_MOST_WORDS = 200


def is_fault(error: BaseException) -> bool:
    """Whether an error says that the server or the network is in trouble.

    What the caller did wrong, cancelled or allowed too little time for does not say so; neither do limits, money,
    credentials, and replies that nobody can read.

    >>> from grokkit.errors import RateLimited
    >>> is_fault(NoCapacity("at capacity")), is_fault(RateLimited("too fast")), is_fault(DeadlineExceeded("over"))
    (True, False, False)
    """
    if isinstance(error, StreamInterrupted):
        return error.__cause__ is None or is_fault(error.__cause__)
    return isinstance(error, _FAULTS) and not isinstance(error, DeadlineExceeded)


def in_brief(error: BaseException) -> str:
    """What an error says, on one short line.

    >>> in_brief(NoCapacity("the model is at capacity", hint="wait"))
    'NoCapacity: the model is at capacity'
    """
    words = " ".join(str(getattr(error, "message", error)).split())
    line = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return line if len(line) <= _MOST_WORDS else line[: _MOST_WORDS - 3] + "..."
