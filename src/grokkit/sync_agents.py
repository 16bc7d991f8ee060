"""Agents of the blocking client: each method is the async one, waited for on a loop in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack, overload

from grokkit._blocking import Pumped
from grokkit._portal import portal

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

    _Read = Pumped[RunEvent]
else:
    _Read = Pumped

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


class RunStream(_Read, Generic[T]):
    """A run whose events are read while it goes on. Open it with `with`: see `AsyncRunStream`.

    Leaving the block ends the run if it still goes on, and waits until nothing of it does.
    """

    _what = "run"
    _twin: AsyncRunStream[T]

    def __init__(self, twin: AsyncRunStream[T]) -> None:
        super().__init__(twin)

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
