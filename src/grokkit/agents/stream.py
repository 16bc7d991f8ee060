"""A run while it goes on: its events, those of its answers among them, one by one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from grokkit.agents.outlet import Reader
from grokkit.errors import Misused, StreamNotOpen
from grokkit.wire.events import TextDelta

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import Any

    from grokkit.agents.events import RunEvent
    from grokkit.agents.outcome import RunResult
    from grokkit.agents.outlet import Outlet

T = TypeVar("T")


class AsyncRunStream(Generic[T]):
    """A run whose events are read while it goes on. Open it with `async with`.

    Iterate it for typed events, or `text()` for the text of all answers; `result` is the run's afterwards, the same
    that `run` would have given. Leaving the block early cancels the run: tools that run are cancelled, connections
    are closed. The run's journal then knows how far it came, as after a crash.
    """

    def __init__(self, name: str, work: Callable[[Outlet], Coroutine[Any, Any, RunResult[T]]]) -> None:
        self._name = name
        self._work = work
        self._reader = Reader()
        self._task: asyncio.Task[RunResult[T]] | None = None

    async def __aenter__(self) -> Self:
        if self._task is not None:
            raise self.opened_before()
        self._task = asyncio.create_task(self._work(self._reader), name=f"grokkit run of {self._name}")
        self._task.add_done_callback(lambda _: self._reader.wake())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._name}>"

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RunEvent:
        if not await self._wait():
            raise StopAsyncIteration
        return self._reader.waiting.popleft()

    async def text(self) -> AsyncIterator[str]:
        """The text of all answers, piece by piece."""
        async for event in self:
            if isinstance(event, TextDelta) and event.choice == 0:
                yield event.text

    async def done(self) -> RunResult[T]:
        """Read what is left and give the result. Raises what ended the run."""
        while await self.batch():
            pass
        return self.result

    @property
    def result(self) -> RunResult[T]:
        """What came of the run. Raises `Misused` before its end, and what ended it."""
        task = self._task
        if task is None or not task.done():
            raise Misused("the run is not at its end, so there is no result yet", hint="read it to its end, or done()")
        if task.cancelled():
            raise Misused("the run was left before its end, so there is no result", hint="agent.resume can go on")
        return task.result()

    @property
    def complete(self) -> bool:
        """Whether the run came to its end, and no error was it."""
        task = self._task
        return task is not None and task.done() and not task.cancelled() and task.exception() is None

    async def batch(self) -> list[RunEvent]:
        """The events that are there, at least one; none at the end. For readers that pay for each hand-over."""
        if not await self._wait():
            return []
        events = [*self._reader.waiting]
        self._reader.waiting.clear()
        return events

    async def aclose(self) -> None:
        """End the run if it still goes on, and wait until nothing of it does. Safe to call twice."""
        task = self._task
        if task is None:
            return
        task.cancel()
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            await asyncio.wait([task])  # to be cancelled while it leaves keeps nobody from leaving in order
            raise
        if not task.cancelled():
            task.exception()  # it was raised where the events were read, or nobody read so far

    def not_open(self) -> StreamNotOpen:
        """The error for reading a run outside of its block."""
        return StreamNotOpen(
            "this run is not open", hint="use `async with agent.stream(...) as run:` (or `with` on the blocking face)"
        )

    def opened_before(self) -> Misused:
        """The error for opening a run a second time."""
        return Misused("this run was opened before", hint="agent.stream(...) makes a new one")

    async def _wait(self) -> bool:
        """Wait for events; whether there are any. Raises what ended the run, behind its last event."""
        task = self._task
        if task is None:
            raise self.not_open()
        while not self._reader.waiting:
            if task.done():
                if not task.cancelled():
                    task.result()
                return False
            await self._reader.wait()
        return True
