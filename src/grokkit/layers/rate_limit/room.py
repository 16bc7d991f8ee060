"""Room for a second try: what the limiter leaves in a call's context, for the hedge further in.

A second try is a request like any other: it takes a place among those that run, a request and tokens. It takes them
at once, or is not sent: who would have to wait for its turn comes too late to help. Each try has a place of its own,
and what becomes of the try is told to that place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grokkit.call import Call, Next, Reply
    from grokkit.layers.rate_limit.holding import Holding

    Send = Callable[[Holding, Call, Next], Awaitable[Reply]]

ROOM = "room"
"""The name in a call's context of the `Room` for its tries, where its calls are limited."""


class Place:
    """What one try holds, where nothing is limited: nothing."""

    def send(self, call: Call, call_next: Next) -> Awaitable[Reply]:
        """Make the try."""
        return call_next(call)

    def close(self) -> None:
        """Give back all that a try which was never made would have needed."""


class Room:
    """Room for the tries of one call, where nothing is limited."""

    first: Place = Place()
    """That of the first try."""

    async def another(self) -> Place | None:
        """One more place, if there is one now. It is made a try in, or closed."""
        return Place()


class HeldPlace(Place):
    """A place among those that run, and what was taken of the limits."""

    def __init__(self, holding: Holding, send: Send) -> None:
        self._holding = holding
        self._send = send

    def send(self, call: Call, call_next: Next) -> Awaitable[Reply]:
        """Make the try; what comes of it settles what it holds."""
        return self._send(self._holding, call, call_next)

    def close(self) -> None:
        """Give everything back, unless the try was made."""
        if not self._holding.settled:
            self._holding.undo()


class LimitedRoom(Room):
    """Room within the limits of the call's model."""

    def __init__(self, first: Holding, send: Send, take: Callable[[], Awaitable[Holding | None]]) -> None:
        self.first = HeldPlace(first, send)
        self._send = send
        self._take = take

    async def another(self) -> Place | None:
        """See `Room.another`: None when it would have to wait."""
        holding = await self._take()
        return None if holding is None else HeldPlace(holding, self._send)
