"""How far a run came, read from its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.agents.limits import Spent
from grokkit.agents.results import ToolResult
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.agents.journal.record import RunRecord, TurnRecord


def spent_before(record: RunRecord) -> Spent:
    """What a run itself has consumed; the calls of its last turn are not counted, as they are looked at once more.

    >>> from grokkit.agents.journal import RunRecord, TurnRecord
    >>> spent_before(RunRecord(turns=[TurnRecord(number=1, usage=Usage(total_tokens=7))])).usage.total_tokens
    7
    """
    done = record.turns[:-1]
    return Spent(
        turns=len(record.turns),
        calls=sum(len(turn.calls) for turn in done),
        usage=sum((turn.usage for turn in record.turns if turn.usage is not None), Usage()),
        bad_turns=_bad_in_a_row(record, done),
    )


def nested_before(record: RunRecord) -> dict[str, Usage]:
    """What runs within the run's calls consumed, by their ids."""
    return {run_id: usage for call in record.calls for run_id, usage in call.nested.items()}


def usage_of(record: RunRecord) -> Usage:
    """All that a run consumed, with the runs within it."""
    return sum(nested_before(record).values(), spent_before(record).usage)


def results_of(record: RunRecord, turns: Iterable[TurnRecord]) -> list[ToolResult]:
    """What came of the calls of these turns, as far as it is written down."""
    return [result for turn in turns for result in turn_results(record, turn)]


def turn_results(record: RunRecord, turn: TurnRecord) -> list[ToolResult]:
    """What came of the calls of a turn, in their order."""
    known = (record.call(turn.number, call.id) for call in turn.calls)
    return [ToolResult.of(call) for call in known if call is not None]


def is_bad(results: Iterable[ToolResult]) -> bool:
    """Whether there is a call among these that could not be made: of an unknown tool, or with unfit arguments."""
    return any(result.status == "refused" for result in results)


def _bad_in_a_row(record: RunRecord, turns: list[TurnRecord]) -> int:
    count = 0
    for turn in reversed(turns):
        if turn.calls and not is_bad(turn_results(record, turn)):
            break
        count += bool(turn.calls)
    return count
