"""An answer while it arrives: bytes to frames to events, under two clocks, and the whole answer at the end.

The wire clock is reset by any byte; the progress clock only by a frame that says something. A break before the
first output raises what broke; after it, `StreamInterrupted` with what had arrived.
"""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any, Self

import msgspec

from grokkit.call import Ending
from grokkit.clock import Within
from grokkit.errors import (
    ConnectionLost,
    GrokError,
    Misused,
    StreamInterrupted,
    StreamNotOpen,
)
from grokkit.resources.channel import warn_of_another_model
from grokkit.transport.stream_clocks import StreamClocks
from grokkit.wire.events import ReasoningDelta, StreamEvent, TextDelta, ToolCallDelta, ToolCallDone
from grokkit.wire.sse import SSEDecoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from grokkit.call import Call, Reply
    from grokkit.errors import CallRef
    from grokkit.resources.channel import Channel
    from grokkit.telemetry.span import Span
    from grokkit.wire.accumulate import Accumulator
    from grokkit.wire.answer import Answer, Origin

_encode = msgspec.json.Encoder().encode
_OUTPUT = (TextDelta, ReasoningDelta, ToolCallDelta, ToolCallDone)
_DRAIN = 0.1


class AsyncStream:
    """A streamed answer. Open it with `async with`; leaving the block early closes the connection.

    Iterate it for typed events, or `text()` for the text alone; `result` is the whole answer afterwards,
    the same that a plain call would have given.
    """

    def __init__(
        self,
        channel: Channel,
        call: Call,
        accumulator: Accumulator,
        read: Callable[[dict[str, Any], Origin], Answer],
    ) -> None:
        self._channel = channel
        self._call = call
        self._accumulator = accumulator
        self._read_answer = read
        self._clock = channel.clock
        self._decoder = SSEDecoder(channel.config.max_event_size)
        self._ready: deque[StreamEvent] = deque()
        self._reply: Reply | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._error: GrokError | None = None
        self._result: Answer | None = None
        self._over = False
        self._has_output = False
        self._clocks = StreamClocks(call.limits, None, opened=0.0, heard=0.0)

    async def __aenter__(self) -> Self:
        if self._reply is not None:
            raise self.opened_before()
        reply = await self._channel.send(self._call)
        self._begin(reply, reply.context.get("deadline"))
        return self

    async def gather(self, reply: Reply) -> Reply:
        """The same reply with a body in place of its stream, as a plain call would have had. Raises what broke it."""
        try:
            self._begin(reply, self._call.deadline)
            await self.done()
            reply.body = _encode(self._accumulator.raw())
        finally:
            await self._close(reply)
        reply.stream = None
        return reply

    def _begin(self, reply: Reply, deadline: float | None) -> None:
        self._reply = reply
        now = self._clock.now()
        self._clocks = StreamClocks(self._call.limits, deadline, opened=now, heard=now)
        if reply.stream is None:
            self._take_body(reply.body or b"")
        else:
            self._chunks = reply.stream.__aiter__()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.call}>"

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        while not self._ready:
            if self._over:
                self._raise_error()
                raise StopAsyncIteration
            await self._read()
        return self._ready.popleft()

    async def text(self) -> AsyncIterator[str]:
        """The text alone, piece by piece; with `n` answers, that of the first."""
        async for event in self:
            if type(event) is TextDelta and event.choice == 0:
                yield event.text

    async def done(self) -> Answer:
        """Read what is left and give the whole answer."""
        while not self._over:
            self._ready.clear()
            await self._read()
        self._ready.clear()
        self._raise_error()
        return self.result

    @property
    def result(self) -> Answer:
        """The whole answer. Raises `Misused` while the stream is not at its end; `partial` is there at any time."""
        if self._result is None:
            raise Misused(
                "the stream is not at its end, so there is no result yet",
                hint="read it to its end, or call done(); partial is what has arrived so far",
                call=self._call.ref,
            )
        return self._result

    @property
    def partial(self) -> Answer:
        """The answer as far as it has arrived."""
        return self._result or self._answer_so_far()

    @property
    def complete(self) -> bool:
        """Whether the whole answer is here."""
        return self._result is not None

    @property
    def call(self) -> CallRef:
        """Which call this is the stream of."""
        return self._call.ref

    @property
    def request_id(self) -> str | None:
        """The server's name for the request, known once the stream is open."""
        return self._reply.request_id if self._reply else None

    @property
    def client_request_id(self) -> str:
        """Our name for the call."""
        return self._call.id

    @property
    def time_to_output(self) -> float | None:
        """Seconds from the start of the call to the first output."""
        return self._span.time_to_output if self._span else None

    @property
    def _span(self) -> Span | None:
        return (self._reply.span if self._reply else None) or self._call.span

    async def batch(self) -> list[StreamEvent]:
        """The events that are there, at least one; none at the end. For readers that pay for each hand-over."""
        while not self._ready and not self._over:
            await self._read()
        if not self._ready:
            self._raise_error()
        events = list(self._ready)
        self._ready.clear()
        return events

    def replay(self, reply: Reply) -> Answer:
        """The answer in a reply that was read to its end before it showed itself as a stream."""
        self._reply = reply
        self._take_body(reply.body or b"")
        self._raise_error()
        return self.result

    async def aclose(self) -> None:
        """Close the connection, or give it back when the answer is complete. Safe to call twice."""
        reply = self._reply
        if reply is None:
            return
        try:
            await self._close(reply)
        finally:
            reply.end(Ending(self.partial, complete=self._result is not None))
        await reply.settled()

    async def _close(self, reply: Reply) -> None:
        try:
            if self._result is not None:
                await self._drain()
        finally:
            self._over = True
            self._chunks = None
            await reply.aclose()

    def not_open(self) -> StreamNotOpen:
        """The error for reading a stream outside of its block."""
        return StreamNotOpen(
            "this stream is not open",
            hint="use `async with grok.stream(...) as stream:` (or `with` on the blocking face)",
            call=self._call.ref,
        )

    def opened_before(self) -> Misused:
        """The error for opening a stream a second time."""
        return Misused("this stream was opened before", hint="make a new one for each reading", call=self._call.ref)

    async def _read(self) -> None:
        if self._chunks is None:
            raise self.not_open()
        try:
            chunk = await self._next_chunk(self._chunks)
        except StopAsyncIteration:
            self._end()
        except GrokError as error:
            self._complete() if self._accumulator.finished else self._break(error)
        else:
            self._take(chunk)

    async def _next_chunk(self, chunks: AsyncIterator[bytes]) -> bytes:
        with Within(self._clock, *self._clocks.earliest()):
            return await chunks.__anext__()

    def _take(self, chunk: bytes) -> None:
        now = self._clock.now()
        self._clocks.byte(now)
        before = len(self._ready)
        push = self._accumulator.push
        try:
            for event in self._decoder.feed(chunk):
                if event.data == b"[DONE]":
                    self._end(said_done=True)
                    break
                if event.event != "ping":
                    self._ready.extend(push(event.data))
        except GrokError as error:
            self._progress(before, now)
            self._break(error)
            return
        self._progress(before, now)
        if self._accumulator.finished:
            self._clocks.finished()
            if self._accumulator.ends_itself:
                self._complete()

    def _progress(self, before: int, now: float) -> None:
        if len(self._ready) == before:
            return
        self._clocks.event(now)
        if not self._has_output and any(isinstance(event, _OUTPUT) for event in self._ready):
            self._has_output = True
            if (span := self._span) is not None:
                span.output_started()

    def _take_body(self, body: bytes) -> None:
        """The reply came in one piece: the whole answer, or all the frames of a server that calls them another type."""
        if has_events(body):
            self._take(body)
            self._end()
        else:
            self._take_whole(body)

    def _take_whole(self, body: bytes) -> None:
        try:
            self._ready.extend(self._accumulator.push_whole(body))
        except GrokError as error:
            self._break(error)
            return
        self._progress(0, self._clock.now())
        self._end(said_done=True)

    def _end(self, *, said_done: bool = False) -> None:
        if self._over:
            return
        if self._accumulator.finished or (said_done and self._accumulator.begun):
            self._ready.extend(self._accumulator.end())
            self._complete()
            return
        try:
            self._decoder.close()
        except GrokError as error:
            self._break(error)
            return
        cut = " in the middle of an event" if self._decoder.pending else ""
        self._break(
            ConnectionLost(
                f"the stream ended{cut} before the answer was complete",
                hint="the answer may have been billed; `partial` holds what had arrived",
            )
        )

    def _complete(self) -> None:
        if self._over:
            return
        self._over = True
        try:
            self._result = self._answer_so_far()
        except GrokError as error:
            self._over = False
            self._break(error)
            return
        warn_of_another_model(self._call, self._result)

    def _break(self, error: GrokError) -> None:
        self._over = True
        error.request_id = error.request_id or self.request_id
        self._error = error
        if self._has_output:
            partial = self._answer_so_far()
            self._error = StreamInterrupted(
                f"the stream broke off after {len(partial.text)} characters of text: {error.message}",
                hint="the text so far is in the error's `partial`; it is not restarted, so that nothing is said twice",
                partial=partial,
                status=error.status,
                code=error.code,
                request_id=error.request_id,
                retryable=error.retryable,
                retry_after=error.retry_after,
            )
            self._error.__cause__ = error
        if self._reply is not None:
            self._reply.end(Ending(error=self._error))

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _answer_so_far(self) -> Answer:
        reply = self._reply
        if reply is None:
            raise self.not_open()
        return self._read_answer(self._accumulator.raw(), self._channel.origin(self._call, reply))

    async def _drain(self) -> None:
        """Read the little that follows a complete answer, so that the connection can be used again."""
        if self._chunks is None:
            return
        with contextlib.suppress(GrokError), Within(self._clock, self._clock.now() + _DRAIN, self.not_open):
            async for _ in self._chunks:
                pass


def has_events(body: bytes) -> bool:
    """Whether these bytes are server-sent events, and no JSON.

    >>> has_events(b'data: {}'), has_events(b'{"data": 1}')
    (True, False)
    """
    return body.lstrip().startswith((b"data:", b"event:"))
