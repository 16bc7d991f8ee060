"""How far a run may go: turns, calls, tokens, money, seconds, and patience with calls that cannot be made.

All is decided in one place, between an answer and the tools that it asks for: no tool runs for a turn that cannot
follow any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeGuard, Unpack

from grokkit.errors import BadCall, ConfigInvalid
from grokkit.wire.usage import TICKS_PER_USD, Usage

if TYPE_CHECKING:
    from grokkit.agents.outcome import RunResult
    from grokkit.errors import Details

Limit = Literal["turns", "calls", "tokens", "usd", "seconds", "bad_calls"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLimits:
    """How far one run may go; `None` is no limit.

    What is reached ends the run with `RunLimitReached`, which has what there is so far, and what the run can go on
    from. An answer that came is given even where it was the one that used a limit up. Nested agents count with the
    run that calls them.

    >>> RunLimits(turns=5, usd=0.10)
    RunLimits(turns=5, calls=100, tokens=None, usd=0.1, seconds=None, bad_calls=3)
    """

    turns: int | None = 20
    """Answers of the model."""
    calls: int | None = 100
    """Calls of tools. All calls of one turn are made, or none."""
    tokens: int | None = None
    """Tokens read and written, together. One answer may go beyond: how long it is is known when it is there."""
    usd: float | None = None
    """US dollars, which one answer may go beyond. Where nobody knows what an answer cost, the limit is reached."""
    seconds: float | None = None
    """From the start, or from where the run goes on. What runs then is cancelled."""
    bad_calls: int | None = 3
    """How many turns in a row may have calls that cannot be made: of unknown tools, or with unfit arguments."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            least = 1 if name == "turns" else 0
            if value is not None and not (_is_number(value) and value >= least):
                problem = f"RunLimits({name}={value!r}) is no limit"
                raise ConfigInvalid(problem, hint=f"give {least} or more, or None for no limit", param=name)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """How far a run has gone."""

    turns: int = 0
    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    bad_turns: int = 0
    """Turns in a row, up to now, with calls that could not be made."""


@dataclass(frozen=True, slots=True)
class Excess:
    """The limit that is reached, and how."""

    limit: Limit
    message: str


class RunLimitReached(BadCall):
    """A run was ended by its `RunLimits`. `result` is what there is so far; `limit` names what was reached.

    The run can go on from there, with an agent that may go further: `agent.resume(error.result.record)`.
    """

    hint = "raise the limit and go on with agent.resume(error.result.record), or give the model a smaller task"

    def __init__(
        self, message: str, *, limit: Limit = "turns", result: RunResult[Any] | None = None, **details: Unpack[Details]
    ) -> None:
        super().__init__(message, **details)
        self.limit = limit
        self._result = result

    @property
    def result(self) -> RunResult[Any]:
        """What there is so far."""
        if self._result is None:
            raise AttributeError("this error was not raised by a run")
        return self._result


def exceeded(limits: RunLimits, spent: Spent, *, calls: int) -> Excess | None:
    """The limit in the way of making these calls and asking the model again; `None` when there is none.

    >>> exceeded(RunLimits(calls=3), Spent(turns=1, calls=2), calls=2)
    Excess(limit='calls', message='2 calls were made, and 2 more would be above the limit of 3')
    """
    usage = spent.usage
    if limits.turns is not None and spent.turns >= limits.turns:
        return Excess("turns", f"the model wants more calls after {spent.turns} turns, which is the limit")
    if limits.calls is not None and spent.calls + calls > limits.calls:
        made = f"{spent.calls} calls were made, and {calls} more would be above the limit of {limits.calls}"
        return Excess("calls", made)
    if limits.tokens is not None and usage.total_tokens >= limits.tokens:
        return Excess("tokens", f"{usage.total_tokens} tokens were used, of {limits.tokens}")
    return _money_exceeded(limits, spent) or _patience_exceeded(limits, spent)


def _money_exceeded(limits: RunLimits, spent: Spent) -> Excess | None:
    usage = spent.usage
    if limits.usd is None or not spent.turns:
        return None
    if usage.cost_ticks is None:
        unknown = "nobody knows what the answers cost, so the limit on money cannot be kept"
        return Excess("usd", unknown)
    if usage.cost_ticks < limits.usd * TICKS_PER_USD:
        return None
    return Excess("usd", f"${usage.cost_ticks / TICKS_PER_USD:.4f} were spent, of ${limits.usd:.4f}")


def _patience_exceeded(limits: RunLimits, spent: Spent) -> Excess | None:
    if limits.bad_calls is None or spent.bad_turns <= limits.bad_calls:
        return None
    return Excess("bad_calls", f"the model made calls that cannot be made in {spent.bad_turns} turns in a row")
