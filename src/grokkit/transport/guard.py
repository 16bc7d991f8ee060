"""Whether calls may leave this machine: tests set a guard, and every transport that reaches a network asks it first.

A transport writes `if guard.check is not None: guard.check(call)` before it sends: outside of tests that is one look
at an attribute.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grokkit.call import Call

    Check = Callable[[Call], object]


class Guard:
    """What is asked before a call goes out.

    >>> with guard.set(print):
    ...     guard.check("a call")
    a call
    """

    __slots__ = ("check",)

    def __init__(self) -> None:
        self.check: Check | None = None
        """Raises for a call that must not be made; `None` lets every call pass."""

    @contextmanager
    def set(self, check: Check | None) -> Iterator[None]:
        """Ask this, or nothing, while a block runs: on all threads and loops of the process."""
        before, self.check = self.check, check
        try:
            yield
        finally:
            self.check = before


guard = Guard()
"""The guard of this process."""

_wanted: ContextVar[bool] = ContextVar("grokkit_real_calls_wanted", default=False)


@contextmanager
def wanted() -> Iterator[None]:
    """Mark the calls that a block makes, in its own context, as meant to be real: a cassette that records does."""
    token = _wanted.set(True)
    try:
        yield
    finally:
        _wanted.reset(token)


def is_wanted() -> bool:
    """Whether the call now being made is marked as meant to be real."""
    return _wanted.get()
