"""Where the events of a run go: to nobody, or to whoever reads them while the run goes on."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import asdict

from grokkit.agents.events import ArgumentsDelta, TurnStarted
from grokkit.wire.events import ToolCallDelta
from grokkit.wire.partial_json import MISSING, PartialJSON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.agents.events import LoopEvent, RunEvent
    from grokkit.wire.events import StreamEvent

_MOST_WAITING = 512
"""How many events may wait for the reader before the run reads no more of an answer."""


class Outlet(Protocol):
    """Who hears of a run."""

    @property
    def streams(self) -> bool:
        """Whether answers are wanted while they arrive."""
        ...

    def tell(self, event: LoopEvent) -> None:
        """Take an event of the run."""
        ...

    async def pass_on(self, events: Sequence[StreamEvent]) -> None:
        """Take events of an answer; what comes back late slows the answer down."""
        ...


class Nobody:
    """Nobody hears."""

    streams = False

    def tell(self, event: LoopEvent) -> None:
        """Nobody hears."""

    async def pass_on(self, events: Sequence[StreamEvent]) -> None:
        """Nobody hears."""


class Reader:
    """A reader who takes the events one by one, in a task of its own."""

    streams = True

    def __init__(self) -> None:
        self.waiting: deque[RunEvent] = deque()
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._arguments: dict[tuple[int, int], _Arguments] = {}

    def tell(self, event: LoopEvent) -> None:
        """Leave an event for the reader."""
        if isinstance(event, TurnStarted):
            self._arguments.clear()
        self._leave(event)

    async def pass_on(self, events: Sequence[StreamEvent]) -> None:
        """Leave events for the reader; wait where too many are waiting."""
        for event in events:
            self._leave(self._grown(event) if isinstance(event, ToolCallDelta) else event)
        while len(self.waiting) >= _MOST_WAITING:
            self._room.clear()
            await self._room.wait()

    async def wait(self) -> None:
        """Wait for an event, or for `wake`."""
        self._room.set()
        await self._more.wait()
        self._more.clear()

    def wake(self) -> None:
        """Let whoever waits look again."""
        self._more.set()

    def _leave(self, event: RunEvent) -> None:
        self.waiting.append(event)
        self._more.set()

    def _grown(self, delta: ToolCallDelta) -> ArgumentsDelta:
        so_far = self._arguments.setdefault((delta.choice, delta.index), _Arguments())
        return ArgumentsDelta(**asdict(delta), partial=so_far.with_more(delta.arguments))


class _Arguments:
    """The arguments of one call while they arrive."""

    def __init__(self) -> None:
        self._json: PartialJSON | None = PartialJSON()
        self._value: object = MISSING

    def with_more(self, piece: str) -> object:
        if self._json is not None:
            try:
                self._value = self._json.feed(piece)
            except ValueError:
                self._json = None  # no JSON: the last good value stands until the tool refuses the whole
        return self._value
