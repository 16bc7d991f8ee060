"""A transport without a network: a function answers the calls."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any

import msgspec
from multidict import CIMultiDict

from grokkit.call import Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

    from grokkit.call import Call


class Body:
    """A reply's body, in chunks of the test's choosing; `closed` tells whether it was closed."""

    def __init__(self, chunks: Iterable[bytes] | AsyncIterable[bytes]) -> None:
        self._chunks = chunks if isinstance(chunks, AsyncIterable) else _one_by_one(chunks)
        self.closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks.__aiter__()

    async def aclose(self) -> None:
        """Remember that the body was closed."""
        self.closed = True


async def _one_by_one(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


class MockTransport:
    """Answers each call with what `handler` makes of it, and remembers the calls.

    >>> import asyncio
    >>> from grokkit import AsyncGrok
    >>> mock = MockTransport(lambda call: json_reply({"id": "r", "output": [], "status": "completed"}))
    >>> grok = AsyncGrok(api_key="test", transport=mock, model="grok-4.3")
    >>> asyncio.run(grok.ask("Hi")).id, mock.calls[0].path
    ('r', '/responses')
    """

    def __init__(self, handler: Callable[[Call], Reply | Awaitable[Reply]]) -> None:
        self._handler = handler
        self.calls: list[Call] = []

    async def send(self, call: Call) -> Reply:
        """See `Transport.send`."""
        self.calls.append(call)
        reply = self._handler(call)
        return await reply if inspect.isawaitable(reply) else reply


def json_reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply whose body is this value as JSON."""
    every = CIMultiDict({"content-type": "application/json", **(headers or {})})
    return Reply(status, every, stream=Body([msgspec.json.encode(value)]))


def sse_reply(frames: Iterable[bytes | str], *, done: bool = True, headers: Mapping[str, str] | None = None) -> Reply:
    """A streamed reply: each frame is the data of one event; `done` adds the closing `[DONE]`."""
    datas = [frame.encode() if isinstance(frame, str) else frame for frame in frames]
    every = CIMultiDict({"content-type": "text/event-stream", **(headers or {})})
    chunks = [b"data: " + data + b"\n\n" for data in [*datas, *([b"[DONE]"] if done else [])]]
    return Reply(200, every, stream=Body(chunks))
