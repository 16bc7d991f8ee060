"""The chunks of one stream, kept for readers that come later or read more slowly.

They are links of a chain, and each reader holds on to the one it has come to. So what all have read is forgotten by
itself, once the beginning is not kept for newcomers any more.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class _Link:
    __slots__ = ("after", "chunk")

    def __init__(self) -> None:
        self.chunk = b""
        self.after: _Link | None = None


class Chunks:
    """One writes, many read, all on one event loop."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes written so far."""
        self.ended = False
        self._last = _Link()
        self._first: _Link | None = self._last
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._wanted = asyncio.Event()

    def write(self, chunk: bytes) -> None:
        """One more."""
        self.size += len(chunk)
        link = self._last
        link.chunk, link.after = chunk, _Link()
        self._last = link.after
        self._wake()

    def end(self) -> None:
        """That was all."""
        self.ended = True
        self._wake()

    def forget_beginning(self) -> None:
        """Nobody comes any more: keep no more than what those who are here have still to read."""
        self._first = None

    def beginning(self) -> _Link:
        """Where a new reader starts."""
        return self._last if self._first is None else self._first

    async def until_wanted(self) -> None:
        """Wait until a reader has read all there is."""
        while not self._waiting:
            self._wanted.clear()
            await self._wanted.wait()

    async def more(self) -> None:
        """Wait for the next chunk, or the end."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = None
        self._wanted.set()
        try:
            await waiter
        finally:
            self._waiting.pop(waiter, None)

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()


class Reader:
    """A `ByteStream` from the first chunk on, whenever it was made."""

    def __init__(
        self, chunks: Chunks, *, broken: Callable[[], BaseException | None], left: Callable[[], Awaitable[None]]
    ) -> None:
        """`broken` gives the error at the end, where there is one; `left` is awaited once, when this is closed."""
        self._chunks = chunks
        self._link: _Link | None = chunks.beginning()
        self._broken = broken
        self._left = left

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while (link := self._link) is not None:
            if link.after is not None:
                self._link = link.after
                return link.chunk
            if self._chunks.ended:
                break
            await self._chunks.more()
        if self._link is not None and (error := self._broken()) is not None:
            raise error
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Leave. What others read goes on."""
        if self._link is not None:
            self._link = None
            await self._left()
