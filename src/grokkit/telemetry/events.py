"""The records that hooks receive. They hold no content and no secret; times are seconds."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

import msgspec

from grokkit.errors import CallRef
from grokkit.wire.usage import Usage


class CallStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A call sets out."""

    call: CallRef
    client_request_id: str


class ReplyStarted(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a reply is here."""

    call: CallRef
    client_request_id: str
    request_id: str | None
    status: int
    elapsed: float


class OutputStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A stream gave its first output (text, reasoning or a tool call)."""

    call: CallRef
    client_request_id: str
    request_id: str | None
    elapsed: float


class CallFinished(msgspec.Struct, frozen=True, kw_only=True):
    """A call has its answer. A stream's call finishes when the stream is closed."""

    call: CallRef
    client_request_id: str
    request_id: str | None
    elapsed: float
    time_to_output: float | None
    """From the start of the call to the first output of a stream."""
    model: str | None
    """The model that served."""
    usage: Usage | None
    complete: bool
    """False when a stream was left before its end."""


class CallFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A call ended without an answer."""

    call: CallRef
    client_request_id: str
    request_id: str | None
    elapsed: float
    error: Exception | None
    """A `GrokError`, or what a layer, a key function or a transport of yours raised; `None` when the call was
    cancelled."""


class Answered(Protocol):
    """What an event needs to know of an answer."""

    @property
    def model(self) -> str:
        """The model that served."""
        ...

    @property
    def usage(self) -> Usage:
        """What it took."""
        ...


Event: TypeAlias = CallStarted | ReplyStarted | OutputStarted | CallFinished | CallFailed
Hook: TypeAlias = Callable[[Event], None]
