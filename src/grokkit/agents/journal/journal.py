"""What a journal is asked for. A write that was acknowledged is there after a crash, and comes before what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from grokkit.errors import BadCall, NotFound

if TYPE_CHECKING:
    from grokkit.agents.journal.record import CallRecord, Claim, RunInfo, RunRecord, RunStatus, TurnRecord


class RunTaken(BadCall):
    """Somebody else has resumed the run: what this runner wanted to write was not written, and not done."""

    hint = "let the other runner go on; load the run to see how far it is"


class RunExists(BadCall):
    """A run of this id is in the journal already: it was not begun again."""

    hint = "resume it, or give the new run an id of its own"


class RunUnknown(NotFound):
    """No run of this id is in the journal."""

    hint = "see that the journal is the one in which the run was begun; its list shows the runs that it has"


class Journal(Protocol):
    """Runs, by id. Whoever begins or claims a run may write to it, until somebody else claims it.

    Every write raises `RunTaken` when the run was claimed by somebody else, `RunUnknown` when it is not there, and
    `StoreUnavailable` or `ConfigInvalid` when nothing can be written; then nothing was.
    """

    async def begin(self, record: RunRecord) -> None:
        """Write down a new run, with all that is in it. Raises `RunExists`."""
        ...

    async def turn(self, claim: Claim, turn: TurnRecord) -> None:
        """Write down a turn; one of the same number is replaced."""
        ...

    async def intend(self, claim: Claim, call: CallRecord) -> None:
        """Write down that a call is going to be made, before it is."""
        ...

    async def settle(self, claim: Claim, call: CallRecord) -> None:
        """Write down what came of a call."""
        ...

    async def finish(self, claim: Claim, status: RunStatus) -> None:
        """Write down how the run stands."""
        ...

    async def claim(self, run_id: str) -> RunRecord:
        """Take a run over, whoever has it: its record, under a new epoch. Raises `RunUnknown`."""
        ...

    async def adopt(self, record: RunRecord) -> RunRecord:
        """Take over a run that came as a record: as this journal knows it, or else as the record has it."""
        ...

    async def load(self, run_id: str) -> RunRecord:
        """A run as it stands. Raises `RunUnknown`."""
        ...

    async def delete(self, run_id: str) -> bool:
        """Forget a run for good; whether there was one."""
        ...

    async def aclose(self) -> None:
        """Let go of files of the running loop. Safe to call twice."""
        ...

    async def list(self, *, status: RunStatus | None = None, limit: int = 50) -> list[RunInfo]:
        """Runs, the newest first; those that stand so, where a status is given."""
        ...
