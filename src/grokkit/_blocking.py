"""From an async method to a blocking one: one line in `sync.py` each, exact signature included."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, Self, TypeVar

from grokkit._portal import portal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from grokkit.resources.stream import AsyncStream
    from grokkit.wire.answer import Answer
    from grokkit.wire.events import StreamEvent

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")

_CREDIT = 512


class Face(Protocol):
    """A blocking object: it holds the async one that does the work."""

    twin: Any


def blocking(
    method: Callable[Concatenate[A, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Face, P], T]:
    """The method, waiting for its result."""

    @functools.wraps(method)
    def call(face: Face, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return portal().run(lambda: method(face.twin, *args, **kwargs))

    return call


def streaming(method: Callable[Concatenate[A, P], AsyncStream]) -> Callable[Concatenate[Face, P], Stream]:
    """The method, with a stream that is read by blocking."""

    @functools.wraps(method)
    def call(face: Face, /, *args: P.args, **kwargs: P.kwargs) -> Stream:
        return Stream(method(face.twin, *args, **kwargs))

    return call


class Stream:
    """A streamed answer. Open it with `with`; leaving the block early closes the connection.

    Iterate it for typed events, or `text()` for the text alone; `result` is the whole answer afterwards,
    the same that a plain call would have given.
    """

    def __init__(self, twin: AsyncStream) -> None:
        self._twin = twin
        self._pump: _Pump | None = None
        self._events: deque[StreamEvent] = deque()

    def __enter__(self) -> Self:
        self._pump = _Pump(self._twin)
        self._pump.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StreamEvent:
        if not self._events:
            self._events = self._opened().take()
            if not self._events:
                raise StopIteration
        return self._events.popleft()

    def text(self) -> Iterator[str]:
        """The text alone, piece by piece."""
        from grokkit.wire.events import TextDelta

        for event in self:
            if type(event) is TextDelta:
                yield event.text

    def done(self) -> Answer:
        """Read what is left and give the whole answer."""
        for _ in self:
            pass
        return self.result

    @property
    def result(self) -> Answer:
        """The whole answer. Raises `Misused` while the stream is not at its end; `partial` is there at any time."""
        return self._twin.result

    @property
    def partial(self) -> Answer:
        """The answer as far as it has arrived."""
        return self._twin.partial

    @property
    def request_id(self) -> str | None:
        """The server's name for the request, known once the stream is open."""
        return self._twin.request_id

    @property
    def client_request_id(self) -> str:
        """Our name for the call."""
        return self._twin.client_request_id

    @property
    def time_to_output(self) -> float | None:
        """Seconds from the start of the call to the first output."""
        return self._twin.time_to_output

    def close(self) -> None:
        """Close the connection, or give it back when the answer is complete. Safe to call twice."""
        if self._pump is not None:
            self._pump.close()

    def _opened(self) -> _Pump:
        if self._pump is None:
            raise self._twin.not_open()
        return self._pump


class _Pump:
    """One task that opens, reads and closes an async stream, and the bounded buffer between it and the reader.

    The task reads no further than `_CREDIT` events ahead of the reader.
    """

    def __init__(self, stream: AsyncStream) -> None:
        self._stream = stream
        self._changed = threading.Condition(threading.Lock())
        self._buffer: deque[StreamEvent] = deque()
        self._open = False
        self._over = False
        self._error: BaseException | None = None
        self._portal = portal()
        self._wanted: asyncio.Event | None = None
        self._errand = self._portal.begin(self._run)

    def open(self) -> None:
        """Wait until the stream is open. Raises what opening it raised."""
        self._wait(lambda: self._open or self._over)
        if self._over and not self._open:
            self._errand.wait()
            self._raise_error()

    def take(self) -> deque[StreamEvent]:
        """What has arrived, at least one event; nothing at the end. Raises what broke the stream."""
        self._portal.refuse_own_thread()
        self._wait(lambda: bool(self._buffer) or self._over)
        with self._changed:
            taken, self._buffer = self._buffer, deque()
        if not taken:
            self._raise_error()
        elif len(taken) >= _CREDIT and self._wanted is not None:
            self._portal.loop.call_soon_threadsafe(self._wanted.set)
        return taken

    def close(self) -> None:
        """Close the stream and wait until that is done."""
        if not self._over:
            self._errand.cancel()
        self._errand.settle()

    def _wait(self, is_so: Callable[[], bool]) -> None:
        try:
            with self._changed:
                self._changed.wait_for(is_so)
        except BaseException:
            self._errand.cancel()
            self._errand.settle()
            raise

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    async def _run(self) -> None:
        self._wanted = asyncio.Event()
        try:
            async with self._stream as stream:
                self._tell(opened=True)
                while events := await stream.batch():
                    self._tell(events)
                    await self._credit()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - handed to the reader, whatever it is
            self._error = error
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _tell(self, events: list[StreamEvent] | None = None, *, opened: bool = False) -> None:
        with self._changed:
            self._open = self._open or opened
            self._buffer.extend(events or ())
            self._changed.notify_all()

    async def _credit(self) -> None:
        wanted = self._wanted
        while wanted is not None and len(self._buffer) >= _CREDIT:
            wanted.clear()
            if len(self._buffer) >= _CREDIT:
                await wanted.wait()
