"""What one admitted call holds: its place among those that run, and what it took of the limits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from grokkit.errors import GrokError
from grokkit.layers.rate_limit.lane import TOKENS
from grokkit.layers.rate_limit.quotas import name_of
from grokkit.stores.store import Take

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from grokkit.call import Ending, Reply
    from grokkit.layers.rate_limit.giving import Purse
    from grokkit.layers.rate_limit.lane import Lane, Plan

_REFUSED_UNCOUNTED = frozenset({429, 503, 529})
_CLIENT_ERRORS = range(400, 500)


class Holding:
    """Given back once: all of it when nothing was sent, the tokens as they turn out to be when there is an answer."""

    __slots__ = ("_running", "at", "lane", "loop", "plan", "purse", "started", "takes", "tokens")

    def __init__(
        self, lane: Lane, purse: Purse, plan: Plan, started: float, *, takes: Sequence[Take], tokens: float, at: float
    ) -> None:
        """It set out when it `started` and took this, of it so many tokens, `at` that time of the store."""
        self.lane = lane
        self.purse = purse
        self.plan = plan
        self.started = started
        self.loop = asyncio.get_running_loop()
        self.takes = takes
        self.tokens = tokens
        self.at = at
        self._running = True

    def leave(self) -> None:
        """It runs no more."""
        if self._running:
            self._running = False
            if not self.lane.left_behind:
                self.lane.leave()

    def undo(self) -> None:
        """Nothing was sent: everything goes back."""
        self._give(self.takes)
        self.leave()

    def failed(self, error: BaseException) -> None:
        """No reply came. What the server does not count goes back; what it may have run stays taken."""
        if isinstance(error, GrokError) and not error.may_have_run:
            counted = _was_counted(error)
            self._give([take for take in self.takes if not counted or name_of(take.quota) == TOKENS])
        else:
            counted = True
        if counted:
            now = self.lane.clock.now()
            self.lane.recent.add(now, requests=1)
            self._count_late(now)
        self.leave()

    def replied(self, reply: Reply, kind: Hashable) -> None:
        """The server runs the call: until the reply is at its end, or is here already."""
        lane, over = self.lane, reply.body is not None
        now = lane.clock.now()
        lane.replied(kind, self.started, now, over=over)
        self._running = not over
        reply.on_end(self.ended)
        if not lane.is_current(self.plan, now):
            self._count_late(now)

    def _count_late(self, now: float) -> None:
        """Count the call also against limits that were not known when it set out."""
        lane = self.lane
        plan = lane.plan(self.plan.policy, now)
        taken = {name_of(take.quota) for take in self.takes}
        late = [take.quota for take in plan.requests if name_of(take.quota) not in taken]
        self._give([Take(quota, -1.0) for quota in late if self.started > lane.known_since(quota)])

    def ended(self, ending: Ending) -> None:
        """The reply was read, broke or was left: the tokens are settled when it is known what they were."""
        self.leave()
        usage = ending.answer.usage if ending.answer is not None else None
        if usage is None or not usage.total_tokens or self.lane.left_behind:
            return
        self.lane.output.add(usage.output_tokens)
        self.lane.usual_tokens.add(usage.total_tokens)
        self._settle(usage.total_tokens)

    def _settle(self, tokens: float) -> None:
        lane, plan = self.lane, self.plan
        now = lane.clock.now()
        lane.recent.add(now, tokens=tokens)
        limits = plan.tokens if lane.is_current(plan, now) else lane.plan(plan.policy, now).tokens
        owed = []
        for quota in limits:
            amount = min(self.tokens, quota.limit) - min(tokens, quota.limit)
            if amount and (self.tokens or self.started > lane.known_since(quota)):
                owed.append(Take(quota, amount))
        self._give(owed)

    def _give(self, takes: Sequence[Take]) -> None:
        if takes and not self.lane.left_behind:
            self.purse.give(takes, self.at, self.loop)
            self.lane.stir()


def _was_counted(error: GrokError) -> bool:
    """Whether the server read the call before it refused it: then it has counted it."""
    return error.status in _CLIENT_ERRORS and error.status not in _REFUSED_UNCOUNTED
