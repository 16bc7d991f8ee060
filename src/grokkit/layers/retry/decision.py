"""Whether a call that failed is made again, and after how long. Pure: facts in, a decision out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from grokkit import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.config import Retry

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods that do the same when they are done twice."""

_NOT_HERE = (errors.CircuitOpen, errors.QueueFull, errors.DeadlineExceeded)
_LEAST_BASE_WHEN_LIMITED = 1.0
_JITTER = 0.1
_DOUBLINGS = 64


class Failure(NamedTuple):
    """What there is to decide on."""

    error: errors.GrokError
    attempt: int
    """The number of the try that failed."""
    method: str
    acts: bool
    """Whether the call carries server-side tools that change things."""
    remaining: float | None
    """Seconds that are left of the call's time; None for no limit."""

    @property
    def may_have_run(self) -> bool:
        """Whether the call may have done something, and been billed, that a second time would do again."""
        return self.method not in REPEATABLE and self.error.may_have_run


class Again(NamedTuple):
    """Try again after so many seconds."""

    delay: float


class Stop(NamedTuple):
    """Raise the error."""

    reason: str | None = None
    """In one word, as `RetryRefused` has it; None where trying again was out of the question."""
    note: str | None = None
    """For the error's hint: why not, in a few words, where it is not plain from the error."""


def decide(policy: Retry, failure: Failure, random: Callable[[], float]) -> Again | Stop:
    """What to do about a failure. `random` gives numbers from 0 to 1.

    >>> from grokkit.config import Retry
    >>> from grokkit.errors import RateLimited
    >>> limited = Failure(RateLimited("slow down", retry_after=30.0), 1, "POST", acts=False, remaining=60.0)
    >>> decide(Retry(), limited, lambda: 0.5)
    Again(delay=31.5)
    >>> decide(Retry(), limited._replace(remaining=12.5), lambda: 0.5).reason
    'deadline'
    """
    if not failure.error.retryable or isinstance(failure.error, _NOT_HERE) or not failure.error.attempts:
        return Stop()
    if failure.may_have_run and (stop := _not_twice(policy, failure)):
        return stop
    if failure.attempt > policy.max:
        return Stop("attempts")
    if failure.attempt > 1 and isinstance(failure.error, errors.TimedOut):
        return Stop("attempts", "a time limit passed twice; each try would take as long")
    asked = _asked(failure.error)
    if asked is None:
        return _own_wait(policy, failure, random)
    return _asked_wait(policy, asked, failure.remaining, random)


def _not_twice(policy: Retry, failure: Failure) -> Stop | None:
    if not policy.ambiguous:
        return Stop("ambiguous", "it may have run and been billed, and Retry(ambiguous=False) is set")
    if failure.acts and not policy.effects:
        return Stop("effects", "its server-side tools may have acted; Retry(effects=True) lets them act twice")
    return None


def _asked(error: errors.GrokError) -> float | None:
    asked = error.retry_after
    return None if asked is None or math.isnan(asked) else max(0.0, asked)


def _asked_wait(policy: Retry, asked: float, remaining: float | None, random: Callable[[], float]) -> Again | Stop:
    if remaining is not None and asked >= remaining:
        return Stop("deadline", f"the server asks to wait {_seconds(asked)} and {_left(remaining)}")
    if asked > policy.ceiling:
        return Stop(
            "ceiling",
            f"the server asks to wait {_seconds(asked)}, more than the {_seconds(policy.ceiling)} of Retry(ceiling)",
        )
    spread = max(_JITTER * asked, min(policy.base, policy.cap))
    if remaining is not None:
        spread = min(spread, (remaining - asked) / 2)
    return Again(asked + random() * spread)


def _own_wait(policy: Retry, failure: Failure, random: Callable[[], float]) -> Again | Stop:
    limited = isinstance(failure.error, errors.RateLimited)
    base = max(policy.base, _LEAST_BASE_WHEN_LIMITED) if limited else policy.base
    delay = random() * min(policy.cap, base * 2.0 ** min(failure.attempt - 1, _DOUBLINGS))
    remaining = failure.remaining
    if remaining is not None and delay >= remaining:
        return Stop("deadline", f"the next try would be after {_seconds(delay)} and {_left(remaining)}")
    return Again(delay)


def _left(remaining: float) -> str:
    return f"{_seconds(max(0.0, remaining))} are left of this call's time"


def _seconds(seconds: float) -> str:
    return f"{round(seconds, 1) if math.isfinite(seconds) else seconds:.15g} s"
