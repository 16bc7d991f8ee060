"""What `client.health()` says of rate limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.layers.rate_limit.queue import PRIORITIES

if TYPE_CHECKING:
    from grokkit.layers.rate_limit.lane import Lane


class LimitHealth(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that is in force."""

    name: str
    """`requests_per_second`, `requests_per_minute` or `tokens_per_minute`."""
    limit: float
    source: str
    """`given`, `tier`, `header` or `refusal`."""


class RateLimitHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the calls of one account to one model are held back at this moment, in this process."""

    account: str
    """The address and key, as a fingerprint."""
    model: str
    limits: tuple[LimitHealth, ...]
    """Those of the newest policy."""
    waiting: dict[str, int]
    """Calls that wait, by priority."""
    running: int
    bound: float | None
    """How many may run at one time while the server refuses or is slow; None without a bound."""
    paused_for: float
    """Seconds until the next call goes out, after a refusal; 0.0 when there was none."""
    share: float
    """How much of the limits is ours: below 1.0 when others were found to use them too."""


def health_of(lane: Lane, now: float) -> RateLimitHealth:
    """A lane as the report has it."""
    waiting: dict[str, int] = dict.fromkeys(PRIORITIES, 0)
    for line in tuple(lane.lines.values()):
        for priority, count in line.queue.waiting().items():
            waiting[priority] += count
    plans = lane.plans()
    limits = plans[-1].limits if plans else ()
    return RateLimitHealth(
        account=lane.account,
        model=lane.model,
        limits=tuple(LimitHealth(name=one.name, limit=one.value, source=one.source) for one in limits),
        waiting=waiting,
        running=lane.concurrency.running,
        bound=lane.concurrency.bound,
        paused_for=max(0.0, lane.pause.until - now),
        share=lane.share.at(now),
    )
