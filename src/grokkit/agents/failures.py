"""What an error knows of the run that it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from grokkit.agents.journal.record import RunRecord

E = TypeVar("E", bound=BaseException)


def remembering(error: E, record: RunRecord) -> E:
    """The error, which knows its run from now on. Where runs are nested, the outermost is the one to go on with."""
    vars(error)["run_record"] = record
    return error


def record_of(error: BaseException) -> RunRecord | None:
    """The record of the run that this error ended: `agent.resume(record_of(error))` goes on from there.

    >>> record_of(ValueError()) is None
    True
    """
    return vars(error).get("run_record")
