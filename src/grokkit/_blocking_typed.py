"""The typed stream that is read by blocking."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar, overload

from grokkit._blocking import Face, Stream
from grokkit.resources.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grokkit.errors import CallRef
    from grokkit.resources.typed import AsyncTypedStream, Parsed, Partial

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A")
Item = TypeVar("Item")


def typed_streaming(
    method: Callable[Concatenate[A, P], AsyncTypedStream[T]],
) -> Callable[Concatenate[Face, P], TypedStream[T]]:
    """The method, with a stream that is read by blocking."""

    @functools.wraps(method)
    def call(face: Face, /, *args: P.args, **kwargs: P.kwargs) -> TypedStream[T]:
        return TypedStream(method(face.twin, *args, **kwargs))

    return call


class TypedStream(Told[T]):
    """A typed answer while it arrives. Open it with `with`; leaving the block early closes the connection.

    Iterate it for `Partial` values, each of which knows more than the one before, or `items()` for the items of a
    list, each as soon as it is whole and checked. `result` is what `parse` would have given. When an answer turns out
    not to fit, the model is asked again within the same stream, and partial values begin anew; `repairs` counts.
    """

    def __init__(self, twin: AsyncTypedStream[T]) -> None:
        self._reading = twin._reading  # noqa: SLF001 - two faces of one stream
        self._begin = twin._begin  # noqa: SLF001
        self._stream = Stream(twin._stream)  # noqa: SLF001

    def __enter__(self) -> Self:
        self._stream.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Partial[T]:
        while not self._reading.complete:
            for event in self._stream:
                partial = self._reading.take(event)
                if partial is not None:
                    return partial
            if not self._reading.end(self._stream.result, self.call):
                self._again()
        raise StopIteration

    @overload
    def items(self: TypedStream[list[Item]]) -> Iterator[Item]: ...
    @overload
    def items(self, field: str | None = None) -> Iterator[Any]: ...
    def items(self, field: str | None = None) -> Iterator[Any]:
        """The items of the list, or of the list in this field, each as soon as it is whole: see `AsyncTypedStream`."""
        listed = self._reading.tries.form.list_field(field)
        given: list[Any] = []
        for _ in self:
            for item in self._reading.items(listed, given):
                given.append(item)
                yield item

    def done(self) -> Parsed[T]:
        """Read what is left and give the typed answer. Raises `AnswerUnfit` as `parse` does."""
        for _ in self:
            pass
        return self.result

    @property
    def call(self) -> CallRef:
        """Which call this is the stream of."""
        return self._stream.call

    def close(self) -> None:
        """Close the connection, or give it back when the answer is complete. Safe to call twice."""
        self._stream.close()

    def _again(self) -> None:
        self._stream.close()
        self._stream = Stream(self._begin(self._reading.tries.turns))
        self._stream.__enter__()
