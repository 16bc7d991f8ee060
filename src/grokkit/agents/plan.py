"""What an agent is made of, and the fields that its requests have."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypedDict

from grokkit.agents.bench import LONGEST_OUTPUT
from grokkit.agents.limits import RunLimits
from grokkit.agents.refusals import LASTING, refuse_unfit_plan, several
from grokkit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from grokkit.agents.approval import Approval, Approve
    from grokkit.agents.hooks import Hook, StopCondition
    from grokkit.agents.journal.journal import Journal
    from grokkit.resources.typed.tries import Tries
    from grokkit.sessions.session import AsyncSession
    from grokkit.stores import Store
    from grokkit.tools.tool import Dialect

    Offered = Tool[..., Any] | Callable[..., Any] | Mapping[str, Any]


class AgentOptions(TypedDict, total=False):
    """What an agent is made of."""

    instructions: str | None
    """What the model is told before all else."""
    tools: Iterable[Offered]
    """Functions, `Tool`s, and server-side tools (`web_search()`), which the server runs by itself."""
    model: str | None
    name: str
    limits: RunLimits
    stop: StopCondition | Sequence[StopCondition] | None
    """Ends a run after a turn: a function of `TurnFinished`, or several, of which one is enough."""
    hooks: Sequence[Hook]
    """`RunHook`s, and functions that are told each event."""
    parallel: int
    """How many calls of one turn run at one time."""
    time_limit: float | None
    """Seconds that a call may take whose tool has no limit of its own."""
    longest_output: int | None
    """How many characters of a tool's result the model reads (200,000); of a longer one it reads the beginning."""
    approve: Approve | Approval | None
    """Which calls somebody has to approve, or who is asked: see docs/agents.md."""
    journal: str | Journal | None
    """Where runs are written down, so that they go on after a crash: `"sqlite:///runs.db"`."""
    results: Store | None
    """Where results of tools with a `cache_ttl` are kept."""
    dialect: Dialect
    """`responses`, or `chat` for servers that have nothing else."""
    session: str | AsyncSession | None
    """The conversation that runs are turns of."""
    tool_choice: str | Mapping[str, Any] | None
    """`auto`, `none`, `required`, or a tool's name. What forces a call does so in the first turn only."""
    options: Mapping[str, Any]
    """What else the requests have: `{"temperature": 0.2, "timeout": 60}`."""
    repairs: int
    """How often the model may mend a typed answer that does not fit (2)."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The same, checked."""

    name: str = "agent"
    instructions: str | None = None
    tools: tuple[Tool[..., Any], ...] = ()
    server_tools: tuple[dict[str, Any], ...] = ()
    model: str | None = None
    limits: RunLimits = field(default_factory=RunLimits)
    stop: tuple[StopCondition, ...] = ()
    hooks: tuple[Hook, ...] = ()
    parallel: int = 8
    time_limit: float | None = None
    longest_output: int | None = LONGEST_OUTPUT
    approve: Approve | Approval | None = None
    journal: Journal | None = None
    results: Store | None = None
    dialect: Dialect = "responses"
    session: AsyncSession | None = None
    tool_choice: str | Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    repairs: int = 2
    typed: Tries[Any] | None = None
    """What judges answers that should have a type, as it is before the first of them."""

    def fields(self, turn: int) -> dict[str, Any]:
        """The fields of the request of this turn, besides what is said and the model."""
        fields = {**self.options}
        if self.instructions is not None:
            fields["instructions"] = self.instructions
        if offered := [*(tool.definition(self.dialect) for tool in self.tools), *self.server_tools]:
            fields["tools"] = offered
        if (choice := self._choice(turn)) is not None:
            fields["tool_choice"] = choice
        return fields

    def tries(self) -> Tries[Any] | None:
        """What judges the answers of one run, where they should have a type."""
        return copy(self.typed)

    def _choice(self, turn: int) -> str | Mapping[str, Any] | None:
        choice = self.tool_choice
        if choice is None or (isinstance(choice, str) and choice in LASTING):
            return choice
        if turn > 1:
            return None  # a call that is forced each time would be made for ever
        if choice == "required" or not isinstance(choice, str):
            return choice
        return {"type": "function", **({"function": {"name": choice}} if self.dialect == "chat" else {"name": choice})}


def planned(options: Mapping[str, Any], *, default_model: str, into: Any = None, **opened: Any) -> Plan:
    """The plan of an agent's options, with those that are `opened` already.

    Raises `Misused` for values that an option cannot have, and for what cannot be together; `TypeError` for an unknown
    option.
    """
    given: dict[str, Any] = {**options, **opened}
    for name in given:
        if name not in AgentOptions.__annotations__:
            raise TypeError(f"agent() has no option {name!r}: there are {', '.join(AgentOptions.__annotations__)}")
    stop = given.get("stop")
    given["stop"] = (stop,) if callable(stop) else several("stop", stop)
    given["hooks"] = several("hooks", given.get("hooks"))
    rest = {**(given.get("options") or {})}
    offered = [*several("tools", given.pop("tools", None)), *several("tools", rest.pop("tools", None))]
    given.setdefault("tool_choice", rest.pop("tool_choice", None))
    tools, server_tools = sorted_out(offered)
    plan = Plan(**{**given, "options": rest, "tools": tools, "server_tools": server_tools})
    refuse_unfit_plan(plan)
    return plan if into is None else _typed(plan, into, default_model)


def _typed(plan: Plan, into: Any, default_model: str) -> Plan:
    """The plan, with requests that ask for answers of this type. Raises `ToolUnfit` for types that no answer has."""
    from grokkit.resources.typed.asking import asked_for

    model = plan.model or default_model
    options = {**plan.options, "tools": [*plan.tools, *plan.server_tools]}
    tries, fields = asked_for(into, [], plan.repairs, dialect=plan.dialect, model=model, options=options)
    del fields["tools"]
    return replace(plan, typed=tries, options=fields)


def sorted_out(offered: Iterable[Offered]) -> tuple[tuple[Tool[..., Any], ...], tuple[dict[str, Any], ...]]:
    """The tools that run here, plain functions among them, and those that run at the server."""
    given = [*offered]
    ours = tuple(as_tool(one) for one in given if callable(one))
    return ours, tuple(dict(one) for one in given if not callable(one))


def as_tool(offered: Callable[..., Any]) -> Tool[..., Any]:
    """A tool as it is; a function as the tool that it makes."""
    from grokkit.tools.decorator import tool

    return offered if isinstance(offered, Tool) else tool(offered)
