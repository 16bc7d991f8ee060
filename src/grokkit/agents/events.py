"""What happens in a run, as it happens; between these events come those of the answers, as streams have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from grokkit.wire.events import StreamEvent, ToolCallDelta
from grokkit.wire.partial_json import MISSING

if TYPE_CHECKING:
    from grokkit.agents.approval import ApprovalRequest
    from grokkit.agents.outcome import RunResult
    from grokkit.agents.results import ToolResult
    from grokkit.wire.answer import Answer
    from grokkit.wire.events import ToolCall


class ArgumentsDelta(ToolCallDelta, frozen=True, gc=False):
    """A `ToolCallDelta` that knows the arguments so far."""

    partial: Any = MISSING
    """What is certain of the arguments: `{"city": "Os"}`. `MISSING` (falsy) before there is anything."""


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The model is asked: for the first time, or with the results of its calls."""

    turn: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool begins to run. Results that were there already, and calls that cannot be made, have no such event."""

    turn: int
    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A call has its result, whatever it is."""

    turn: int
    result: ToolResult


@dataclass(frozen=True, slots=True)
class ApprovalNeeded:
    """A call waits for somebody's word; the run pauses once its other calls have their results."""

    turn: int
    request: ApprovalRequest


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The model has answered, and its calls have their results, as far as they have any."""

    turn: int
    answer: Answer
    results: tuple[ToolResult, ...] = ()


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over, or pauses. The last event."""

    result: RunResult[Any]


LoopEvent: TypeAlias = TurnStarted | ToolStarted | ToolFinished | ApprovalNeeded | TurnFinished | RunFinished
RunEvent: TypeAlias = LoopEvent | StreamEvent
