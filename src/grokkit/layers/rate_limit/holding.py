"""What one admitted call holds: its place among those that run, and what it took of the limits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

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


class Holding(msgspec.Struct, eq=False, gc=False):
    """Given back once: all of it when nothing was sent, the tokens as they turn out to be when there is an answer."""

    lane: Lane
    purse: Purse
    plan: Plan
    started: float
    """When it set out."""
    takes: Sequence[Take]
    """What it took of the limits."""
    tokens: float
    """So many of them."""
    at: float
    """When it took them, by the clock of the store."""
    loop: asyncio.AbstractEventLoop = msgspec.field(default_factory=asyncio.get_running_loop)
    running: bool = True
    settled: bool = False
    """Whether it was said what became of it: a reply, a failure, or nothing at all."""

    def leave(self) -> None:
        """It runs no more."""
        if self.running:
            self.running = False
            if not self.lane.left_behind:
                self.lane.leave()

    def undo(self) -> None:
        """Nothing was sent: everything goes back."""
        self.settled = True
        self._give(self.takes)
        self.leave()

    def failed(self, error: BaseException) -> None:
        """No reply came. What the server does not count goes back; what it may have run stays taken."""
        self.settled = True
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
        lane, plan, over = self.lane, self.plan, reply.body is not None
        now = lane.clock.now()
        self.settled = True
        self.running = not over
        lane.recent.add(now, requests=1)
        if lane.concurrency.succeeded(kind, self.started, now, over=over):
            lane.stir()
        reply.on_end(self.ended)
        if plan.epoch != lane.epoch or now >= plan.until:
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
        lane, plan = self.lane, self.plan
        if self.running:
            self.leave()
        usage = ending.answer.usage if ending.answer is not None else None
        if usage is None or not usage.total_tokens or lane.left_behind:
            return
        now, tokens = lane.clock.now(), usage.total_tokens
        lane.usual.add(usage.output_tokens, tokens)
        lane.recent.add(now, tokens=tokens)
        if plan.epoch != lane.epoch or now >= plan.until:
            plan = lane.plan(plan.policy, now)
        if plan.tokens:
            self._settle(plan, tokens)

    def _settle(self, plan: Plan, tokens: float) -> None:
        owed = []
        for quota in plan.tokens:
            amount = min(self.tokens, quota.limit) - min(tokens, quota.limit)
            if amount and (self.tokens or self.started > self.lane.known_since(quota)):
                owed.append(Take(quota, amount))
        self._give(owed)

    def _give(self, takes: Sequence[Take]) -> None:
        if takes and not self.lane.left_behind:
            self.purse.give(takes, self.at, self.loop)
            if self.lane.lines:
                self.lane.stir()


def _was_counted(error: GrokError) -> bool:
    """Whether the server read the call before it refused it: then it has counted it."""
    return error.status in _CLIENT_ERRORS and error.status not in _REFUSED_UNCOUNTED
