"""Hedge: a second try beside a first one that is late; whichever answers first is the answer.

Most calls of a kind take about as long as each other, and a few take many times as long: a busy machine, a lost
packet. The same call, sent again, is as a rule as fast as most. With `hedge=0.95` a call that takes longer than 95 in
100 recent ones of its kind (account, operation, model, effort) did up to their first output is sent a second time,
and the caller gets what comes first; with `Hedge(after=2.0)` it is sent after two seconds. At least `min_calls` recent
calls must be known, or nothing is hedged.

What it costs: one call in twenty, at that percentile, is made twice. The one that loses is cancelled, and how much of
it is billed cannot be known: `HedgeSettled.elapsed` says how long it ran, which is the most there is to say. Each
second try is paid for from the same budget as retries, so that hedges end by themselves when everything is slow. It
counts against the rate limits like any other request, and takes a place among those that run; where there is no room
for it at once, it is not sent. Calls with server-side tools that change things are never sent twice.

`reply.context["hedged"]` is 1 or 2, the try that answered, where there were two. When one fails, the other is waited
for; when both do, the first one's error is raised, or the second's when only that may have run, with a note of both.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from grokkit.call import IDEMPOTENCY, Ending
from grokkit.layers.effects import has_effects
from grokkit.layers.rate_limit.room import ROOM, Room
from grokkit.layers.stopping import stop
from grokkit.telemetry.events import Hedged, HedgeSettled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.call import Call, Next, Reply
    from grokkit.clock import Clock
    from grokkit.layers.figures import Figures
    from grokkit.layers.rate_limit.room import Place
    from grokkit.layers.retry import RetryBudget

    Try: TypeAlias = asyncio.Task[Reply]

HEDGE = "x-grokkit-hedge"
"""The header of a second try, by which a server can tell it from the first: both have one client request id."""

_UNLIMITED = Room()


class Hedging:
    """The layer. It sees each attempt, so a retry may be hedged as well; two tries at a time is the most there is."""

    def __init__(self, clock: Clock, budget: RetryBudget, figures: Figures) -> None:
        self._clock = clock
        self._budget = budget
        self._figures = figures

    def __repr__(self) -> str:
        return "hedge"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """The reply of the try that is first to have one."""
        after = delay_of(call, self._figures)
        if after is None:
            return await call_next(call)
        room: Room = call.context.get(ROOM, _UNLIMITED)
        tries = [_start(room.first, call, call_next)]
        winner: Try | None = None
        try:
            winner = await self._first_to_return(call, call_next, after, room, tries)
        finally:
            await _drop((each for each in tries if each is not winner), kept=winner)
        return _taken(winner, tries)

    async def _first_to_return(
        self, call: Call, call_next: Next, after: float, room: Room, tries: list[Try]
    ) -> Try | None:
        began = self._clock.now()
        await self._wait(tries[0], until=began + after)
        place = await self._place_beside(tries[0], call, room)
        if place is None:
            return await _success(tries)
        tries.append(_start(place, second_of(call), call_next))
        hedged_at = self._clock.now()
        call.tell(Hedged, after=after)
        winner: Try | None = None
        try:
            winner = await _success(tries)
        finally:
            loser_began = hedged_at if winner is tries[0] else began
            number = None if winner is None else tries.index(winner) + 1
            call.tell(HedgeSettled, winner=number, elapsed=self._clock.now() - loser_began)
        return winner

    async def _place_beside(self, first: Try, call: Call, room: Room) -> Place | None:
        """A place for the second try, which is paid for; None when there is none, or it is not wanted any more."""
        place = None if first.done() or call.owner.closed else await room.another()
        if place is None:
            return None
        wanted = False
        try:
            wanted = not first.done() and await self._may_send(call, first)
        finally:
            if not wanted:
                place.close()
        return place if wanted else None

    async def _may_send(self, call: Call, first: Try) -> bool:
        if not await self._budget.withdraw(call.account, call.policies.retries):
            return False
        if first.done():
            self._budget.put_back(call.account)
        return not first.done()

    async def _wait(self, first: Try, until: float) -> None:
        woken = asyncio.Event()
        alarm = self._clock.call_at(until, woken.set)
        first.add_done_callback(lambda _: woken.set())
        try:
            await woken.wait()
        finally:
            alarm.cancel()


def delay_of(call: Call, figures: Figures) -> float | None:
    """Seconds after which a second try of this call is sent, or None for never."""
    policy = call.policies.hedge
    if not policy.is_on or call.method != "POST" or call.model is None or has_effects(call):
        return None
    if policy.after is not None or policy.percentile is None:
        return policy.after
    return figures.first_output(call, policy.percentile, least=policy.min_calls)


def second_of(call: Call) -> Call:
    """The second try: the same call, marked as what it is, with a key of its own: it is to run beside the first."""
    headers = {**call.headers, HEDGE: "1"}
    if (key := call.headers.get(IDEMPOTENCY)) is not None:
        headers[IDEMPOTENCY] = f"{key}-hedge"
    return call.replace(headers=headers, context={**call.context, "hedge": True})


def _start(place: Place, call: Call, call_next: Next) -> Try:
    """Make a try in its place, which is closed should it end before it began."""
    started = asyncio.create_task(_run(place, call, call_next))
    started.add_done_callback(lambda _: place.close())
    return started


async def _run(place: Place, call: Call, call_next: Next) -> Reply:
    return await place.send(call, call_next)


async def _success(tries: list[Try]) -> Try | None:
    """The first of them that returned, once one did; None when all failed."""
    while True:
        winner = next((each for each in tries if _returned(each)), None)
        pending = [each for each in tries if not each.done()]
        if winner is not None or not pending:
            return winner
        await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)


def _returned(one: Try) -> bool:
    return one.done() and not one.cancelled() and one.exception() is None


async def _drop(losers: Iterable[Try], *, kept: Try | None) -> None:
    """End the losers. A cancel meanwhile makes a loser of the winner as well."""
    dropped = list(losers)
    try:
        await stop(dropped)
    except asyncio.CancelledError:
        dropped += [] if kept is None else [kept]
        raise
    finally:
        for each in dropped:
            if _returned(each):
                await _put_down(each.result())


async def _put_down(reply: Reply) -> None:
    try:
        await reply.aclose()
    finally:
        reply.end(Ending(complete=False))


def _taken(winner: Try | None, tries: list[Try]) -> Reply:
    if winner is None:
        return _failed(tries).result()
    reply = winner.result()
    if len(tries) > 1:
        reply.context["hedged"] = tries.index(winner) + 1
    return reply


def _failed(tries: list[Try]) -> Try:
    """The one whose error is raised: the first, unless only the second may have run."""
    told, other = tries[0], tries[-1]
    if told is other or told.cancelled() or other.cancelled():
        return told
    if _may_have_run(other) and not _may_have_run(told):
        told, other = other, told
    if (error := told.exception()) is not None:
        which = "second" if told is tries[0] else "first"
        error.add_note(f"hedged: the {which} of two tries failed too: {other.exception()!r}")
    return told


def _may_have_run(one: Try) -> bool:
    return bool(getattr(one.exception(), "may_have_run", False))
