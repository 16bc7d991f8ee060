"""Learning limits from replies and refusals, and telling them to the other processes of a fleet.

A store may lose what it was told: a Redis that begins anew, or the local store while the shared one is away. So who
knows limits goes on with them for as long as they are kept, and who told them to the store tells it again. Who only
heard of them does not, or a fleet would pass on for ever what one of it learned long ago. What was used is lost at the
same time: what this process sent lately is counted again, some of it twice, as nobody knows when the loss was.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING

from grokkit.errors import NoCapacity, RateLimited
from grokkit.layers.rate_limit.limits import KEPT, Learned, usable
from grokkit.layers.rate_limit.passing import Pause
from grokkit.layers.rate_limit.quotas import name_of
from grokkit.stores.store import Take
from grokkit.telemetry.events import LimitLearned

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from grokkit.call import Call
    from grokkit.clock import Clock
    from grokkit.config import RateLimit
    from grokkit.errors import GrokError
    from grokkit.layers.rate_limit.holding import Holding
    from grokkit.layers.rate_limit.lane import Lane
    from grokkit.stores.store import Store

REFRESH = 10.0
"""Seconds between two looks at what others learned."""
PAUSE = 1.0
"""Seconds without calls after a refusal that does not say how long to wait."""
LONGEST_PAUSE = 120.0


class Teacher:
    """Takes what the server says into a lane, and what is news into the store."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._looks: dict[tuple[Lane, asyncio.AbstractEventLoop], asyncio.Task[None]] = {}
        """The first looks at what others learned."""

    async def refresh(self, lane: Lane, policy: RateLimit) -> None:
        """Take over what others learned. The first calls of a lane all wait for one look, later ones do not."""
        if lane.refresh_at:
            lane.refresh_at = self._clock.now() + REFRESH
            await self._look(lane, policy)
            return
        loop = asyncio.get_running_loop()
        look = self._looks.get((lane, loop))
        if look is None:
            look = self._looks[lane, loop] = loop.create_task(self._look(lane, policy), context=Context())
            look.add_done_callback(partial(self._looked, (lane, loop)))
        await asyncio.wait((look,))
        if look.cancelled():
            raise asyncio.CancelledError
        if (error := look.exception()) is not None:
            from grokkit.layers.coalesce.failures import copy_of

            raise copy_of(error)

    def _looked(self, key: tuple[Lane, asyncio.AbstractEventLoop], look: asyncio.Task[None]) -> None:
        del self._looks[key]
        if not look.cancelled():
            look.exception()  # seen, even where all who waited for it have left

    async def _look(self, lane: Lane, policy: RateLimit) -> None:
        kept = await self._store.get(lane.key)
        now = self._clock.now()
        if kept is not None:
            lane.adopt(Learned.decoded(kept), now)
        elif now >= lane.known_until:
            lane.adopt(Learned(), now)
        elif lane.is_witness:
            await self._tell_again(lane, policy, now)
        lane.refresh_at = now + REFRESH

    async def _tell_again(self, lane: Lane, policy: RateLimit, now: float) -> None:
        """The store has lost what it was told, and what was used."""
        rest = lane.known_until - now
        if await self._store.compare_and_set(lane.key, None, lane.learned.encoded(), ttl=rest):
            await self._use(lane, policy, lane.sent(now))

    async def told(self, holding: Holding, call: Call, headers: Mapping[str, float]) -> None:
        """Limits in the headers of a reply."""
        counted = _counted(holding, self._clock.now())
        news = holding.lane.learn(headers, {}, self._clock.now())
        if news:
            await self._tell(holding, call, news)
            await self._begin(holding, {name: 0.0 for name in news if name not in counted})

    async def refused(self, holding: Holding, call: Call, error: GrokError) -> None:
        """A refusal: pause, and take in the figures of it. With no news in them, others use the same limits."""
        lane, now = holding.lane, self._clock.now()
        self._pause(lane, error, now)
        if not isinstance(error, RateLimited) or holding.plan.policy.mode != "auto":
            return
        counted, told = _counted(holding, now), usable(error.limit)
        news = lane.learn({}, told, now)
        if news:
            lane.observed_at.update(dict.fromkeys(news, now))
            others = await self._tell(holding, call, news)
            fresh = {name: error.observed.get(name, 0.0) for name in news if name not in counted}
            await self._begin(holding, {name: most for name, most in fresh.items() if name not in others})
        elif _was_kept(holding, told) and lane.shrink(holding.started, now):
            await self._keep(lane)

    def _pause(self, lane: Lane, error: GrokError, now: float) -> None:
        usual = PAUSE if isinstance(error, RateLimited) else 0.0
        seconds = min(LONGEST_PAUSE, usual if error.retry_after is None else error.retry_after)
        if seconds and now + seconds > lane.pause.until:
            lane.pause = Pause(now + seconds, for_capacity=isinstance(error, NoCapacity))
            lane.stir()

    async def _tell(self, holding: Holding, call: Call, news: Mapping[str, float]) -> Collection[str]:
        """Tell the hooks and the other processes. The names of the limits that others know already."""
        lane = holding.lane
        call.tell(LimitLearned, limits=dict(news))
        kept = await self._store.get(lane.key)
        known = Learned() if kept is None else Learned.decoded(kept)
        await self._keep(lane)
        return known.figures().keys()

    async def _keep(self, lane: Lane) -> None:
        await self._store.set(lane.key, lane.learned.encoded(), ttl=KEPT)

    async def _begin(self, holding: Holding, observed: Mapping[str, float]) -> None:
        """Limits that were not counted before begin with what was sent already, or what the server says was."""
        lane = holding.lane
        sent = lane.sent(self._clock.now())
        await self._use(lane, holding.plan.policy, {name: max(most, sent[name]) for name, most in observed.items()})
        lane.stir()

    async def _use(self, lane: Lane, policy: RateLimit, amounts: Mapping[str, float]) -> None:
        """Count so much of limits as used, by name."""
        plan = lane.plan(policy, self._clock.now())
        quotas = [take.quota for take in plan.requests] + list(plan.tokens)
        used = [Take(quota, -min(quota.limit, amounts.get(name_of(quota), 0.0))) for quota in quotas]
        used = [take for take in used if take.amount]
        if used:
            await self._store.give(used, 0.0)


def _counted(holding: Holding, now: float) -> Collection[str]:
    return {limit.name for limit in holding.lane.plan(holding.plan.policy, now).limits}


def _was_kept(holding: Holding, refused: Collection[str]) -> bool:
    """Whether the call kept the limits that it was refused for, as they are known now."""
    taken = {name_of(take.quota) for take in holding.takes}
    return bool(taken) and taken.issuperset(refused) and holding.started > holding.lane.changed_at
