"""What one admitted call holds: its place among those that run, and what it took of the limits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from grokkit.errors import GrokError
from grokkit.layers.rate_limit.lane import TOKENS
from grokkit.layers.rate_limit.quotas import name_of
from grokkit.stores.store import Take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.call import Ending
    from grokkit.config import RateLimit
    from grokkit.layers.rate_limit.giving import Purse
    from grokkit.layers.rate_limit.lane import Lane

_REFUSED_UNCOUNTED = frozenset({429, 503, 529})
_CLIENT_ERRORS = range(400, 500)


class Holding:
    """Given back once: all of it when nothing was sent, the tokens as they turn out to be when there is an answer."""

    __slots__ = ("_running", "at", "lane", "loop", "policy", "purse", "started", "takes", "tokens")

    def __init__(self, lane: Lane, purse: Purse, policy: RateLimit, started: float) -> None:
        self.lane = lane
        self.purse = purse
        self.policy = policy
        self.started = started
        self.loop = asyncio.get_running_loop()
        self.takes: Sequence[Take] = ()
        self.tokens = 0.0
        self.at = 0.0
        self._running = True

    def took(self, takes: Sequence[Take], tokens: float, at: float) -> None:
        """It took this, of it so many tokens, at that time of the store."""
        self.takes = takes
        self.tokens = tokens
        self.at = at

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
            self._give(_tokens(self.takes) if _was_counted(error) else self.takes)
        self.leave()

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
        now = self.lane.clock.now()
        self.lane.recent.add(now, tokens=tokens)
        limits = self.lane.plan(self.policy, now).tokens
        self._give([Take(quota, min(self.tokens, quota.limit) - min(tokens, quota.limit)) for quota in limits])

    def _give(self, takes: Sequence[Take]) -> None:
        takes = [take for take in takes if take.amount]
        if takes and not self.lane.left_behind:
            self.purse.give(takes, self.at, self.loop)
            self.lane.stir()


def _tokens(takes: Sequence[Take]) -> list[Take]:
    return [take for take in takes if name_of(take.quota) == TOKENS]


def _was_counted(error: GrokError) -> bool:
    """Whether the server read the call before it refused it: then it has counted it."""
    return error.status in _CLIENT_ERRORS and error.status not in _REFUSED_UNCOUNTED
