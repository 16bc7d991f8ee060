"""What came of a call of a tool."""

from collections.abc import Sequence
from typing import Unpack

import msgspec

from grokkit.agents.approval import ApprovalRequest
from grokkit.agents.journal.record import CallRecord, Status
from grokkit.errors import Details, StoreUnavailable
from grokkit.wire.events import ToolCall


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a call, and what the model reads of it. `str(result)` is that text.

    `status` is `done`, or why there is no proper result: the tool `failed`, the call was `refused` (no such tool,
    unfit arguments) or `declined` by who was asked; it `timed_out`, or it is `unknown` what came of it.
    """

    call: ToolCall
    output: str
    status: Status
    seconds: float = 0.0
    cached: bool = False
    """Whether an earlier result of the same arguments was used: the tool did not run."""
    key: str = ""
    """The call's idempotency key."""
    error: str | None = None
    """What went wrong and where, for who runs the program; the model reads `output`."""

    def __str__(self) -> str:
        return self.output

    @classmethod
    def of(cls, record: CallRecord) -> "ToolResult":
        """The result that a settled call has in the journal."""
        return cls(
            call=record.call,
            output=record.output,
            status="unknown" if record.status == "intended" else record.status,
            seconds=record.seconds,
            cached=record.cached,
            key=record.key,
            error=record.error,
        )


class Executed(msgspec.Struct, frozen=True):
    """What came of the calls of one turn."""

    results: list[ToolResult]
    """In the order of the calls, without those in `pending`."""
    pending: list[ApprovalRequest]
    """What somebody has to decide before the run can go on."""


class JournalUnavailable(StoreUnavailable):
    """The journal could not be written. A call that could not be announced was not made: nothing was done.

    `results` are those of calls that were made all the same, and of which the journal only knows that they were begun.
    """

    hint = "make the journal writable, then resume the run; decide on calls in error.results with Decision.result(text)"

    def __init__(self, message: str, *, results: Sequence[ToolResult] = (), **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self.results = list(results)
