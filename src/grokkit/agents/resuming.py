"""The result of a run that is done, from its record: nothing is asked, nothing is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.agents.outcome import NoValue, RunResult
from grokkit.agents.progress import spent_before, turn_results
from grokkit.tools.refusals import ValueRefused

if TYPE_CHECKING:
    from grokkit.agents.journal.record import RunRecord
    from grokkit.agents.plan import Plan
    from grokkit.agents.talks import Talk
    from grokkit.wire.answer import Answer


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
        usage=spent_before(record).usage,
        answer=answer,
        turns=len(record.turns),
        calls=tuple(result for turn in record.turns for result in turn_results(record, turn)),
        stopped="stop_condition" if last and last.calls else "done",
        record=record,
        items=tuple(talk.items),
    )
