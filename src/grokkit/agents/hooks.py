"""Where a program takes part in a run: before and after its tools, at its events, and at its end."""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from grokkit.agents.approval import Decision
    from grokkit.agents.events import LoopEvent, TurnFinished
    from grokkit.agents.results import ToolResult
    from grokkit.tools.tool import Tool
    from grokkit.wire.events import ToolCall

    Hook: TypeAlias = "RunHook | Callable[[LoopEvent], object]"
    StopCondition: TypeAlias = Callable[[TurnFinished], bool | Awaitable[bool]]

_logger = logging.getLogger("grokkit")


class RunHook:
    """Override what you want to take part in. `before_tool` and `after_tool` may be async.

    >>> class Masked(RunHook):
    ...     def after_tool(self, result: ToolResult) -> ToolResult | None:
    ...         return msgspec.structs.replace(result, output=result.output.replace("secret", "..."))
    """

    def before_tool(self, call: ToolCall, tool: Tool[..., Any]) -> Awaitable[Decision | None] | Decision | None:
        """Called when a call is about to be made. What it returns is done; `None` lets it be as it is."""

    def after_tool(self, result: ToolResult) -> Awaitable[ToolResult | None] | ToolResult | None:
        """Called with what came of a call. What it returns takes its place; `None` lets it be as it is."""

    def told(self, event: LoopEvent) -> object:
        """Called with each event of the run, except those of streamed answers. What it raises is logged."""


def tell_hooks(hooks: Sequence[Hook], event: LoopEvent) -> None:
    """Tell all hooks; none stops the others, or the run."""
    for hook in hooks:
        try:
            (hook.told if isinstance(hook, RunHook) else hook)(event)
        except Exception:
            _logger.exception("grok.hook_failed: %r of a run", hook)


def tool_called(*names: str) -> StopCondition:
    """Stops a run once one of these tools has been called, and has done its work.

    >>> tool_called("submit")  # doctest: +ELLIPSIS
    <function tool_called.<locals>.condition at ...>
    """

    def condition(turn: TurnFinished) -> bool:
        return any(result.call.name in names and result.status == "done" for result in turn.results)

    return condition


async def is_met(condition: StopCondition, turn: TurnFinished) -> bool:
    """Whether a condition, which may be async, is met."""
    met = condition(turn)
    return await met if inspect.isawaitable(met) else met
