"""The last step of the pipeline: one call to the transport, and a reply that is good, or one classified error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.clock import Within
from grokkit.errors import FirstEventTimedOut, GrokError, ReplyUnreadable, WireTimedOut
from grokkit.wire.error_body import classify

if TYPE_CHECKING:
    from grokkit.call import ByteStream, Call, Reply
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
        reply = await self._head(call)
        if reply.status < _REDIRECTS_FROM and call.stream and _is_event_stream(reply):
            return reply
        if reply.status < _REDIRECTS_FROM:
            await self._body(call, reply, call.max_body_size)
            return reply
        raise await self._error(call, reply)

    async def _head(self, call: Call) -> Reply:
        limit = call.limits.first_event
        if limit is None:
            return await self._transport.send(call)
        async with Within(self._clock, self._clock.now() + limit, lambda: _no_answer(limit)):
            return await self._transport.send(call)

    async def _body(self, call: Call, reply: Reply, limit: int) -> None:
        silence = call.limits.wire
        if reply.stream is not None and silence is not None:
            reply.stream = _Watched(reply.stream, silence, self._clock)
        await reply.read(limit)

    async def _error(self, call: Call, reply: Reply) -> GrokError:
        try:
            await self._body(call, reply, _MOST_ERROR_BODY)
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


class _Watched:
    """A byte stream whose silence has a limit."""

    def __init__(self, stream: ByteStream, silence: float, clock: Clock) -> None:
        self._stream = stream
        self._chunks = stream.__aiter__()
        self._silence = silence
        self._clock = clock

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> bytes:
        async with Within(self._clock, self._clock.now() + self._silence, lambda: wire_timed_out(self._silence)):
            return await self._chunks.__anext__()

    async def aclose(self) -> None:
        await self._stream.aclose()


def wire_timed_out(silence: float) -> WireTimedOut:
    """The error for a connection on which nothing moved, not even a keep-alive."""
    return WireTimedOut(
        f"the connection was silent for {silence:g} s: not a byte came",
        hint="the connection is most likely dead: try again; raise Timeouts(wire=...) for servers known to be silent",
    )


def _no_answer(limit: float) -> FirstEventTimedOut:
    return FirstEventTimedOut(
        f"no answer began within {limit:g} s",
        hint="reasoning models may think for minutes: raise Timeouts(first_event=...), or stream the call",
    )


def _is_event_stream(reply: Reply) -> bool:
    return "text/event-stream" in reply.headers.get("content-type", "").lower()
