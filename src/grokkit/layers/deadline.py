"""Deadline: one limit for the whole call, from its start to its last byte, over whatever the inner layers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.clock import Within
from grokkit.transport.stream_clocks import deadline_exceeded

if TYPE_CHECKING:
    from grokkit.call import Call, Next, Reply
    from grokkit.clock import Clock


class Deadline:
    """Turns `limits.total` into a moment, and ends what passes it. A stream keeps the moment for its own reading."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __repr__(self) -> str:
        return "deadline"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """Set the call's deadline, or keep an earlier one that it has."""
        total = call.limits.total
        if total is None and call.deadline is None:
            return await call_next(call)
        deadline = _earlier(call.deadline, None if total is None else self._clock.now() + total)
        async with Within(self._clock, deadline, lambda: deadline_exceeded(total)):
            reply = await call_next(call.replace(deadline=deadline))
        reply.context["deadline"] = deadline
        return reply


def _earlier(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else min(one, other)
