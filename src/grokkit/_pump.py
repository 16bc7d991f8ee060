"""From an async stream to threads that read it by blocking: one task reads, a bounded buffer lies between.

The buffer is a deque, of which both ends are safe to use from any thread; a reader that finds it empty leaves a
ticket, a held lock that the task releases. So there is nothing that an interrupt (Ctrl-C) could leave half done.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from grokkit._portal import Errand, portal
from grokkit.errors import StreamNotOpen

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
E = TypeVar("E")

_CREDIT = 512
"""How many events may wait for the reader before the task stops reading."""


class Source(Protocol[E]):
    """What is read: it is opened and closed by `async with`, and hands out its events in batches."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...
    async def batch(self) -> list[E]:
        """The events that are there, at least one; none at the end."""
        ...

    @property
    def complete(self) -> bool:
        """Whether all of it is here."""
        ...


class Pump(Generic[E]):
    """The task that opens, reads and closes a stream, from its first event to its close."""

    def __init__(self, stream: Source[E]) -> None:
        self.events: deque[E] = deque()
        self._stream = stream
        self._portal = portal()
        self._errand = Errand(self._portal, self._run)
        self._tickets: deque[threading.Lock] = deque()
        self._resume: asyncio.Event | None = None
        self._paused = False
        self._opened = False
        self._left = False
        self._ended = False
        self._error: Exception | None = None

    def open(self) -> None:
        """Wait until the stream is open. Raises what opening it raised."""
        self._portal.refuse_own_thread()
        try:
            self._errand.start()
            self._wait(lambda: self._opened or self._ended)
        except BaseException:
            self._errand.abandon()
            raise
        if not self._opened:
            self._errand.join()
            self._errand.result()

    def next(self) -> E:
        """The next event, once it is there. Raises what broke the stream; `StopIteration` at its end."""
        while True:
            ended = self._ended  # looked at first: what came before the end is in the buffer
            try:
                return self.events.popleft()
            except IndexError:
                pass
            if ended:
                raise self._error or StopIteration
            self._more()

    def ask(self, question: Callable[[], T]) -> T:
        """Something about the stream, answered between two steps of the task."""

        async def answer() -> T:
            return question()

        if self._errand.over or not self._portal.usable or self._portal.owns_this_thread():
            return question()
        return self._portal.run(answer)

    def close(self) -> None:
        """Close the stream and wait until that is done."""
        if self._errand.over or not self._portal.usable:
            return
        self._portal.refuse_own_thread()
        self._portal.loop.call_soon_threadsafe(self._leave)
        self._errand.settle()

    def drop(self) -> bool:
        """Have the stream closed by itself; whether there was anything to close. Waits for nothing."""
        if self._ended or self._errand.cancelled or not self._portal.usable:
            return False
        self._errand.cancel()
        return True

    def _more(self) -> None:
        if self._portal.lost:
            raise StreamNotOpen(
                "this stream was opened by the parent of this process, which still reads it",
                hint="open a new stream after a fork",
            )
        self._portal.refuse_own_thread()
        try:
            self._wait(lambda: bool(self.events) or self._ended)
        except BaseException:
            self._errand.abandon()
            raise

    def _wait(self, is_so: Callable[[], bool]) -> None:
        ticket = threading.Lock()
        ticket.acquire()
        self._tickets.append(ticket)
        if is_so():
            return
        if self._paused and self._resume is not None:
            self._portal.loop.call_soon_threadsafe(self._resume.set)
        ticket.acquire()

    def _wake(self) -> None:
        while self._tickets and not self._portal.stopping:
            self._tickets.popleft().release()

    async def _run(self) -> None:
        self._resume = asyncio.Event()
        try:
            async with self._stream:
                self._opened = True
                self._wake()
                await self._read()
                self._end()
        finally:
            self._end()

    async def _read(self) -> None:
        try:
            while not self._left and (events := await self._stream.batch()):
                self.events.extend(events)
                self._wake()
                if len(self.events) >= _CREDIT:
                    await self._credit()
        except Exception as error:  # noqa: BLE001 - handed to the reader, whatever it is
            self._error = error

    async def _credit(self) -> None:
        if self._resume is None:
            return
        self._paused = True
        while len(self.events) >= _CREDIT and not self._left:
            self._resume.clear()
            if len(self.events) >= _CREDIT and not self._left:
                await self._resume.wait()
        self._paused = False

    def _end(self) -> None:
        self._ended = True
        self._wake()

    def _leave(self) -> None:
        self._left = True
        if self._resume is not None:
            self._resume.set()
        if not self._ended and not self._stream.complete:
            self._errand.cancel()
