"""From an async method to a blocking one: one line in `sync.py` each, exact signature included."""

from __future__ import annotations

import functools
import warnings
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar

from grokkit._portal import portal
from grokkit._pump import Pump, Source
from grokkit.wire.events import StreamEvent, TextDelta

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from grokkit.errors import CallRef
    from grokkit.resources.stream import AsyncStream
    from grokkit.wire.answer import Answer

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E")
A = TypeVar("A")


class Pumpable(Source[E], Protocol[E]):
    """What a pump reads, and what says how it is to be opened."""

    def not_open(self) -> Exception: ...
    def opened_before(self) -> Exception: ...


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


class Pumped(Generic[E]):
    """Something that a task of the background loop reads, and that threads iterate: open it with `with`.

    Leaving the block early closes it. Threads that read one share its events out among them.
    """

    _pump: Pump[E] | None = None
    _what: ClassVar = "stream"

    def __init__(self, twin: Pumpable[E]) -> None:
        self._twin = twin
        self._events: deque[E] = deque()

    def __enter__(self) -> Self:
        if self._pump is not None:
            raise self._twin.opened_before()
        pump = Pump[E](self._twin)
        pump.open()
        self._pump, self._events = pump, pump.events
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> E:
        try:
            return self._events.popleft()
        except IndexError:
            pass
        if self._pump is None:
            raise self._twin.not_open()
        return self._pump.next()

    def __del__(self) -> None:
        if self._pump is not None and self._pump.drop():
            warnings.warn(f"a {self._what} was left open: {self!r}", ResourceWarning, source=self, stacklevel=2)

    def close(self) -> None:
        """Close it, and what it holds. Safe to call twice."""
        if self._pump is not None:
            self._pump.close()


class Stream(Pumped[StreamEvent]):
    """A streamed answer. Open it with `with`; leaving the block early closes the connection.

    Iterate it for typed events, or `text()` for the text alone; `result` is the whole answer afterwards,
    the same that a plain call would have given. Threads that read one stream share its events out among them.
    """

    _twin: AsyncStream

    def __init__(self, twin: AsyncStream) -> None:
        super().__init__(twin)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.call}>"

    def text(self) -> Iterator[str]:
        """The text alone, piece by piece; with `n` answers, that of the first."""
        for event in self:
            if type(event) is TextDelta and event.choice == 0:
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
        return self._twin.partial if self._pump is None else self._pump.ask(lambda: self._twin.partial)

    @property
    def complete(self) -> bool:
        """Whether the whole answer is here."""
        return self._twin.complete

    @property
    def call(self) -> CallRef:
        """Which call this is the stream of."""
        return self._twin.call

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
