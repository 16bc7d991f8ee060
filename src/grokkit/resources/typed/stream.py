"""A typed answer while it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from grokkit.resources.told import Told
from grokkit.resources.typed.reading import Reading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from grokkit.errors import CallRef
    from grokkit.resources.stream import AsyncStream
    from grokkit.resources.typed.partial import Partial
    from grokkit.resources.typed.tries import Parsed, Tries, Turns

T = TypeVar("T")
Item = TypeVar("Item")


class AsyncTypedStream(Told[T]):
    """A typed answer while it arrives. Open it with `async with`; leaving the block early closes the connection.

    Iterate it for `Partial` values, each of which knows more than the one before, or `items()` for the items of a
    list, each as soon as it is whole and checked. `result` is what `parse` would have given. When an answer turns out
    not to fit, the model is asked again within the same stream, and partial values begin anew; `repairs` counts.
    """

    def __init__(self, tries: Tries[T], begin: Callable[[Turns], AsyncStream]) -> None:
        self._reading = Reading(tries)
        self._begin = begin
        self._stream = begin(tries.turns)

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Partial[T]:
        while not self._reading.complete:
            async for event in self._stream:
                partial = self._reading.take(event)
                if partial is not None:
                    return partial
            if not self._reading.end(self._stream.result, self._stream.call):
                await self._again()
        raise StopAsyncIteration

    @overload
    def items(self: AsyncTypedStream[list[Item]]) -> AsyncIterator[Item]: ...
    @overload
    def items(self, field: str | None = None) -> AsyncIterator[Any]: ...
    async def items(self, field: str | None = None) -> AsyncIterator[Any]:
        """The items of the list, or of the list in this field, each as soon as it is whole and checked.

        Without a field it is the value itself, else its only list. What is said of the list as a whole (how long it
        may be) is known at its end only. Raises `Misused` where there is no such list, and `AnswerUnfit` when a
        repaired answer has others in place of items that were handed out already.
        """
        listed = self._reading.tries.form.list_field(field)
        given: list[Any] = []
        async for _ in self:
            for item in self._reading.items(listed, given):
                given.append(item)
                yield item

    async def done(self) -> Parsed[T]:
        """Read what is left and give the typed answer. Raises `AnswerUnfit` as `parse` does."""
        async for _ in self:
            pass
        return self.result

    @property
    def call(self) -> CallRef:
        """Which call this is the stream of."""
        return self._stream.call

    async def aclose(self) -> None:
        """Close the connection, or give it back when the answer is complete. Safe to call twice."""
        await self._stream.aclose()

    async def _again(self) -> None:
        await self._stream.aclose()
        self._stream = self._begin(self._reading.tries.turns)
        await self._stream.__aenter__()
