"""A streamed turn: it is made once the history is here, and kept when it ends, whole or cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from grokkit.resources.stream import AsyncStream
from grokkit.sessions.record import TurnNotSaved

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grokkit.errors import GrokError
    from grokkit.wire.answer import Answer

    Begin = Callable[[], Awaitable[AsyncStream]]
    Keep = Callable[[Answer, GrokError | None], Awaitable[None]]


class SessionStream(AsyncStream):
    """The answer of a session's turn while it arrives: an `AsyncStream` like any other.

    The turn is kept as soon as the answer is complete. When the stream breaks, or is left before its end, what had
    arrived is kept, marked as partial; when nothing had, nothing is.
    """

    def __init__(self, unsent: AsyncStream, begin: Begin, keep: Keep) -> None:
        self._become(unsent)
        self._begin_turn = begin
        self._keep = keep
        self._kept = False
        self.unsaved: TurnNotSaved | None = None
        """Why the turn is not in the store, where the answer is here and it is not."""
        self._told = False
        self._entered = False

    async def __aenter__(self) -> Self:
        if self._entered:
            raise self.opened_before()
        self._entered = True
        self._become(await self._begin_turn())
        return self

    def _become(self, stream: AsyncStream) -> None:
        """All that a stream is lies in its fields; it is another one's from now on."""
        vars(self).update(vars(stream))

    async def _read(self) -> None:
        await super()._read()
        if self._over:
            await self._settle()

    def _raise_error(self) -> None:
        """Whatever was said comes first: that it could not be saved is told at the end."""
        super()._raise_error()
        self._tell_unsaved()

    async def aclose(self) -> None:
        """Close the connection, and keep the turn if that is not done yet. Safe to call twice.

        Raises `TurnNotSaved` where it could not be kept and nobody was told.
        """
        await super().aclose()
        await self._settle()
        self._tell_unsaved()

    def _tell_unsaved(self) -> None:
        told, self._told = self._told, True
        if self.unsaved is not None and not told:
            raise self.unsaved

    async def _settle(self) -> None:
        if self._kept or self._reply is None:
            return
        self._kept = True
        try:
            if self._result is not None:
                await self._keep(self._result, None)
            elif self._has_output:
                await self._keep(self._answer_so_far(), self._error)
        except TurnNotSaved as unsaved:
            if self._error is None:
                self.unsaved = unsaved
            else:
                self._error.add_note(unsaved.message)
