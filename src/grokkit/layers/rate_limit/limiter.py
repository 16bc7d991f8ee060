"""The layer: lets calls go as fast as the limits allow, and the others wait for their turn."""

from __future__ import annotations

import asyncio
import os
import threading
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from grokkit.call import Ending
from grokkit.errors import NoCapacity, RateLimited
from grokkit.layers.rate_limit.admission import expected_wait, queue_full, refuse_hopeless
from grokkit.layers.rate_limit.estimate import tokens_of
from grokkit.layers.rate_limit.giving import Purse
from grokkit.layers.rate_limit.health import health_of
from grokkit.layers.rate_limit.holding import Holding
from grokkit.layers.rate_limit.lane import Lane
from grokkit.layers.rate_limit.learning import Teacher
from grokkit.layers.rate_limit.limits import told_by_headers
from grokkit.layers.rate_limit.passing import refuse_to_wait
from grokkit.layers.rate_limit.room import ROOM, LimitedRoom
from grokkit.layers.rate_limit.waiting import NEVER, Waiter, Waiting, kind_of
from grokkit.stores.store import Taken
from grokkit.telemetry.events import Admitted, Queued

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from grokkit.call import Call, Next, Reply
    from grokkit.clock import Clock
    from grokkit.config import RateLimit
    from grokkit.layers.figures import Figures
    from grokkit.layers.rate_limit.health import RateLimitHealth
    from grokkit.layers.rate_limit.lane import Plan
    from grokkit.layers.rate_limit.queue import Kind
    from grokkit.stores.store import Store

_MOST_LANES = 1024
_MOST_COST = 100.0
_NOTHING_TAKEN = Taken(0.0, 0.0)


def _nothing_known(_model: str, _tier: int) -> Mapping[str, float]:
    return {}


