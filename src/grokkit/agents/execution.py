"""The calls of one turn are made: side by side, each with its limit, each written down before and after."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.agents.results import Executed, ToolResult
from grokkit.tools.refusals import ArgumentsRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from grokkit.agents.approval import Approval, ApprovalRequest, Approve, Decision
    from grokkit.agents.journal.journal import Journal
    from grokkit.agents.journal.record import CallRecord, Claim
    from grokkit.clock import Clock
    from grokkit.stores import Store
    from grokkit.tools import Tool
    from grokkit.wire.events import ToolCall

    Told = Callable[[ToolCall | ToolResult | ApprovalRequest], object]
    Before = Callable[[ToolCall, Tool[..., Any]], Awaitable[Decision | None] | Decision | None]
    After = Callable[[ToolResult], Awaitable[ToolResult | None] | ToolResult | None]


class Execution:
    """Makes calls of tools for one run. First working body: no journal, approval, cache or limits yet."""

    def __init__(
        self,
        tools: Sequence[Tool[..., Any]],
        *,
        journal: Journal,
        claim: Claim,
        clock: Clock,
        known: Sequence[CallRecord] = (),
        parallel: int = 8,
        time_limit: float | None = None,
        results: Store | None = None,
        tenant: str = "",
        approve: Approve | Approval | None = None,
        before: Sequence[Before] = (),
        after: Sequence[After] = (),
        told: Told | None = None,
    ) -> None:
        """`claim` comes from the run's record (`record.claim`), `known` are the calls in it (`record.calls`).

        `told` hears each call as it starts, each result, and each request for approval that is left waiting.
        """
        self._tools = {tool.name: tool for tool in tools}
        self._claim = claim
        self._tenant = tenant
        self._slots = asyncio.Semaphore(parallel)

    async def run(
        self, calls: Sequence[ToolCall], *, turn: int, decisions: Mapping[str, Decision] | None = None
    ) -> Executed:
        """What came of the calls; `decisions`, by call id, are on those that waited."""
        return Executed(list(await asyncio.gather(*(self._one(call, turn) for call in calls))), [])

    async def _one(self, call: ToolCall, turn: int) -> ToolResult:
        key = msgspec.json.encode([self._claim.run_id, turn, call.id]).decode()
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult(call=call, output=f"there is no tool named {call.name!r}", status="refused", key=key)
        try:
            value = await tool.run(tool.decode(call.arguments), key=key, call_id=call.id, tenant=self._tenant)
            return ToolResult(call=call, output=tool.encode(value), status="done", key=key)
        except ArgumentsRefused as refused:
            return ToolResult(call=call, output=refused.message, status="refused", key=key)
        except Exception as error:  # noqa: BLE001 - the model is told, siblings go on
            return ToolResult(call=call, output=f"failed: {type(error).__name__}", status="failed", key=key)
