"""The last step of the pipeline: one call to the transport, and a reply that is good, or one classified error.

A stream is handed on when its first output is here. Whatever goes wrong before that is raised, so that the layers
above may try again: nobody has seen anything of it.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from grokkit.clock import Within
from grokkit.errors import FirstEventTimedOut, GrokError, ReplyUnreadable
from grokkit.owner import refused
from grokkit.transport.stream_clocks import StreamClocks, wire_timed_out
from grokkit.wire.error_body import classify
from grokkit.wire.first_output import FirstOutput, reported_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from grokkit.call import ByteStream, Call, Ending, Reply
    from grokkit.clock import Clock
    from grokkit.transport import Transport

    Answered = Callable[[Call, float, float | None], object]

REMAINING = "x-grokkit-remaining-ms"
"""The header that tells a server how long the caller will wait for all of the answer, in milliseconds."""

_MOST_ERROR_BODY = 256 * 1024
_ERRORS_FROM = 400
_REDIRECTS_FROM = 300


class Exchange:
    """Sends, waits for the reply, and reads the body of all but good streams; of those, the start."""

    def __init__(self, transport: Transport, clock: Clock, answered: Answered) -> None:
        """`answered` is told of each attempt that was: the call, seconds to its first output, seconds to its last.

        The last is None for a stream, which is read as fast as its reader likes.
        """
        self._transport = transport
        self._clock = clock
        self._answered = answered

    def __repr__(self) -> str:
        return f"transport({type(self._transport).__name__})"

    async def __call__(self, call: Call) -> Reply:
        """The reply, with its body read, or streaming when the call asks for a stream and gets one."""
        if call.owner.closed:
            raise refused(call)
        opened, span = self._clock.now(), call.span
        reply: Reply | None = None
        if span is not None:
            span.tries += 1
            span.on_wire += 1
        try:
            with self._patience(call, opened) as limit:
                reply = await self._transport.send(self._with_remaining_time(call))
                if span is not None:
                    span.replied(reply.status, reply.request_id)
                if reply.body is None:
                    await self._read(call, reply, limit, opened)
            if reply.body is not None:
                _refuse(call, reply)
            first = self._clock.now() - opened
            if call.gather is not None and reply.body is None:
                reply = await call.gather(call, reply)
        except GrokError as error:
            _note(call, reply, error)
            raise
        finally:
            if span is not None:
                span.on_wire -= 1
        if call.model is not None:
            whole = None if reply.body is None else self._clock.now() - opened
            reply.on_end(partial(self._ended, call, first, whole))
        return reply

    def _patience(self, call: Call, opened: float) -> Within:
        first, silence = call.limits.first_event, call.limits.wire
        soonest = math.inf if silence is None else opened + silence
        until = None if first is None else opened + first
        return Within(self._clock, until, partial(_no_answer, first), soonest=soonest)

    async def _read(self, call: Call, reply: Reply, limit: Within, opened: float) -> None:
        """Read the reply as far as nobody is to see anything of it yet: a good stream up to its first output."""
        good = reply.status < _REDIRECTS_FROM
        if good and call.stream and _is_event_stream(reply):
            await self._until_output(call, reply, limit, opened)
            return
        silence = call.limits.wire

        def heard() -> None:
            limit.move(None if silence is None else self._clock.now() + silence, lambda: wire_timed_out(silence))

        heard()
        try:
            await reply.read(call.max_body_size if good else _MOST_ERROR_BODY, heard)
        except GrokError:
            if good:
                raise
            reply.body = b""

    def _with_remaining_time(self, call: Call) -> Call:
        if call.deadline is None:
            return call
        remaining = max(0, round((call.deadline - self._clock.now()) * 1000))
        return replace(call, headers={**call.headers, REMAINING: str(remaining)})

    def _ended(self, call: Call, first: float, whole: float | None, ending: Ending) -> None:
        if ending.answer is not None and ending.complete:
            self._answered(call, first, whole)

    async def _until_output(self, call: Call, reply: Reply, limit: Within, opened: float) -> None:
        stream = reply.stream
        if stream is None:
            return
        start = FirstOutput(call.max_event_size)
        chunks = stream.__aiter__()
        clocks = StreamClocks(call.limits, None, opened=opened, heard=self._clock.now())
        try:
            await self._hold(start, chunks, clocks, limit)
        except BaseException:
            await reply.aclose()
            raise
        reply.stream = _Resumed(start.held, chunks, stream)

    async def _hold(
        self, start: FirstOutput, chunks: AsyncIterator[bytes], clocks: StreamClocks, limit: Within
    ) -> None:
        limit.move(*clocks.earliest())
        async for chunk in chunks:
            events = start.events
            if start.feed(chunk):
                return
            clocks.byte(now := self._clock.now())
            if start.events > events:
                clocks.event(now)
            limit.move(*clocks.earliest())
        raise start.ended()


class _Resumed:
    """A stream whose first chunks were read already."""

    def __init__(self, held: list[bytes], chunks: AsyncIterator[bytes], stream: ByteStream) -> None:
        self._held = held
        self._chunks = chunks
        self.aclose = stream.aclose
        held.reverse()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    def __anext__(self) -> Awaitable[bytes]:
        return self._next_held() if self._held else self._chunks.__anext__()

    async def _next_held(self) -> bytes:
        return self._held.pop()


def _note(call: Call, reply: Reply | None, error: GrokError) -> None:
    """Say of an error what is known of its try; what a closed client was refused is not tried again."""
    if reply is not None:
        error.request_id = error.request_id or reply.request_id
    if call.span is not None and not error.may_have_run:
        call.span.refusals += 1
    if call.owner.closed and error.retryable:
        error.retryable = False
        error.hint = "; ".join(filter(None, [error.hint, "not tried again: the client was closed"]))


def _refuse(call: Call, reply: Reply) -> None:
    """Raise what a whole reply says went wrong."""
    if reply.status >= _REDIRECTS_FROM:
        raise _error(reply)
    if call.model is None:
        return
    try:
        frame = reply.json()
    except ReplyUnreadable:
        return  # for whoever reads it to say
    if (error := reported_error(frame)) is not None:
        raise error


def _error(reply: Reply) -> GrokError:
    if reply.status >= _ERRORS_FROM:
        return classify(reply.status, reply.headers, reply.body or b"")
    return ReplyUnreadable(
        f"the server answered {reply.status}, a redirect to {reply.headers.get('location', 'nowhere')!r}",
        hint="redirects are not followed, so that the key stays where it belongs: set base_url to the last one",
        status=reply.status,
    )


def _no_answer(limit: float | None) -> FirstEventTimedOut:
    return FirstEventTimedOut(
        f"no answer began within {limit:g} s",
        hint="reasoning models may think for minutes: raise Timeouts(first_event=...), or stream the call",
    )


def _is_event_stream(reply: Reply) -> bool:
    return "text/event-stream" in reply.headers.get("content-type", "").lower()
