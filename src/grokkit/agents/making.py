"""What a client has of agents: it makes them, runs steps and chains, and is one itself where `ask` is given functions.

Nothing of agents is loaded before it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import TypeForm

    from grokkit.agents.agent import AsyncAgent
    from grokkit.agents.chains import Step
    from grokkit.agents.held import Journals
    from grokkit.agents.outcome import Outcome
    from grokkit.agents.plan import AgentOptions
    from grokkit.resources.channel import Channel
    from grokkit.resources.stream import AsyncStream
    from grokkit.sessions.session import AsyncSession
    from grokkit.wire.answer import Answer

T = TypeVar("T")


class MakesAgents:
    """The methods of a client that are about agents."""

    _channel: Channel
    _journals: Journals

    if TYPE_CHECKING:

        def session(self, name: str) -> AsyncSession:
            """See `AsyncGrok.session`."""
            ...

    @overload
    def agent(self, **options: Unpack[AgentOptions]) -> AsyncAgent[str]: ...
    @overload
    def agent(self, *, into: TypeForm[T], **options: Unpack[AgentOptions]) -> AsyncAgent[T]: ...
    def agent(self, *, into: Any = None, **options: Unpack[AgentOptions]) -> AsyncAgent[Any]:
        """A model that calls your functions until it is done: `await grok.agent(tools=[weather]).run("Rain in Oslo?")`.

        `AgentOptions` has a line on each option. With `into`, the value of a run is of that type.
        Raises `ToolUnfit` for a function that cannot be a tool, `Misused` for options that cannot be together.
        """
        from grokkit.agents.agent import agent_of

        journal, session = options.get("journal"), self._opened(options.get("session"))
        opened = self._journals.of(journal) if isinstance(journal, str) else journal
        return agent_of(self._channel, options, into=into, session=session, journal=opened)

    async def run(self, step: Step, value: object) -> Outcome[Any]:
        """What a step gives for a value: an agent, a tool, a function, or a chain of them (`grokkit.agents`).

        Raises what the step raises.
        """
        from grokkit.agents.chains import run

        return await run(step, value)

    def _agent_for(self, model: str | None, options: Mapping[str, Any]) -> AsyncAgent[str] | None:
        """The agent that answers where there are functions among the tools, which somebody has to run."""
        tools = options.get("tools")
        if not isinstance(tools, Iterable) or not any(map(callable, tools)):
            return None  # what cannot be listed is refused where requests are made
        return self.agent(name="ask", model=model, options=options)

    async def _answer_of(self, agent: AsyncAgent[str], prompt: str) -> Answer:
        """The last answer of a run, with the usage of all of it."""
        from msgspec.structs import replace

        result = await agent.run(prompt)
        return replace(result.last, usage=result.usage)

    def _stream_of(self, agent: AsyncAgent[str], prompt: str, unsent: AsyncStream) -> AsyncStream:
        """The answers of a run, one behind the other, in the place of the stream that was not sent."""
        from grokkit.agents.answer_stream import AnswersStream

        return AnswersStream(unsent, agent.stream(prompt))

    def _opened(self, session: Any) -> AsyncSession | None:
        opened = self.session(session) if isinstance(session, str) else session
        return getattr(opened, "twin", opened)
