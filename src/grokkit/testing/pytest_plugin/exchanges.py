"""The exchanges of one test: each call with its reply as far as it was read, kept for the report of a failure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from grokkit.call import ByteStream, Call, Reply
    from grokkit.testing.simulator import Seen, Simulator

_MOST_CALLS = 20
_MOST_BYTES = 256 * 1024


class Exchange:
    """One call and what came back."""

    def __init__(self, number: int, call: Call) -> None:
        self.number = number
        self.call = call
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.request_id: str | None = None
        self.body = bytearray()
        self.size = 0
        """How many bytes were read: `body` is the beginning of them."""
        self.ended = False
        self.error: Exception | None = None

    def hear(self, chunk: bytes) -> None:
        """More of the reply was read."""
        self.size += len(chunk)
        self.body += chunk[: max(_MOST_BYTES - len(self.body), 0)]


class Exchanges:
    """The last exchanges of a test."""

    def __init__(self) -> None:
        self.kept: deque[Exchange] = deque(maxlen=_MOST_CALLS)
        self.count = 0
        self.simulator: Simulator | None = None

    async def watch(self, call: Call, send: Callable[[Call], Awaitable[Reply]]) -> Reply:
        """Send a call, and keep what comes back while it is read."""
        self.count += 1
        exchange = Exchange(self.count, call)
        self.kept.append(exchange)
        try:
            reply = await send(call)
        except Exception as error:
            exchange.error = error
            raise
        exchange.status, exchange.headers, exchange.request_id = reply.status, reply.headers, reply.request_id
        if reply.stream is not None:
            reply.stream = _Overheard(reply.stream, exchange)
        else:
            exchange.hear(reply.body or b"")
            exchange.ended = True
        return reply

    @property
    def title(self) -> str:
        """What the section of a report is called."""
        return f"grokkit: the last {_MOST_CALLS} of {self.count} calls" if self.count > _MOST_CALLS else "grokkit calls"

    @property
    def seen(self) -> dict[str, Seen]:
        """What the simulator saw, by request id."""
        return {seen.id: seen for seen in self.simulator.calls} if self.simulator is not None else {}

    def told(self) -> str:
        """The text of that section: nothing when nothing was called."""
        from grokkit.testing.pytest_plugin.telling import exchange_lines, seen_lines

        seen = self.seen
        lines: list[str] = []
        for exchange in self.kept:
            lines += exchange_lines(exchange, seen.pop(exchange.request_id or "", None))
        lines += [line for each in [*seen.values()][-_MOST_CALLS:] for line in seen_lines(each)]
        return "\n".join(lines)


class _Overheard:
    """The body of a reply, overheard while it is read."""

    def __init__(self, stream: ByteStream, exchange: Exchange) -> None:
        self._stream = stream
        self._chunks = stream.__aiter__()
        self._exchange = exchange

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._chunks.__anext__()
        except StopAsyncIteration:
            self._exchange.ended = True
            raise
        except Exception as error:
            self._exchange.error = error
            raise
        self._exchange.hear(chunk)
        return chunk

    async def aclose(self) -> None:
        """Close what is overheard."""
        await self._stream.aclose()
