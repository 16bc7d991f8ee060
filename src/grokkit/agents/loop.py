"""The loop: ask the model, make the calls it asks for, tell it what came of them, until it has no more.

A run is as far as its record is. Each turn is written down before its calls are made, so a run that was paused, or
broke, or was killed goes on from its last turn: `Run` does not know whether it begins or goes on.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from grokkit.agents.approval import ApprovalRequest
from grokkit.agents.events import ApprovalNeeded, RunFinished, ToolFinished, ToolStarted, TurnFinished, TurnStarted
from grokkit.agents.execution import Execution
from grokkit.agents.failures import remembering
from grokkit.agents.hooks import RunHook, is_met, tell_hooks
from grokkit.agents.journal.record import TurnRecord
from grokkit.agents.limits import Excess, RunLimitReached, exceeded
from grokkit.agents.metering import Meter, counted_by, meter_here
from grokkit.agents.outcome import NoValue, RunResult
from grokkit.agents.progress import is_bad, nested_before, results_of, spent_before
from grokkit.agents.results import ToolResult
from grokkit.clock import Within
from grokkit.errors import GrokError
from grokkit.sessions.prompting import asked_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grokkit.agents.approval import Decision
    from grokkit.agents.events import LoopEvent
    from grokkit.agents.journal.journal import Journal
    from grokkit.agents.journal.record import RunRecord, RunStatus
    from grokkit.agents.outcome import Stopped
    from grokkit.agents.outlet import Outlet
    from grokkit.agents.plan import Plan
    from grokkit.agents.talks import Talk
    from grokkit.clock import Clock
    from grokkit.sessions.doctor import Item
    from grokkit.wire.answer import Answer
    from grokkit.wire.events import ToolCall
    from grokkit.wire.usage import Usage

T = TypeVar("T")

_STATUS: dict[Stopped, RunStatus] = {"done": "done", "stop_condition": "done", "paused": "paused", "limit": "failed"}


@dataclass(frozen=True, slots=True)
class _End:
    """How a run ends."""

    stopped: Stopped
    held: object
    pending: tuple[ApprovalRequest, ...] = ()


class _Exceeded(Exception):
    def __init__(self, excess: Excess) -> None:
        self.excess = excess


class Run(Generic[T]):
    """One run on its way, from where its record is to its end, or to its next pause."""

    def __init__(
        self, plan: Plan, talk: Talk, record: RunRecord, *, journal: Journal, clock: Clock, outlet: Outlet
    ) -> None:
        self._plan = plan
        self._talk = talk
        self._record = record
        self._journal = journal
        self._clock = clock
        self._outlet = outlet
        self._began = clock.now()
        self._turns = [*record.turns]
        self._counted = max(len(record.turns) - 1, 0)
        self._goes_on = record.epoch > 1
        self._spent = spent_before(record)
        self._results = results_of(record, record.turns[:-1])
        self._answer: Answer | None = None
        self._tries = plan.tries()
        self._meter = Meter(used=nested_before(record))
        for turn in record.turns:
            talk.took(turn.input, turn.output)
        self._execution = self._made()

    def _made(self) -> Execution:
        plan = self._plan
        parts = [hook for hook in plan.hooks if isinstance(hook, RunHook)]
        return Execution(
            plan.tools,
            journal=self._journal,
            claim=self._record.claim,
            clock=self._clock,
            known=self._record.calls,
            parallel=plan.parallel,
            time_limit=plan.time_limit,
            longest_output=plan.longest_output,
            results=plan.results,
            tenant=self._record.tenant,
            approve=plan.approve,
            before=[hook.before_tool for hook in parts],
            after=[hook.after_tool for hook in parts],
            told=self._heard,
        )

    async def go(self, decisions: Mapping[str, Decision] | None = None) -> RunResult[T]:
        """The result, with `decisions`, by call id, on calls that waited.

        Raises `RunLimitReached`, and what calls of the model raise; either knows the record (`record_of`).
        """
        try:
            with counted_by(self._meter):
                return await self._ended(await self._limited(decisions or {}))
        except _Exceeded as reached:
            raise await self._over(reached.excess) from None
        except Exception as error:
            await self._failed(error)
            raise
        finally:
            if (outer := meter_here()) is not None:
                outer.take(self._record.id, self.usage)

    @property
    def usage(self) -> Usage:
        """All that was consumed, nested runs included."""
        return self._spent.usage + self._meter.usage

    async def _limited(self, decisions: Mapping[str, Decision]) -> _End:
        seconds = self._plan.limits.seconds
        due = None if seconds is None else self._began + seconds
        excess = Excess("seconds", f"the run took longer than {seconds:g} s" if seconds is not None else "")
        with Within(self._clock, due, lambda: _Exceeded(excess)):
            return await self._until_end(decisions)

    async def _until_end(self, decisions: Mapping[str, Decision]) -> _End:
        following: list[Item] | _End
        if self._turns:
            self._answer = self._talk.answer_of(self._turns[-1])
            following = await self._follow(self._turns[-1], self._answer, decisions)
        else:
            following = self._record.prompt
        while isinstance(following, list):
            turn, answer = await self._turn(following)
            following = await self._follow(turn, answer, {})
        return following

    async def _turn(self, new: list[Item]) -> tuple[TurnRecord, Answer]:
        number = len(self._turns) + 1
        self._tell(TurnStarted(number))
        answer = self._answer = await self._answered(new, number)
        said = self._talk.said(answer)
        turn = TurnRecord(
            number=number,
            input=new,
            output=said,
            calls=answer.tool_calls,
            usage=answer.usage,
            answer_id=answer.id,
            model=answer.model,
            request_id=answer.request_id,
        )
        await self._journal.turn(self._record.claim, turn)
        self._talk.took(new, said)
        self._turns.append(turn)
        self._spent = replace(self._spent, turns=number, usage=self._spent.usage + answer.usage)
        return turn, answer

    async def _answered(self, new: list[Item], number: int) -> Answer:
        goes_on, self._goes_on = self._goes_on, False
        if goes_on and (missed := await self._talk.missed(new)) is not None:
            return missed
        fields = self._plan.fields(number)
        if not self._outlet.streams:
            return await self._talk.ask(new, fields)
        async with self._talk.stream(new, fields) as stream:
            while events := await stream.batch():
                await self._outlet.pass_on(events)
        return stream.result

    async def _follow(self, turn: TurnRecord, answer: Answer, decisions: Mapping[str, Decision]) -> list[Item] | _End:
        """What the model is told next, or the end."""
        if not turn.calls:
            self._tell(TurnFinished(turn.number, answer))
            return self._read(answer)
        self._check_limits(calls=len(turn.calls))
        executed = await self._execution.run(turn.calls, turn=turn.number, decisions=decisions)
        finished = TurnFinished(turn.number, answer, tuple(executed.results))
        if executed.pending:
            return _End("paused", NoValue("a call waits for approval"), tuple(executed.pending))
        self._count(executed.results)
        self._tell(finished)
        outputs = self._talk.outputs(executed.results)
        if await self._is_to_stop(finished):
            await self._talk.leave(outputs)
            untyped = self._tries is None
            return _End("stop_condition", answer.text if untyped else NoValue("a stop condition ended the run"))
        return outputs

    def _read(self, answer: Answer) -> list[Item] | _End:
        """The value of the last answer, or what the model is told of one that does not fit its type."""
        if self._tries is None:
            return _End("done", answer.text)
        if (parsed := self._tries.judge(answer)) is not None:
            return _End("done", parsed.value)
        self._check_limits(calls=0)
        return asked_items(self._tries.turns)[-1:]

    def _check_limits(self, *, calls: int) -> None:
        spent = replace(self._spent, usage=self.usage)
        if (excess := exceeded(self._plan.limits, spent, calls=calls)) is not None:
            raise _Exceeded(excess)

    def _count(self, results: Sequence[ToolResult]) -> None:
        self._results += results
        self._counted = len(self._turns)
        bad = self._spent.bad_turns + 1 if is_bad(results) else 0
        self._spent = replace(self._spent, calls=self._spent.calls + len(results), bad_turns=bad)

    async def _is_to_stop(self, turn: TurnFinished) -> bool:
        for condition in self._plan.stop:
            if await is_met(condition, turn):
                return True
        return False

    async def _ended(self, end: _End) -> RunResult[T]:
        await self._journal.finish(self._record.claim, _STATUS[end.stopped])
        result = await self._result(end)
        self._tell(RunFinished(result))
        return result

    async def _over(self, excess: Excess) -> RunLimitReached:
        end = _End("limit", NoValue(excess.message))
        with contextlib.suppress(GrokError):
            await self._journal.finish(self._record.claim, "failed")
        result = await self._result(end)
        error = RunLimitReached(f"{self._plan.name}: {excess.message}", limit=excess.limit, result=result)
        return remembering(error, result.record)

    async def _failed(self, error: Exception) -> None:
        """The error knows how far the run came."""
        with contextlib.suppress(GrokError):
            await self._journal.finish(self._record.claim, "failed")
        with contextlib.suppress(GrokError):
            remembering(error, await self._journal.load(self._record.id))

    async def _result(self, end: _End) -> RunResult[Any]:
        record = await self._journal.load(self._record.id)
        return RunResult(
            held=end.held,
            name=self._plan.name,
            usage=self.usage,
            seconds=self._clock.now() - self._began,
            answer=self._answer,
            turns=len(self._turns),
            calls=(*self._results, *results_of(record, self._turns[self._counted :])),
            stopped=end.stopped,
            pending=end.pending,
            record=record,
            items=tuple(self._talk.items),
        )

    def _heard(self, told: ToolCall | ToolResult | ApprovalRequest) -> None:
        number = len(self._turns)
        if isinstance(told, ToolResult):
            self._tell(ToolFinished(number, told))
        elif isinstance(told, ApprovalRequest):
            self._tell(ApprovalNeeded(number, told))
        else:
            self._tell(ToolStarted(number, told))

    def _tell(self, event: LoopEvent) -> None:
        tell_hooks(self._plan.hooks, event)
        self._outlet.tell(event)
