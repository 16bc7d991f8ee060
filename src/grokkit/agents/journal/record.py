"""What is written down of a run: enough to go on with it in another process, and to repeat no effect."""

import uuid
from typing import Any, Literal

import msgspec

from grokkit.tools.settings import Effects
from grokkit.wire.events import ToolCall
from grokkit.wire.usage import Usage

Item = dict[str, Any]
RunStatus = Literal["running", "paused", "done", "failed"]
Status = Literal["done", "failed", "refused", "unknown", "timed_out", "declined"]
"""What became of a call, as `ToolResult.status` tells it."""


class Claim(msgspec.Struct, frozen=True):
    """The right to write to a run, until somebody else claims it."""

    run_id: str
    epoch: int


class CallRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call of a tool: written before it is made, with `status="intended"`, and again with what came of it."""

    turn: int
    call: ToolCall
    """As the model asked for it."""
    effects: Effects
    key: str
    """The call's idempotency key."""
    status: Literal["intended"] | Status = "intended"
    output: str = ""
    """What the model reads."""
    error: str | None = None
    seconds: float = 0.0
    cached: bool = False
    arguments: str | None = None
    """What the tool was given, when whoever approved the call changed it."""
    begun: int = 0
    """How often it was announced that the call is going to be made."""
    reviewed: bool = True
    """Whether the hooks that may change a result have seen it."""
    nested: dict[str, Usage] = {}
    """What runs within the call consumed, by their ids."""

    @property
    def settled(self) -> bool:
        """Whether it is known what came of the call."""
        return self.status not in {"intended", "unknown"}


class TurnRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question to the model and its answer. It is written before the calls that the answer asks for are made."""

    number: int
    """1 for the first."""
    input: list[Item] = []
    """What was new in the question: the prompt, or the results of the turn before."""
    output: list[Item] = []
    calls: list[ToolCall] = []
    """The calls of your functions that the answer asks for."""
    usage: Usage | None = None
    answer_id: str = ""
    model: str = ""
    request_id: str | None = None


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run as far as it came; it can be carried elsewhere as JSON.

    >>> record = RunRecord(id="order-7", agent="clerk", prompt=[{"role": "user", "content": "Pay it"}])
    >>> RunRecord.from_json(record.to_json()) == record
    True
    """

    id: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)
    agent: str = ""
    dialect: Literal["responses", "chat"] = "responses"
    session: str | None = None
    """The name of the session in which its turns are, if there is one."""
    tenant: str = ""
    model: str = ""
    created: float = 0.0
    """Seconds since 1970."""
    prompt: list[Item] = []
    turns: list[TurnRecord] = []
    calls: list[CallRecord] = []
    """In the order in which they were first written."""
    status: RunStatus = "running"
    epoch: int = 1
    """How often somebody took the run over: who wrote under an earlier epoch may write no more."""

    @property
    def claim(self) -> Claim:
        """The right to write that came with this record."""
        return Claim(self.id, self.epoch)

    def call(self, turn: int, call_id: str) -> CallRecord | None:
        """What is known of a call; None when it was neither begun nor settled."""
        return next((one for one in self.calls if one.turn == turn and one.call.id == call_id), None)

    def to_json(self) -> bytes:
        """The record as JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, text: bytes | str) -> "RunRecord":
        """The record that `to_json` gave. Raises `msgspec.ValidationError` for anything else."""
        return msgspec.json.decode(text, type=cls)


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a run without reading it."""

    id: str
    agent: str
    status: RunStatus
    created: float
    """Seconds since 1970."""
    model: str = ""
    tenant: str = ""
    epoch: int = 1
    turns: int = 0


def info_of(record: RunRecord) -> RunInfo:
    """What is known of a run without its turns."""
    return RunInfo(
        id=record.id,
        agent=record.agent,
        status=record.status,
        created=record.created,
        model=record.model,
        tenant=record.tenant,
        epoch=record.epoch,
        turns=len(record.turns),
    )
