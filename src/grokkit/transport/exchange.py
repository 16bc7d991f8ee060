"""The last step of the pipeline: one call to the transport, and a reply that is good, or one classified error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from grokkit.clock import Within
from grokkit.errors import FirstEventTimedOut, GrokError, ReplyUnreadable, WireTimedOut
from grokkit.wire.error_body import classify

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.call import Call, Reply
    from grokkit.clock import Clock
    from grokkit.transport import Transport

_MOST_ERROR_BODY = 256 * 1024
_ERRORS_FROM = 400
_REDIRECTS_FROM = 300


class Exchange:
    """Sends, waits for the head of the reply, and reads the body of all but good streams."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock

    def __repr__(self) -> str:
        return f"transport({type(self._transport).__name__})"

    async def __call__(self, call: Call) -> Reply:
        """The reply, with its body read, or streaming when the call asks for a stream and gets one."""
        first, silence = call.limits.first_event, call.limits.wire
        reply: Reply | None = None
        try:
            soonest = math.inf if silence is None else self._clock.now() + silence
            async with Within(self._clock, self._after(first), lambda: _no_answer(first), soonest=soonest) as limit:
                reply = await self._transport.send(call)
                is_good = reply.status < _REDIRECTS_FROM
                if is_good and call.stream and _is_event_stream(reply):
                    return reply

                def heard() -> None:
                    limit.move(self._after(silence), lambda: wire_timed_out(silence))

                heard()
                if is_good:
                    await reply.read(call.max_body_size, heard)
                    return reply
                raise await _error(reply, heard)
        except GrokError as error:
            if reply is not None:
                error.request_id = error.request_id or reply.request_id
            raise

    def _after(self, seconds: float | None) -> float | None:
        return None if seconds is None else self._clock.now() + seconds


async def _error(reply: Reply, heard: Callable[[], object]) -> GrokError:
    try:
        await reply.read(_MOST_ERROR_BODY, heard)
    except GrokError:
        reply.body = b""
    error = classify(reply.status, reply.headers, reply.body or b"")
    if reply.status < _ERRORS_FROM:
        return ReplyUnreadable(
            f"the server answered {reply.status}, a redirect to {reply.headers.get('location', 'nowhere')!r}",
            hint="redirects are not followed, so that the key stays where it belongs: set base_url to the last one",
            status=reply.status,
        )
    return error


def wire_timed_out(silence: float | None) -> WireTimedOut:
    """The error for a connection on which nothing moved, not even a keep-alive."""
    return WireTimedOut(
        f"the connection was silent for {silence:g} s: not a byte came",
        hint="the connection is most likely dead: try again; raise Timeouts(wire=...) for servers known to be silent",
    )


def _no_answer(limit: float | None) -> FirstEventTimedOut:
    return FirstEventTimedOut(
        f"no answer began within {limit:g} s",
        hint="reasoning models may think for minutes: raise Timeouts(first_event=...), or stream the call",
    )


def _is_event_stream(reply: Reply) -> bool:
    return "text/event-stream" in reply.headers.get("content-type", "").lower()
