"""An agent: a model with instructions, tools and limits, whose runs can be streamed, paused and resumed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from grokkit.agents.journal.journal import RunUnknown
from grokkit.agents.journal.memory import MemoryJournal
from grokkit.agents.journal.record import RunRecord
from grokkit.agents.loop import Run
from grokkit.agents.nesting import tool_of
from grokkit.agents.outlet import Nobody
from grokkit.agents.plan import planned
from grokkit.agents.resuming import decided, result_of_record
from grokkit.agents.stream import AsyncRunStream
from grokkit.agents.talks import ChatTalk, ResponsesTalk, SessionTalk
from grokkit.call import new_identity
from grokkit.errors import Misused
from grokkit.resources.chat import AsyncChat
from grokkit.resources.responses import AsyncResponses
from grokkit.sessions.prompting import asked_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grokkit.agents.approval import Decision
    from grokkit.agents.journal.journal import Journal
    from grokkit.agents.outcome import RunResult
    from grokkit.agents.outlet import Outlet
    from grokkit.agents.plan import Plan
    from grokkit.agents.talks import Talk
    from grokkit.resources.channel import Channel
    from grokkit.tools.tool import Tool

T = TypeVar("T")


class AsyncAgent(Generic[T]):
    """A model that calls your functions until it is done. `grok.agent(...)` makes one.

    An agent keeps nothing between its runs, unless it has a `session`; it may run many at one time, from several
    event loops.

    >>> import asyncio
    >>> from grokkit import tool
    >>> from grokkit.testing import Simulator
    >>> @tool(effects="read_only")
    ... def weather(city: str) -> str:
    ...     '''The weather of a city.'''
    ...     return f"Rain in {city}."
    >>> sim = Simulator()
    >>> _ = sim.on(last="Oslo").reply(tool_calls=[("weather", {"city": "Oslo"})])
    >>> _ = sim.on(last="Rain in").reply("Take an umbrella.")
    >>> agent = sim.async_grok().agent(tools=[weather])
    >>> result = asyncio.run(agent.run("What to wear in Oslo?"))
    >>> result.value, result.turns, [call.output for call in result.calls]
    ('Take an umbrella.', 2, ['Rain in Oslo.'])
    """

    def __init__(self, channel: Channel, plan: Plan) -> None:
        self._channel = channel
        self._plan = plan

    def __repr__(self) -> str:
        tools = ", ".join(tool.name for tool in self._plan.tools)
        return f"<{type(self).__name__} {self.name!r}: {tools or 'no tools'}>"

    @property
    def name(self) -> str:
        """What its runs are named after."""
        return self._plan.name

    @property
    def tools(self) -> tuple[Tool[..., Any], ...]:
        """The tools that run here."""
        return self._plan.tools

    async def run(self, prompt: str | Sequence[Mapping[str, Any]], *, id: str | None = None) -> RunResult[T]:
        """What comes of a prompt: a text, or items (messages, with `dialect="chat"`).

        `id` names the run in its journal. Raises `RunLimitReached`, and what a call of the model raises; from either
        the run can go on (`record_of(error)`). What tools raise is told to the model.
        """
        return await self._begun(prompt, id, Nobody())

    def stream(self, prompt: str | Sequence[Mapping[str, Any]], *, id: str | None = None) -> AsyncRunStream[T]:
        """The same run, whose events are read while it goes on; open it with `async with`."""
        return AsyncRunStream(self.name, lambda outlet: self._begun(prompt, id, outlet))

    async def resume(self, run: str | RunRecord, decisions: Mapping[str, Decision] | None = None) -> RunResult[T]:
        """Go on with a run that paused, broke off or was killed: by its id in the journal, or by its record.

        Calls with a result are not made again. `decisions`, by call id or key, are on the calls that wait; where some
        are missing, the run pauses again. A run that is done gives its result. Raises `RunUnknown`, `Misused` for a
        decision on a call that is not there, and what `run` does.
        """
        return await self._resumed(run, decisions, Nobody())

    def resume_stream(self, run: str | RunRecord, decisions: Mapping[str, Decision] | None = None) -> AsyncRunStream[T]:
        """The same, whose events are read while it goes on."""
        return AsyncRunStream(self.name, lambda outlet: self._resumed(run, decisions, outlet))

    def as_tool(self, name: str | None = None, description: str | None = None) -> Tool[..., Any]:
        """A tool that runs this agent, for another one: it takes a text and gives the value.

        It has the effects of the agent's tools, the worst of them. What it consumes counts with the run that calls it.
        """
        return tool_of(self, name or self.name, description or self._plan.instructions or f"Ask {self.name}.")

    async def _begun(self, prompt: str | Sequence[Mapping[str, Any]], id: str | None, outlet: Outlet) -> RunResult[T]:
        plan, config = self._plan, self._channel.config
        record = RunRecord(
            id=id or new_identity(),
            agent=plan.name,
            dialect=plan.dialect,
            session=plan.session.name if plan.session else None,
            tenant=plan.options.get("tenant") or config.tenant or "",
            model=plan.model or config.model,
            created=time.time(),
            prompt=asked_items(prompt),
        )
        journal = plan.journal or MemoryJournal()
        await journal.begin(record)
        return await self._run(record, journal, outlet).go()

    async def _resumed(
        self, run: str | RunRecord, decisions: Mapping[str, Decision] | None, outlet: Outlet
    ) -> RunResult[T]:
        journal = self._plan.journal or MemoryJournal()
        record = await self._found(run, journal)
        self._check(record)
        decided(record, decisions or {})
        if record.status == "done":
            return cast("RunResult[T]", result_of_record(record, self._talk(), self._plan))
        claimed = await (journal.claim(run) if isinstance(run, str) else journal.adopt(run))
        return await self._run(claimed, journal, outlet).go(decided(claimed, decisions or {}))

    async def _found(self, run: str | RunRecord, journal: Journal) -> RunRecord:
        if isinstance(run, RunRecord):
            return run
        if not isinstance(run, str):
            raise Misused(f"resume() was given a {type(run).__name__}", hint="give an id, or RunRecord.from_json(text)")
        if self._plan.journal is None:
            raise RunUnknown(
                f"{self.name} has no journal, so it knows no run {run!r}",
                hint="make the agent with the journal in which the run is, or resume the record of the run",
            )
        return await journal.load(run)

    def _run(self, record: RunRecord, journal: Journal, outlet: Outlet) -> Run[T]:
        clock = self._channel.clock
        return Run(self._plan, self._talk(), record, journal=journal, clock=clock, outlet=outlet)

    def _talk(self) -> Talk:
        plan = self._plan
        if plan.session is not None:
            return SessionTalk(plan.session, plan.model)
        if plan.dialect == "chat":
            return ChatTalk(AsyncChat(self._channel), plan.model)
        return ResponsesTalk(AsyncResponses(self._channel), plan.model)

    def _check(self, record: RunRecord) -> None:
        plan = self._plan
        if record.dialect != plan.dialect:
            raise Misused(f"the run {record.id} was begun in {record.dialect}", hint=f"dialect={record.dialect!r}")
        session = plan.session.name if plan.session else None
        if record.session != session:
            raise Misused(
                f"the run {record.id} is one of the session {record.session!r}, and the agent's is {session!r}",
                hint=f"make the agent with session={record.session!r}",
            )


def agent_of(channel: Channel, options: Mapping[str, Any], *, into: Any, **opened: Any) -> AsyncAgent[Any]:
    """The agent of a client, with the session and the journal that it has opened."""
    return AsyncAgent(channel, planned(options, default_model=channel.config.model, into=into, **opened))
