"""Calls that need not wait for the end of a pause, since another is asked when their model cannot serve.

The layer `fallback` leaves a note in the context of each call behind which somebody else is left to ask. It says which
refusals are a reason to do so. What the server refused a moment ago for such a reason is refused here: nothing is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from grokkit.errors import NoCapacity, RateLimited

if TYPE_CHECKING:
    from grokkit.call import Call
    from grokkit.errors import GrokError

PASSES_ON = "passes_on"
"""The name in a call's context of the conditions of `Fallback` under which another is asked after it."""


class Pause(NamedTuple):
    """No call of a model goes out before a moment."""

    until: float = 0.0
    for_capacity: bool = False
    """Whether the model is overloaded; else calls came too fast."""


def refuse_to_wait(call: Call, pause: Pause, now: float) -> None:
    """Raise what the server said, for a call that would wait for the end of the pause, and for which another is asked.

    It counts as no attempt.
    """
    if now >= pause.until or PASSES_ON not in call.context:
        return
    if ("capacity" if pause.for_capacity else "rate_limit") in call.context[PASSES_ON]:
        error = _refusal(call, pause, now)
        error.attempts = 0
        raise error


def _refusal(call: Call, pause: Pause, now: float) -> GrokError:
    kind, why = (
        (NoCapacity, "had no capacity") if pause.for_capacity else (RateLimited, "refused calls that came too fast")
    )
    seconds = pause.until - now
    return kind(
        f"{call.model} {why} a moment ago, and is not asked for another {seconds:.3g} s: nothing was sent",
        call=call.ref,
        client_request_id=call.id,
        retry_after=seconds,
    )
