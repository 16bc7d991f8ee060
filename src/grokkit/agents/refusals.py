"""What no agent can be made of: said before anything is begun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from grokkit.agents.approval import Approval
from grokkit.agents.limits import RunLimits
from grokkit.errors import Misused

if TYPE_CHECKING:
    from grokkit.agents.plan import Plan

LASTING = {"auto", "none"}
"""What `tool_choice` can say of all turns."""
_DIALECTS = ("responses", "chat")


def several(name: str, given: Any) -> tuple[Any, ...]:
    """The values of an option that takes several. Raises `Misused` for a single one.

    >>> several("tools", [1, 2]), several("hooks", None)
    ((1, 2), ())
    """
    if given is None:
        return ()
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise Misused(f"{name}= takes a list, and was given a {type(given).__name__}", hint=f"{name}=[...]")
    return tuple(given)


def refuse_unfit_plan(plan: Plan) -> None:
    """Raise `Misused` for an agent that could not run."""
    _refuse_unfit_tools(plan)
    _refuse_unfit_numbers(plan)
    _refuse_unfit_parts(plan)
    Approval.of(plan.approve)
    if plan.dialect not in _DIALECTS:
        raise Misused(f"dialect={plan.dialect!r} is none of {', '.join(map(repr, _DIALECTS))}")
    if plan.session is not None and plan.dialect != "responses":
        raise Misused("a session is a conversation of the Responses API", hint='leave out dialect="chat"')


def _refuse_unfit_tools(plan: Plan) -> None:
    twice = [name for name, count in Counter(tool.name for tool in plan.tools).items() if count > 1]
    if twice:
        raise Misused(f"two tools are named {twice[0]!r}", hint="give one of them another name: tool(name=...)")
    for tool in plan.server_tools:
        if tool.get("type") == "function":
            name = tool.get("name") or (tool.get("function") or {}).get("name")
            raise Misused(
                f"the tool {name!r} is a definition without a function, so nobody can run it",
                hint="make a tool of it: Tool.from_schema(name, description, schema, function)",
            )
    choice = plan.tool_choice
    if isinstance(choice, str) and choice not in {*LASTING, "required", *(tool.name for tool in plan.tools)}:
        raise Misused(f"tool_choice={choice!r} is neither a tool of {plan.name} nor auto, none or required")
    if choice == "required" and not plan.tools and not plan.server_tools:
        raise Misused("tool_choice='required' needs tools to choose from", hint="tools=[...]")


def _refuse_unfit_numbers(plan: Plan) -> None:
    if not isinstance(plan.parallel, int) or plan.parallel < 1:
        raise Misused(f"parallel={plan.parallel!r}: at least one call has to run at a time", hint="give 1 or more")
    limit = plan.time_limit
    if limit is not None and not (isinstance(limit, int | float) and limit > 0):
        raise Misused(f"time_limit={limit!r} is no time in which a call could end", hint="give seconds, or None")
    longest = plan.longest_output
    if longest is not None and not (isinstance(longest, int) and longest > 0):
        raise Misused(f"longest_output={longest!r} leaves nothing to read", hint="give characters, or None")


def _refuse_unfit_parts(plan: Plan) -> None:
    if not isinstance(plan.limits, RunLimits):
        raise Misused(f"limits= was given a {type(plan.limits).__name__}", hint="limits=RunLimits(turns=5)")
    for name, method, hint in (("journal", "begin", '"sqlite:///runs.db"'), ("results", "get", "MemoryStore()")):
        part = getattr(plan, name)
        if part is not None and not hasattr(part, method):
            raise Misused(f"{name}= was given a {type(part).__name__}", hint=f"{name}={hint}")
    for name in ("hooks", "stop"):
        for part in getattr(plan, name):
            if isinstance(part, type) or not (callable(part) or hasattr(part, "told")):
                raise Misused(f"{part!r} cannot be among {name}=", hint="give functions, or objects, not their classes")
