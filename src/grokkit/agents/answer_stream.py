"""A run that is read as a stream of its answers: what `grok.stream` gives where there are functions among the tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from grokkit.agents.events import ApprovalNeeded, RunFinished, ToolFinished, ToolStarted, TurnFinished, TurnStarted
from grokkit.errors import GrokError
from grokkit.resources.stream import AsyncStream

if TYPE_CHECKING:
    from grokkit.agents.stream import AsyncRunStream
    from grokkit.wire.answer import Answer

_OF_THE_RUN = (TurnStarted, ToolStarted, ToolFinished, ApprovalNeeded, TurnFinished, RunFinished)


class AnswersStream(AsyncStream):
    """The answers of a run while they arrive, one behind the other; in between, functions run.

    `result` is the last answer, with the usage of all. Leaving the block early cancels the functions that run.
    """

    def __init__(self, unsent: AsyncStream, run: AsyncRunStream[str]) -> None:
        vars(self).update(vars(unsent))
        self._run = run
        self._opened = False
        self._last: Answer | None = None

    async def __aenter__(self) -> Self:
        if self._opened:
            raise self.opened_before()
        self._opened = True
        await self._run.__aenter__()
        return self

    @property
    def partial(self) -> Answer:
        """The last answer that is whole. Raises `StreamNotOpen` while there is none."""
        if (answer := self._result or self._last) is None:
            raise self.not_open()
        return answer

    @property
    def request_id(self) -> str | None:
        """The server's name for the last request that was answered."""
        return self._last.request_id if self._last else None

    async def aclose(self) -> None:
        """End the run, if it still goes on. Safe to call twice."""
        self._over = True
        await self._run.aclose()

    async def _read(self) -> None:
        if not self._opened:
            raise self.not_open()
        try:
            events = await self._run.batch()
        except GrokError as error:
            self._over, self._error = True, error
            return
        self._over = not events
        for event in events:
            if isinstance(event, TurnFinished):
                self._last = event.answer
            elif isinstance(event, RunFinished):
                self._result = replace(event.result.last, usage=event.result.usage)
            elif not isinstance(event, _OF_THE_RUN):
                self._ready.append(event)
