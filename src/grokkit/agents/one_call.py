"""One call of a tool: what is known of it, who decides, what it does, and when it is written down.

The rule that all depends on: a call that has effects is made after `intend` was acknowledged, and never before. So
whatever is not in the journal has not happened, and what is there without an end may have.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from grokkit.agents import wording
from grokkit.agents.approval import ApprovalRequest, Decision
from grokkit.agents.attempt import Ended, attempt
from grokkit.agents.bench import Bench, Halt, key_of
from grokkit.agents.journal.record import CallRecord, Status
from grokkit.agents.metering import Meter, counted_by, meter_here
from grokkit.agents.results import JournalUnavailable, ToolResult
from grokkit.errors import ConfigInvalid, Misused, StoreUnavailable
from grokkit.tools.refusals import ArgumentsRefused
from grokkit.tools.settings import name_of, worst

if TYPE_CHECKING:
    from grokkit.tools import Effects, Tool
    from grokkit.wire.events import ToolCall


T = TypeVar("T")


class OneCall:
    """A call on its way to a result, or to somebody who decides on it."""

    def __init__(self, bench: Bench, call: ToolCall, turn: int, halt: Halt, *, decision: Decision | None) -> None:
        self._bench = bench
        self._call = call
        self._turn = turn
        self._halt = halt
        self._known = known = bench.known.get((turn, call.id))
        self._decision = decision
        self._tool = bench.tools.get(call.name)
        self._effects: Effects = _worse(known, self._tool)
        self._changed: str | None = None if known is None else known.arguments
        self._begun = 0 if known is None else known.begun
        self._meter = Meter(meter_here(), known.nested if known is not None else None)
        self._key = known.key if known is not None else key_of(bench.claim.run_id, turn, call.id)

    async def outcome(self) -> ToolResult | ApprovalRequest:
        """The call's result, or what has to be decided before there can be one."""
        if self._known is None:
            return await self._first()
        if self._known.settled:
            result = ToolResult.of(self._known)
            return result if self._known.reviewed else await self._reviewed(result)
        if self._effects != "destructive":
            return await self._run()
        decision = self._decision if _answers(self._decision, self._begun) else None
        return await self._decided(decision or await self._ask("unknown"), "unknown")

    async def _first(self) -> ToolResult | ApprovalRequest:
        if self._tool is None:
            return await self._settle("refused", wording.no_such_tool(self._call.name, self._bench.tools))
        try:
            self._tool.decode(self._call.arguments)
        except ArgumentsRefused as refused:
            return await self._settle("refused", refused.message)
        return await self._decided(self._decision or await self._judged(self._tool), "approval")

    async def _judged(self, tool: Tool[..., Any]) -> Decision | None:
        for hook in self._bench.before:
            decision = _of_type(Decision, await _awaited(hook(self._call, tool)), hook)
            if decision is not None:
                return decision
        if not self._bench.approval.needed(self._call, tool):
            return Decision.approve()
        return await self._ask("approval")

    async def _ask(self, reason: Literal["approval", "unknown"]) -> Decision | None:
        ask = self._bench.approval.ask
        if ask is None:
            return None
        async with self._bench.asking:
            if self._halt.error is not None:
                return None
            return _of_type(Decision, await _awaited(ask(self._request(reason))), ask)

    def _request(self, reason: Literal["approval", "unknown"]) -> ApprovalRequest:
        return ApprovalRequest(
            run_id=self._bench.claim.run_id,
            turn=self._turn,
            call=self._call,
            effects=self._effects,
            key=self._key,
            reason=reason,
            begun=self._begun,
        )

    async def _decided(
        self, decision: Decision | None, reason: Literal["approval", "unknown"]
    ) -> ToolResult | ApprovalRequest:
        if decision is None:
            request = self._request(reason)
            self._bench.told(request)
            return request
        if decision.verdict == "decline":
            said = wording.declined(self._call.name, decision.text, unknown=reason == "unknown")
            return await self._settle("declined", said)
        if decision.verdict == "result":
            return await self._settle("done", decision.text)
        if decision.arguments is not None:
            self._changed = msgspec.json.encode(decision.arguments).decode()
            self._check_changed(self._changed)
        return await self._run()

    def _check_changed(self, arguments: str) -> None:
        try:
            if self._tool is not None:
                self._tool.decode(arguments)
        except ArgumentsRefused as refused:
            raise Misused(
                f"the call {self._call.id!r} was approved with arguments that do not fit: {refused.message}",
                hint="decide again, with arguments that the tool takes",
            ) from refused

    async def _run(self) -> ToolResult:
        tool, arguments = self._tool, self._changed or self._call.arguments
        if tool is None:
            return await self._settle("refused", wording.no_such_tool(self._call.name, self._bench.tools))
        try:
            decoded = tool.decode(arguments)
        except ArgumentsRefused as refused:
            return await self._settle("refused", refused.message)
        cache = self._bench.cache
        key = cache.key(tool, arguments)
        if (kept := await cache.get(key)) is not None:
            return await self._settle("done", kept, cached=True)
        async with self._bench.slots:
            output, result = await self._made(tool, decoded)
        if result.status == "done":
            await cache.put(key, tool, output)
        return await self._reviewed(result)

    async def _made(self, tool: Tool[..., Any], decoded: dict[str, Any]) -> tuple[str, ToolResult]:
        """What the tool itself gave as text, and the result."""
        bench = self._bench
        if self._halt.error is not None:
            raise asyncio.CancelledError("a call beside it met an error that ends the turn")
        bench.told(self._call)
        await self._intend()
        begun = bench.clock.now()
        limit = tool.time_limit if tool.time_limit is not None else bench.time_limit
        work = tool.run(decoded, key=self._key, call_id=self._call.id, tenant=bench.tenant)
        with counted_by(self._meter):
            ended = await attempt(work, bench.clock, limit)
        if ended.how == "cut" and self._effects != "destructive":
            raise asyncio.CancelledError  # it can be made again: nothing is to be written down
        status, output, error = _read(tool, ended, limit)
        result = self._result(status, output, seconds=bench.clock.now() - begun, error=error)
        await self._write(result)
        if ended.cancelled:
            raise asyncio.CancelledError
        return output, result

    async def _reviewed(self, result: ToolResult) -> ToolResult:
        """As the hooks leave it. It was written down before: they may take their time, or fail."""
        reviewed = result
        for hook in self._bench.after:
            changed = _of_type(ToolResult, await _awaited(hook(reviewed)), hook)
            reviewed = reviewed if changed is None else changed
        if self._bench.after:
            await self._write(reviewed, reviewed=True)
        self._bench.told(reviewed)
        return reviewed

    async def _settle(self, status: Status, output: str, *, cached: bool = False) -> ToolResult:
        result = self._result(status, output, cached=cached)
        await self._write(result)
        return await self._reviewed(result)

    async def _intend(self) -> None:
        """Reading need not be announced."""
        if self._effects == "read_only":
            return
        self._begun += 1
        record = self._record("intended")
        try:
            await self._bench.journal.intend(self._bench.claim, record)
        except (StoreUnavailable, ConfigInvalid) as error:
            raise JournalUnavailable(f"{self._call.name} was not called, nothing was done: {error.message}") from error
        self._bench.known[self._turn, self._call.id] = record

    async def _write(self, result: ToolResult, *, reviewed: bool = False) -> None:
        record = msgspec.structs.replace(
            self._record(result.status),
            output=result.output,
            error=result.error,
            seconds=result.seconds,
            cached=result.cached,
            reviewed=reviewed or not self._bench.after,
        )
        try:
            await self._bench.journal.settle(self._bench.claim, record)
        except (StoreUnavailable, ConfigInvalid) as failure:
            self._halt.unsaved.append(result)
            raise JournalUnavailable(
                f"what came of {self._call.name} could not be written down: {failure.message}"
            ) from failure
        self._bench.known[self._turn, self._call.id] = record

    def _result(
        self, status: Status, output: str, *, cached: bool = False, seconds: float = 0.0, error: str | None = None
    ) -> ToolResult:
        output = wording.readable(output, self._bench.longest_output)
        if self._changed is not None and status != "declined":
            output = wording.changed(self._changed, output)
        return ToolResult(
            call=self._call,
            output=output,
            status=status,
            seconds=seconds,
            cached=cached,
            key=self._key,
            error=error,
        )

    def _record(self, status: Literal["intended"] | Status) -> CallRecord:
        return CallRecord(
            turn=self._turn,
            call=self._call,
            effects=self._effects,
            key=self._key,
            status=status,
            arguments=self._changed,
            begun=self._begun,
            nested=self._meter.used,
        )


