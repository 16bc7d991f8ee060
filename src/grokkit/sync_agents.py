"""Agents of the blocking client: each method is the async one, waited for on a loop in the background."""

from __future__ import annotations

import warnings
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack, overload

from grokkit._portal import portal
from grokkit._pump import Pump

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typing_extensions import TypeForm

    from grokkit.agents.agent import AsyncAgent
    from grokkit.agents.approval import Decision
    from grokkit.agents.chains import Step
    from grokkit.agents.events import RunEvent
    from grokkit.agents.journal.record import RunRecord
    from grokkit.agents.outcome import Outcome, RunResult
    from grokkit.agents.plan import AgentOptions
    from grokkit.agents.stream import AsyncRunStream
    from grokkit.client import AsyncGrok
    from grokkit.tools.tool import Tool

T = TypeVar("T")

__all__ = ["Agent", "RunStream"]


class Agent(Generic[T]):
    """A model that calls your functions until it is done. `Grok().agent(...)` makes one: see `AsyncAgent`.

    Any thread may use it. Sync functions run in threads of their own; async ones on grokkit's own loop.
    """

    def __init__(self, twin: AsyncAgent[T]) -> None:
        self.twin = twin

    def __repr__(self) -> str:
        return repr(self.twin).replace(type(self.twin).__name__, type(self).__name__, 1)

    @property
    def name(self) -> str:
        """What its runs are named after."""
        return self.twin.name

    @property
    def tools(self) -> tuple[Tool[..., Any], ...]:
        """The tools that run here."""
        return self.twin.tools

    def run(self, prompt: str | Sequence[Mapping[str, Any]], *, id: str | None = None) -> RunResult[T]:
        """What comes of a prompt: see `AsyncAgent.run`."""
        return portal().run(lambda: self.twin.run(prompt, id=id))

    def stream(self, prompt: str | Sequence[Mapping[str, Any]], *, id: str | None = None) -> RunStream[T]:
        """The same run, whose events are read while it goes on; open it with `with`."""
        return RunStream(self.twin.stream(prompt, id=id))

    def resume(self, run: str | RunRecord, decisions: Mapping[str, Decision] | None = None) -> RunResult[T]:
        """Go on with a run that paused, broke off or was killed: see `AsyncAgent.resume`."""
        return portal().run(lambda: self.twin.resume(run, decisions))

    def resume_stream(self, run: str | RunRecord, decisions: Mapping[str, Decision] | None = None) -> RunStream[T]:
        """The same, whose events are read while it goes on."""
        return RunStream(self.twin.resume_stream(run, decisions))

    def as_tool(self, name: str | None = None, description: str | None = None) -> Tool[..., Any]:
        """A tool that runs this agent, for another one: see `AsyncAgent.as_tool`."""
        return self.twin.as_tool(name, description)


class RunStream(Generic[T]):
    """A run whose events are read while it goes on. Open it with `with`: see `AsyncRunStream`."""

    _pump: Pump[RunEvent] | None = None

    def __init__(self, twin: AsyncRunStream[T]) -> None:
        self._twin = twin
        self._events: deque[RunEvent] = deque()

    def __enter__(self) -> Self:
        if self._pump is not None:
            raise self._twin.opened_before()
        pump = Pump(self._twin)
        pump.open()
        self._pump, self._events = pump, pump.events
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> RunEvent:
        try:
            return self._events.popleft()
        except IndexError:
            pass
        if self._pump is None:
            raise self._twin.not_open()
        return self._pump.next()

    def __del__(self) -> None:
        if self._pump is not None and self._pump.drop():
            warnings.warn(f"a run was left open: {self!r}", ResourceWarning, source=self, stacklevel=2)

    def __repr__(self) -> str:
        return repr(self._twin).replace(type(self._twin).__name__, type(self).__name__, 1)

    def text(self) -> Iterator[str]:
        """The text of all answers, piece by piece."""
        from grokkit.wire.events import TextDelta

        for event in self:
            if isinstance(event, TextDelta) and event.choice == 0:
                yield event.text

    def done(self) -> RunResult[T]:
        """Read what is left and give the result. Raises what ended the run."""
        for _ in self:
            pass
        return self.result

    @property
    def result(self) -> RunResult[T]:
        """What came of the run. Raises `Misused` before its end, and what ended it."""
        return self._twin.result

    @property
    def complete(self) -> bool:
        """Whether the run came to its end, and no error was it."""
        return self._twin.complete

    def close(self) -> None:
        """End the run if it still goes on, and wait until nothing of it does. Safe to call twice."""
        if self._pump is not None:
            self._pump.close()


class MakesAgents:
    """The methods of a blocking client that are about agents."""

    twin: AsyncGrok

    @overload
    def agent(self, **options: Unpack[AgentOptions]) -> Agent[str]: ...
    @overload
    def agent(self, *, into: TypeForm[T], **options: Unpack[AgentOptions]) -> Agent[T]: ...
    def agent(self, *, into: Any = None, **options: Unpack[AgentOptions]) -> Agent[Any]:
        """A model that calls your functions until it is done: see `AsyncGrok.agent`."""
        return Agent(self.twin.agent(into=into, **options))

    def run(self, step: Step, value: object) -> Outcome[Any]:
        """What a step gives for a value: see `AsyncGrok.run`."""
        return portal().run(lambda: self.twin.run(step, value))
