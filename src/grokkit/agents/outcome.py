"""What comes of a step: of a run, a tool, a function, or a chain of those. All have the same form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from grokkit.errors import Misused
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from typing import Any

    from grokkit.agents.approval import ApprovalRequest
    from grokkit.agents.journal.record import RunRecord
    from grokkit.agents.results import ToolResult
    from grokkit.sessions.doctor import Item
    from grokkit.wire.answer import Answer

T_co = TypeVar("T_co", covariant=True)

Stopped = Literal["done", "paused", "stop_condition", "limit"]
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class NoValue:
    """Stands where a value will be, and says why it is not there."""

    why: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Outcome(Generic[T_co]):
    """What came of a step, what it cost and how long it took.

    >>> Outcome(held=42, name="answer").value
    42
    """

    held: T_co | NoValue
    name: str
    """Of the step: of the agent, the tool, the function, the chain."""
    usage: Usage = field(default_factory=Usage)
    """Of the step and of all in it."""
    seconds: float = 0.0
    steps: tuple[Outcome[Any], ...] = ()
    """What came of the steps that it is made of, in their order."""

    @property
    def value(self) -> T_co:
        """What the step gives. Raises `Misused` where there is nothing yet: the run paused, or was stopped."""
        if isinstance(self.held, NoValue):
            raise Misused(f"{self.name} has no value: {self.held.why}", hint="look at result.stopped first")
        return self.held

    def __repr__(self) -> str:
        shown = repr(self.held) if not isinstance(self.held, NoValue) else "no value"
        text = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
        return f"<{type(self).__name__} of {self.name}: {text}{self._more()}>"

    def _more(self) -> str:
        return f", {len(self.steps)} steps" if self.steps else ""


@dataclass(frozen=True, kw_only=True, repr=False)
class RunResult(Outcome[T_co]):
    """What came of a run. `value` is the last answer's text, or what `into=` makes of it."""

    answer: Answer | None
    """The model's last answer. None where it never gave one."""
    turns: int
    """How many answers the model gave, in all processes that the run was in."""
    calls: tuple[ToolResult, ...]
    """What came of all its calls, in the order in which they were made."""
    stopped: Stopped
    """Why it ended: it is `done`, `paused` (see `pending`), by its `stop_condition`, or by a `limit`."""
    pending: tuple[ApprovalRequest, ...] = ()
    """What has to be decided before the run can go on."""
    record: RunRecord
    """All that is to be known to go on, here or in another process: `record.to_json()`."""
    items: tuple[Item, ...] = ()
    """What was said: items (Responses) or messages (chat), with which a conversation can go on."""

    @property
    def id(self) -> str:
        """The run's name in its journal."""
        return self.record.id

    @property
    def last(self) -> Answer:
        """The last answer. Raises `Misused` where the model never gave one."""
        if self.answer is None:
            raise Misused(f"{self.name} has no answer", hint="the run ended before the model had given one")
        return self.answer

    @property
    def text(self) -> str:
        """The text of the last answer."""
        return self.answer.text if self.answer else ""

    def __str__(self) -> str:
        return self.text

    def _more(self) -> str:
        return f", {self.stopped}, {self.turns} turns, {len(self.calls)} calls"
