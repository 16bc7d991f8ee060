"""Deadline: one limit for the whole call, from its start to its last byte, over whatever the inner layers do."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING

from msgspec.structs import replace

from grokkit.clock import Within
from grokkit.errors import WouldExceedDeadline
from grokkit.transport.stream_clocks import deadline_exceeded

if TYPE_CHECKING:
    from grokkit.call import Call, Next, Reply
    from grokkit.clock import Clock
    from grokkit.layers.figures import Figures


class Deadline:
    """Turns `limits.total` into a moment, and ends what passes it. A stream keeps the moment for its own reading.

    A call that has less time than nine in ten of such calls took lately is refused at once: nothing is sent.
    """

    def __init__(self, clock: Clock, figures: Figures) -> None:
        self._clock = clock
        self._figures = figures

    def __repr__(self) -> str:
        return "deadline"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """Set the call's deadline, or keep an earlier one that it has."""
        total = call.limits.total
        if total is None and call.deadline is None:
            return await call_next(call)
        now = self._clock.now()
        deadline = inf if total is None else now + total
        if call.deadline is not None and call.deadline < deadline:
            deadline = call.deadline
        if deadline - now < self._figures.longest:
            self._refuse_hopeless(call, deadline - now)
        with Within(self._clock, deadline, partial(deadline_exceeded, total)):
            reply = await call_next(replace(call, deadline=deadline))
        reply.context["deadline"] = deadline
        return reply

    def _refuse_hopeless(self, call: Call, left: float) -> None:
        least = self._figures.least(call)
        if least is not None and left < least:
            raise WouldExceedDeadline(
                f"nine in ten such calls took more than {least:.3g} s lately, and this one has {max(left, 0):.3g} s",
                call=call.ref,
                client_request_id=call.id,
            )
