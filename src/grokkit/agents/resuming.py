"""What a record says to who resumes it: the result of a run that is done, and which calls decisions are on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.agents.approval import Decision
from grokkit.agents.bench import key_of
from grokkit.agents.outcome import NoValue, RunResult
from grokkit.agents.progress import results_of, usage_of
from grokkit.errors import Misused
from grokkit.tools.refusals import ValueRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.agents.journal.record import RunRecord
    from grokkit.agents.plan import Plan
    from grokkit.agents.talks import Talk
    from grokkit.wire.answer import Answer
    from grokkit.wire.events import ToolCall


def decided(record: RunRecord, decisions: Mapping[str, Decision]) -> dict[str, Decision]:
    """The decisions that are on calls of the last turn, by call id; they are given by call id, or by key.

    Those on calls of earlier turns have had their effect: a resume that broke off is made again as it was. Raises
    `Misused` for a decision on no call of the run, or on several: some servers use an id again in a later turn.
    """
    last = record.turns[-1].number if record.turns else 0
    found: dict[str, Decision] = {}
    for name, decision in decisions.items():
        turn, call = _call_of(record, name)
        if not isinstance(decision, Decision):
            raise Misused(
                f"what is decided on the call {name!r} is a {type(decision).__name__}",
                hint="give a Decision: Decision.approve(), Decision.decline(reason) ...",
            )
        if turn == last:
            found[call.id] = decision
    return found


def _call_of(record: RunRecord, name: str) -> tuple[int, ToolCall]:
    calls = [(turn.number, call) for turn in record.turns for call in turn.calls]
    named = [one for one in calls if name in {one[1].id, key_of(record.id, one[0], one[1].id)}]
    if not named:
        there = f"its calls are {', '.join(call.id for _, call in calls)}" if calls else "it has none"
        raise Misused(f"the run {record.id} has no call {name!r} to decide on", hint=f"{there}: use request.call.id")
    if len({turn for turn, _ in named}) > 1:
        raise Misused(f"the run {record.id} has calls {name!r} in several turns", hint="decide by request.key")
    return named[0]


def _held(answer: Answer | None, plan: Plan) -> object:
    if answer is None:
        return NoValue("the model never answered")
    if plan.typed is None:
        return answer.text
    try:
        value: object = plan.typed.form.read(answer.text)
    except ValueRefused as refused:
        return NoValue(refused.message)
    return value


def result_of_record(record: RunRecord, talk: Talk, plan: Plan) -> RunResult[Any]:
    """What came of a run that is done."""
    for turn in record.turns:
        talk.took(turn.input, turn.output)
    last = record.turns[-1] if record.turns else None
    answer = talk.answer_of(last) if last else None
    return RunResult(
        held=_held(answer, plan),
        name=plan.name,
        usage=usage_of(record),
        answer=answer,
        turns=len(record.turns),
        calls=tuple(results_of(record, record.turns)),
        stopped="stop_condition" if last and last.calls else "done",
        record=record,
        items=tuple(talk.items),
    )
