"""The calls of one turn are made: side by side, each with its limit, each written down before and after."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from grokkit.agents import wording
from grokkit.agents.approval import Approval, ApprovalRequest
from grokkit.agents.bench import LONGEST_OUTPUT, After, Before, Bench, Halt, Told, key_of
from grokkit.agents.one_call import OneCall
from grokkit.agents.results import Executed, JournalUnavailable, ToolResult
from grokkit.agents.results_cache import ResultsCache, refuse_unsafe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grokkit.agents.approval import Approve, Decision
    from grokkit.agents.journal.journal import Journal
    from grokkit.agents.journal.record import CallRecord, Claim
    from grokkit.clock import Clock
    from grokkit.stores import Store
    from grokkit.tools import Tool
    from grokkit.wire.events import ToolCall

_Outcome = ToolResult | ApprovalRequest


class Execution:
    """Makes the calls of one run, at most `parallel` at a time, each within its tool's limit or else `time_limit`.

    `claim` and `known` come from the run's record (`record.claim`, `record.calls`): what is known of calls is not done
    again. `results` keeps the results of tools that have a `cache_ttl`.

    >>> from grokkit.agents.journal import MemoryJournal, RunRecord
    >>> from grokkit.clock import SystemClock
    >>> from grokkit.tools import tool
    >>> from grokkit.wire.events import ToolCall
    >>> @tool(effects="read_only")
    ... def weather(city: str) -> str:
    ...     '''Forecast for a city.'''
    ...     return f"{city}: rain"
    >>> async def make() -> list[str]:
    ...     record, journal = RunRecord(), MemoryJournal()
    ...     await journal.begin(record)
    ...     execution = Execution([weather], journal=journal, claim=record.claim, clock=SystemClock())
    ...     call = ToolCall(id="call_1", name="weather", arguments='{"city": "Oslo"}')
    ...     return [result.output for result in (await execution.run([call], turn=1)).results]
    >>> asyncio.run(make())
    ['Oslo: rain']
    """

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
        longest_output: int | None = LONGEST_OUTPUT,
        results: Store | None = None,
        tenant: str = "",
        approve: Approve | Approval | None = None,
        before: Sequence[Before] = (),
        after: Sequence[After] = (),
        told: Told | None = None,
    ) -> None:
        refuse_unsafe(tools)
        self._bench = Bench(
            tools={tool.name: tool for tool in tools},
            journal=journal,
            claim=claim,
            known={(one.turn, one.call.id): one for one in known},
            clock=clock,
            slots=asyncio.Semaphore(parallel),
            time_limit=time_limit,
            longest_output=longest_output,
            cache=ResultsCache(results, tenant),
            tenant=tenant,
            approval=Approval.of(approve),
            asking=asyncio.Lock(),
            before=before,
            after=after,
            told=told or _nobody,
        )

    async def run(
        self, calls: Sequence[ToolCall], *, turn: int, decisions: Mapping[str, Decision] | None = None
    ) -> Executed:
        """What came of the calls, each one once; `decisions`, by call id, are on those that waited.

        Raises `JournalUnavailable` or `RunTaken` when nothing may be written, and what hooks raise; what was running
        ends before, and is written down. When this is cancelled, so are the calls.
        """
        halt = Halt()
        tasks: dict[str, asyncio.Task[_Outcome]] = {}
        for call in calls:
            if call.id not in tasks:
                one = OneCall(self._bench, call, turn, halt, decision=(decisions or {}).get(call.id))
                tasks[call.id] = asyncio.ensure_future(_halting(one, halt))
        await _ended(list(tasks.values()))
        if halt.error is not None:
            raise _raised(halt.error, halt)
        outcomes = {call_id: task.result() for call_id, task in tasks.items()}
        return _sorted(calls, outcomes, self._bench.claim.run_id, turn)


async def _halting(one: OneCall, halt: Halt) -> _Outcome:
    try:
        return await one.outcome()
    except Exception as error:
        halt.error = halt.error or error
        raise


async def _ended(tasks: list[asyncio.Task[_Outcome]]) -> None:
    """All have ended; when this is cancelled, so are they, and have the time to write that down, unless it is again."""
    if not tasks:
        return
    for task in tasks:
        task.add_done_callback(_seen)
    try:
        await asyncio.wait(tasks)
    except asyncio.CancelledError:
        _cancel(tasks)
        try:
            await asyncio.wait(tasks)
        finally:
            _cancel(tasks)
        raise


def _cancel(tasks: list[asyncio.Task[_Outcome]]) -> None:
    for task in tasks:
        task.cancel()


def _seen(task: asyncio.Task[_Outcome]) -> None:
    if not task.cancelled():
        task.exception()


def _raised(error: Exception, halt: Halt) -> Exception:
    if isinstance(error, JournalUnavailable):
        error.results = list(halt.unsaved)
    return error


def _sorted(calls: Sequence[ToolCall], outcomes: Mapping[str, _Outcome], run_id: str, turn: int) -> Executed:
    results: list[ToolResult] = []
    pending: list[ApprovalRequest] = []
    for call in calls:
        outcome = outcomes[call.id]
        if (call.name, call.arguments) != (outcome.call.name, outcome.call.arguments):
            output = wording.used_twice(call.id)
            results.append(ToolResult(call=call, output=output, status="refused", key=key_of(run_id, turn, call.id)))
        elif isinstance(outcome, ToolResult):
            results.append(outcome)
        elif outcome not in pending:
            pending.append(outcome)
    return Executed(results, pending)


def _nobody(_what: ToolCall | ToolResult | ApprovalRequest) -> None:
    """Is told when nobody else is."""