def _answers(decision: Decision | None, begun: int) -> bool:
    """Whether it decides on a call that may have taken effect; one that was made before it was begun does not."""
    if decision is None or decision.verdict == "approve":
        return False
    return decision.verdict != "again" or decision.begun == begun


def _read(tool: Tool[..., Any], ended: Ended, limit: float | None) -> tuple[Status, str, str | None]:
    """Status and text of what came of it, and what is told to who runs the program."""
    error = None if ended.error is None else wording.located(ended.error)
    if ended.how == "limit":
        return "timed_out", wording.timed_out(tool.name, limit, tool.effects), error
    if ended.how == "cut":
        return "unknown", wording.cut_off(tool.name), None
    if ended.error is not None:
        return "failed", wording.failed(tool.name, ended.error), error
    try:
        return "done", tool.encode(ended.value), None
    except Misused as unfit:
        return "failed", wording.unencodable(tool.name, unfit), wording.located(unfit)


def _worse(known: CallRecord | None, tool: Tool[..., Any] | None) -> Effects:
    """What was declared of the call when it was begun and what is declared now: the one that allows less."""
    declared: list[Effects] = [one.effects for one in (known, tool) if one is not None]
    return worst(declared) if declared else "destructive"


def _of_type(wanted: type[T], given: object, giver: object) -> T | None:
    if given is None or isinstance(given, wanted):
        return given
    raise Misused(
        f"{name_of(giver)} gave a {type(given).__name__}, which decides nothing",
        hint=f"give a {wanted.__name__}, or None",
    )


async def _awaited(given: object) -> Any:
    return await given if inspect.isawaitable(given) else given
