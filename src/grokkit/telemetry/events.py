"""The records that hooks receive. They hold no content and no secret; times are seconds."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

import msgspec

from grokkit.errors import CallRef
from grokkit.wire.usage import Usage


class OfCall(msgspec.Struct, frozen=True, kw_only=True):
    """What every event of one call tells."""

    call: CallRef
    client_request_id: str


class CallStarted(OfCall, frozen=True, kw_only=True):
    """A call sets out."""


class ReplyStarted(OfCall, frozen=True, kw_only=True):
    """The head of a reply is here."""

    request_id: str | None
    status: int
    elapsed: float


class OutputStarted(OfCall, frozen=True, kw_only=True):
    """A stream gave its first output (text, reasoning or a tool call)."""

    request_id: str | None
    elapsed: float


class CallFinished(OfCall, frozen=True, kw_only=True):
    """A call has its answer. A stream's call finishes when the stream is closed."""

    request_id: str | None
    elapsed: float
    time_to_output: float | None
    """From the start of the call to the first output of a stream."""
    model: str | None
    """The model that served."""
    usage: Usage | None
    complete: bool
    """False when a stream was left before its end."""


class CallFailed(OfCall, frozen=True, kw_only=True):
    """A call ended without an answer."""

    request_id: str | None
    elapsed: float
    error: Exception | None
    """A `GrokError`, or what a layer, a key function or a transport of yours raised; `None` when the call was
    cancelled."""


class Queued(OfCall, frozen=True, kw_only=True):
    """A call waits for its turn under a rate limit."""

    position: int
    """How many wait in this queue, this one included."""
    wait: float
    """How long it will be, as far as can be told."""


class Admitted(OfCall, frozen=True, kw_only=True):
    """A call that was queued sets out."""

    waited: float


class LimitLearned(OfCall, frozen=True, kw_only=True):
    """The server told what it allows."""

    limits: Mapping[str, float]
    """By name: `requests_per_second`, `requests_per_minute`, `tokens_per_minute`."""


class Retried(OfCall, frozen=True, kw_only=True):
    """A call is going to be made again."""

    attempt: int
    """The number of the coming try: 2 for the first retry."""
    delay: float
    error: Exception
    """Why."""
    may_have_run: bool
    """Whether the try that failed may have been run, and billed: then this one may cost a second time."""


class RetryRefused(OfCall, frozen=True, kw_only=True):
    """A call that could have been made again is not."""

    attempt: int
    """The number of the last try."""
    error: Exception
    reason: str
    """`attempts`, `budget`, `deadline`, `ceiling`, `ambiguous` or `effects`."""


class CircuitOpened(OfCall, frozen=True, kw_only=True):
    """Calls of this kind failed too often: no more are sent for a while."""

    circuit: str
    failure_rate: float
    slow_rate: float
    open_for: float


class CircuitProbed(OfCall, frozen=True, kw_only=True):
    """An open circuit lets this one call through, to see."""

    circuit: str


class CircuitClosed(OfCall, frozen=True, kw_only=True):
    """The probe went well: calls are sent again."""

    circuit: str


class Hedged(OfCall, frozen=True, kw_only=True):
    """The answer is late: a second try was sent beside the first."""

    after: float


class HedgeSettled(OfCall, frozen=True, kw_only=True):
    """Two tries are over: one answered and the other was dropped, and may still be billed; or neither answered."""

    winner: int | None
    """1 for the first try, 2 for the second; None when both failed, or nobody waits for them any more."""
    elapsed: float
    """How long the one that lost ran; when neither answered, the first."""


class FellBack(OfCall, frozen=True, kw_only=True):
    """Another model or server is asked."""

    asked: str
    """Who failed."""
    served: str
    """Who is asked now."""
    reason: str
    """`capacity`, `circuit`, `context`, `parameter`, `rate_limit` or `failure`."""
    error: Exception


class Joined(OfCall, frozen=True, kw_only=True):
    """An equal call is on its way already: this one shares its reply."""

    leader: str
    """The client request id of the call that was sent."""


class CacheHit(OfCall, frozen=True, kw_only=True):
    """A stored answer was given: nothing was sent, and nothing is billed."""

    stale: bool
    """Whether its time was over, and a new one is being fetched."""
    saved_ticks: int
    """What the answer cost when it was new; 0 when nobody knows."""


class CacheMissed(OfCall, frozen=True, kw_only=True):
    """No answer is stored that may be given: the call goes on."""


class CacheStored(OfCall, frozen=True, kw_only=True):
    """An answer was stored."""

    size: int
    """In bytes."""


class CacheRefused(OfCall, frozen=True, kw_only=True):
    """An answer is not stored, or not looked for, or not fetched anew."""

    reason: str
    """By what was asked: `conversation`, `deferred`, `temperature`, `effects`. By what came: `cut_off`, `filtered`,
    `refused`, `tool_calls`, `server_tools`, `empty`, `unfinished`, `failed`, `joined`, `redacted`, `fallback`,
    `cached`, `size`, `invalidated`, `store` (which failed). By what fetching new ones costs: `refresh_usd`."""


class StateLost(msgspec.Struct, frozen=True, kw_only=True):
    """A shared store cannot be reached: what is kept there is this process's own until it can."""

    store: str
    error: Exception


class StateRecovered(msgspec.Struct, frozen=True, kw_only=True):
    """A shared store is in use again."""

    store: str
    lost_for: float


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

    @property
    def raw(self) -> dict[str, Any]:
        """The whole reply as the server gave it."""
        ...


Event: TypeAlias = (
    CallStarted
    | ReplyStarted
    | OutputStarted
    | CallFinished
    | CallFailed
    | Queued
    | Admitted
    | LimitLearned
    | Retried
    | RetryRefused
    | CircuitOpened
    | CircuitProbed
    | CircuitClosed
    | Hedged
    | HedgeSettled
    | FellBack
    | Joined
    | CacheHit
    | CacheMissed
    | CacheStored
    | CacheRefused
    | StateLost
    | StateRecovered
)
Hook: TypeAlias = Callable[[Event], None]
