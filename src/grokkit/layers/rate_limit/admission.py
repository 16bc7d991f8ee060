"""Whether to let a call wait at all: no at once is better than no too late."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from grokkit.errors import QueueFull, WouldExceedDeadline

if TYPE_CHECKING:
    from grokkit.call import Call
    from grokkit.layers.figures import Figures
    from grokkit.layers.rate_limit.lane import Lane, Plan


def expected_wait(lane: Lane, plan: Plan, ahead: int, answer: float | None) -> float:
    """Seconds until so many calls have gone out, as far as rates and the bound tell."""
    waits = [0.0]
    if plan.rate:
        waits.append(ahead / plan.rate)
    if plan.token_rate:
        waits.append(ahead * lane.usual.total / plan.token_rate)
    bounds = [bound for bound in (plan.policy.concurrency, lane.concurrency.bound) if bound]
    if bounds and answer is not None:
        waits.append((ahead + 1) * answer / min(bounds) if lane.concurrency.running else 0.0)
    return max(waits)


def refuse_hopeless(call: Call, figures: Figures, now: float, wait: float = 0.0) -> None:
    """Raise `WouldExceedDeadline` for a call that waits that long and then is hardly answered in time."""
    if call.deadline is None:
        return
    left = call.deadline - now
    if wait + figures.longest <= left:
        return
    answer = figures.least(call) or 0.0
    if wait + answer <= left:
        return
    raise WouldExceedDeadline(
        f"the call has {max(0.0, left):.3g} s left, and needs about {wait + answer:.3g} s or more:"
        f" {wait:.3g} s until it may set out, {answer:.3g} s for the answer",
        call=call.ref,
        client_request_id=call.id,
        retry_after=wait if math.isfinite(wait) else None,
    )


def queue_full(call: Call, waiting: int, wait: float) -> QueueFull:
    """The error for a call that finds too many waiting."""
    return QueueFull(
        f"{waiting} calls wait already for the rate limit of {call.model}: this one was not queued",
        call=call.ref,
        client_request_id=call.id,
        retry_after=wait if math.isfinite(wait) else None,
    )