class RateLimiter:
    """One for all clients of a process. `limits_of(model, tier)` is what the catalogue knows, by names of limits."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        figures: Figures,
        *,
        limits_of: Callable[[str, int], Mapping[str, float]] = _nothing_known,
    ) -> None:
        self._clock = clock
        self._figures = figures
        self._limits_of = limits_of
        self._purse = Purse(store)
        self._teacher = Teacher(clock, store)
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._lock = threading.Lock()
        _limiters.add(self)

    def __repr__(self) -> str:
        return "rate_limit"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """Wait for the call's turn, and learn from what comes of it.

        Raises `QueueFull` and `WouldExceedDeadline`, at once, for what need not wait.
        """
        model, policy = call.model, call.policies.rate_limit
        if model is None or policy.mode == "off":
            return await call_next(call)
        lane = self._lanes.get((call.account, model)) or self._open(call.account, model)
        now = self._clock.now()
        holding = self._at_once(lane, lane.plan(policy, now), call, now) or await self._admit(lane, call, policy)
        if call.policies.hedge.is_on:
            room = LimitedRoom(holding, self._send, partial(self._take_beside, lane, call))
            call = call.replace(context={**call.context, ROOM: room})
        return await self._send(holding, call, call_next)

    async def _send(self, holding: Holding, call: Call, call_next: Next) -> Reply:
        """Make the call, or one try of it. What a hedge has settled already is left as it is."""
        try:
            reply = await call_next(call)
        except BaseException as error:
            if not holding.settled:
                await self._failed(holding, call, error)
            raise
        if not holding.settled:
            holding.replied(reply, (call.operation, call.stream))
            if holding.plan.policy.mode == "auto" and holding.lane.has_news(reply.headers):
                await self._learn(holding, call, reply)
        return reply

    def health(self) -> tuple[RateLimitHealth, ...]:
        """A line for each account and model that was called."""
        now = self._clock.now()
        return tuple(health_of(lane, now) for lane in tuple(self._lanes.values()))

    def _open(self, account: str, model: str) -> Lane:
        with self._lock:
            lane = self._lanes.get((account, model))
            if lane is None:
                self._make_room()
                lane = self._lanes[account, model] = Lane(account, model, self._clock, self._limits_of)
            return lane

    def _make_room(self) -> None:
        if len(self._lanes) >= _MOST_LANES:
            idle = next((key for key, lane in self._lanes.items() if not lane.busy), None)
            self._lanes.pop(idle or next(iter(self._lanes)))

    def _at_once(self, lane: Lane, plan: Plan, call: Call, now: float) -> Holding | None:
        """The short way, where nobody waits and there is room: when nothing is to be taken, or it is in memory."""
        if now < lane.pause.until or now >= lane.refresh_at or (lane.lines and _has_line(lane, plan)):
            return None
        memory = self._purse.memory
        if memory is None and plan.limits:
            return None
        if call.deadline is not None and call.deadline - now < self._figures.longest:
            refuse_hopeless(call, self._figures, now)
        if not lane.concurrency.enter(plan.policy.concurrency, adaptive=plan.policy.adaptive):
            return None
        tokens, takes, taken = 0.0, plan.requests, _NOTHING_TAKEN
        if plan.tokens:
            tokens = tokens_of(call.body, lane.usual.output)
            takes = plan.takes(tokens)
        if takes and memory is not None:
            taken = memory.take_now(takes)
        if taken.wait:
            lane.leave()
            return None
        return Holding(lane, self._purse, plan, now, takes, tokens, taken.at)

    async def _admit(self, lane: Lane, call: Call, policy: RateLimit) -> Holding:
        if self._clock.now() >= lane.refresh_at:
            await self._teacher.refresh(lane, policy)
        now = self._clock.now()
        refuse_to_wait(call, lane.pause, now)
        refuse_hopeless(call, self._figures, now)
        plan = lane.plan(policy, now)
        tokens = tokens_of(call.body, lane.usual.output) if plan.tokens else 0.0
        outcome: Holding | float = 0.0
        async with self._purse.door():
            if not _has_line(lane, plan):
                outcome = await self._ask(lane, policy, tokens)
        return outcome if isinstance(outcome, Holding) else await self._wait(lane, plan, Waiter(call, tokens), outcome)

    async def _wait(self, lane: Lane, plan: Plan, waiter: Waiter, wait: float) -> Holding:
        call, policy, began = waiter.call, plan.policy, self._clock.now()
        line = self._line(lane, plan)
        weight = policy.weights.get(call.policies.tenant or "", 1.0)
        ahead = line.queue.ahead(call.policies.priority, call.policies.tenant or "", kind_of(policy), weight)
        expected = self._expected(lane, plan, call, ahead, max(wait if wait < NEVER else 0.0, line.opens_at - began))
        if lane.waiting >= policy.queue:
            raise queue_full(call, lane.waiting, expected)
        refuse_hopeless(call, self._figures, began, expected)
        call.tell(Queued, position=len(line.queue) + 1, wait=expected)
        holding = await line.turn(waiter, cost=_cost(plan, waiter.tokens), weight=weight, wait=wait)
        call.tell(Admitted, waited=self._clock.now() - began)
        return holding

    def _expected(self, lane: Lane, plan: Plan, call: Call, ahead: int, wait: float) -> float:
        answer = self._figures.typical(call)
        paused = lane.pause.until - self._clock.now()
        return max(0.0, wait, paused) + expected_wait(lane, plan, ahead, answer)

    def _line(self, lane: Lane, plan: Plan) -> Waiting:
        loop = asyncio.get_running_loop()
        line = lane.lines.get((loop, plan.group))
        if line is None:

            def ask(waiter: Waiter, line: Waiting) -> Awaitable[Holding | float]:
                refuse_to_wait(waiter.call, lane.pause, self._clock.now())
                return self._ask(lane, waiter.call.policies.rate_limit, waiter.tokens, line)

            def has_room(kind: Kind) -> bool:
                hard, adaptive = kind
                return lane.concurrency.look_for_room(hard, adaptive=adaptive)

            line = Waiting(self._clock, ask, has_room)
            with lane.lock:
                lane.lines = {key: one for key, one in lane.lines.items() if one.in_use} | {(loop, plan.group): line}
        return line

    async def _ask(self, lane: Lane, policy: RateLimit, tokens: float, line: Waiting | None = None) -> Holding | float:
        """What the call holds from now on, or how long it has to wait before it is worth asking again."""
        if self._clock.now() >= lane.refresh_at:
            await self._teacher.refresh(lane, policy)
        now = self._clock.now()
        if lane.pause.until > now:
            return lane.pause.until - now
        if not lane.concurrency.enter(policy.concurrency, adaptive=policy.adaptive):
            return NEVER
        plan = lane.plan(policy, now)
        takes = plan.takes(tokens)
        try:
            taken = await self._purse.take(takes) if takes else _NOTHING_TAKEN
        except BaseException:
            lane.leave(line)
            raise
        lane.took(taken, now)
        if taken.wait:
            lane.leave(line)
            return taken.wait
        return Holding(lane, self._purse, plan, now, takes, tokens, taken.at)

    async def _take_beside(self, lane: Lane, call: Call) -> Holding | None:
        """What a second try of the call holds, if it can have it at once. Those who wait go first."""
        policy = call.policies.rate_limit
        plan = lane.plan(policy, self._clock.now())
        if _has_line(lane, plan):
            return None
        outcome = await self._ask(lane, policy, tokens_of(call.body, lane.usual.output) if plan.tokens else 0.0)
        return outcome if isinstance(outcome, Holding) else None

    async def _failed(self, holding: Holding, call: Call, error: BaseException) -> None:
        """Refusals are learned from before the call counts as over, so that none is let go in between."""
        lane = holding.lane
        try:
            if isinstance(error, RateLimited | NoCapacity):
                lane.concurrency.refused(holding.started, self._clock.now())
                await self._teacher.refused(holding, call, error)
        finally:
            holding.failed(error)

    async def _learn(self, holding: Holding, call: Call, reply: Reply) -> None:
        try:
            await self._teacher.told(holding, call, told_by_headers(reply.headers))
        except BaseException:
            await reply.aclose()
            reply.end(Ending(complete=False))
            raise

    def forget_callers(self) -> None:
        """Start over in a forked child: what is known stays, those who wait and run are the parent's."""
        self._lock = threading.Lock()
        for key, lane in list(self._lanes.items()):
            lane.left_behind = True
            fresh = Lane(*key, self._clock, self._limits_of)
            fresh.learned, fresh.share, fresh.usual = lane.learned, lane.share, lane.usual
            fresh.known_until, fresh.pause = lane.known_until, lane.pause
            self._lanes[key] = fresh


def _has_line(lane: Lane, plan: Plan) -> bool:
    """Whether others wait already for what this plan wants, on this loop, and not for others to end."""
    line = lane.lines.get((asyncio.get_running_loop(), plan.group))
    return line is not None and line.queue.is_ready


def _cost(plan: Plan, tokens: float) -> float:
    """What a call counts for in its tenant's turns: as many calls as it takes the tokens of."""
    if not (tokens and plan.token_rate):
        return 1.0
    share_of_tokens = tokens / plan.token_rate
    return min(_MOST_COST, max(1.0, share_of_tokens * plan.rate)) if plan.rate else 1.0


_limiters: WeakSet[RateLimiter] = WeakSet()


def _forget_callers() -> None:
    for limiter in list(_limiters):
        limiter.forget_callers()


os.register_at_fork(after_in_child=_forget_callers)
