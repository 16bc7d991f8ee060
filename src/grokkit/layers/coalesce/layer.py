"""The layer: finds the flight that a call can share, or begins one."""

from __future__ import annotations

import asyncio
import dataclasses
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from grokkit.clock import Within
from grokkit.errors import ClientClosed, ConnectionLost
from grokkit.layers.coalesce.flight import Flight
from grokkit.layers.coalesce.key import key_of
from grokkit.owner import while_open
from grokkit.telemetry.events import Joined
from grokkit.transport.stream_clocks import deadline_exceeded

if TYPE_CHECKING:
    from grokkit.call import Call, Next, Reply
    from grokkit.clock import Clock

    _Key: TypeAlias = tuple[asyncio.AbstractEventLoop, bytes]

JOINED = "joined"
"""The name in a reply's context of the client request id under which the call it shares was sent."""

_SHARED = "coalesced"


class InFlight(msgspec.Struct, frozen=True, kw_only=True):
    """What is shared at this moment."""

    calls: int
    """Calls on their way to the server that another can join."""
    callers: int
    """Those who wait for them, or read them."""


class _Led(NamedTuple):
    leader: Call
    flight: Flight


class SingleFlight:
    """The layer. It stands outside the deadline: each caller has their own, the shared call has none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._flights: dict[_Key, _Led] = {}

    def __repr__(self) -> str:
        return "coalesce"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """A reply that may be shared with others, and looks as if it were not."""
        fingerprint = None if _SHARED in call.context else key_of(call)
        if fingerprint is None:
            return await call_next(call)
        key = (asyncio.get_running_loop(), fingerprint)
        led = self._flights.get(key)
        if led is None:
            return await self._share(call, self._begin(key, call, call_next))
        if not _is_made_alike(call, led.leader):
            return await call_next(call)
        call.tell(Joined, leader=led.leader.id)
        return await self._join(led, call.replace(deadline=self._deadline_of(call)), call_next)

    async def _join(self, led: _Led, call: Call, call_next: Next) -> Reply:
        """Share another's call. When that ends because its client was closed, ours is made anew."""
        try:
            reply = await self._share(call, led.flight)
        except (ClientClosed, ConnectionLost):
            if call.owner.closed or not led.leader.owner.closed:
                raise
            return await self(call, call_next)
        reply.context[JOINED] = led.leader.id
        return reply

    def _begin(self, key: _Key, call: Call, call_next: Next) -> Flight:
        flight = Flight(_upstream(call), partial(while_open, call_next=call_next), lambda: self._flights.pop(key))
        self._flights[key] = _Led(call, flight)
        return flight

    async def _share(self, call: Call, flight: Flight) -> Reply:
        total, deadline = call.limits.total, self._deadline_of(call)
        with Within(self._clock, deadline, lambda: deadline_exceeded(total)):
            reply = await flight.share()
        if deadline is not None:
            reply.context["deadline"] = deadline
        return reply

    def _deadline_of(self, call: Call) -> float | None:
        total = call.limits.total
        moments = [moment for moment in (call.deadline, total and self._clock.now() + total) if moment is not None]
        return min(moments, default=None)

    def health(self) -> InFlight:
        """What is shared at this moment."""
        flights = [led.flight for led in list(self._flights.values())]
        return InFlight(calls=len(flights), callers=sum(flight.callers for flight in flights))


def _upstream(call: Call) -> Call:
    """The call as it is sent for everybody. Marked, so that a client it falls back on does not let it join itself."""
    limits = dataclasses.replace(call.limits, total=None)
    return call.replace(limits=limits, deadline=None, context={**call.context, _SHARED: True})


def _is_made_alike(one: Call, other: Call) -> bool:
    return one.policies == other.policies and one.context == other.context
