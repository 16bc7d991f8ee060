"""What can go wrong on the wire, as a value: attached to a scripted answer, or drawn by chance with a seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from grokkit.errors import Misused
from grokkit.testing.simulator.latency import Latency, check_latency
from grokkit.testing.simulator.matching import Conditions, check_conditions, fits, means_sockets
from grokkit.testing.simulator.nearest import check_names

if TYPE_CHECKING:
    from datetime import datetime

    from grokkit.testing.simulator.visit import Visit

FOR_EVER = float("inf")


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ways for one reply to go wrong. Times are seconds on the simulator's clock; `None` is off.

    Events of a stream are counted from 0, and a plain reply is one event. On sockets the messages of one answer are
    its events: those of a turn on `/v1/responses` and `/v1/realtime`, of an utterance on `/v1/tts`, and what was said
    between two silences on `/v1/stt`. What is about headers or halves of events leaves them alone.

    >>> Fault(cut_at_byte=200)
    Fault(cut_at_byte=200)
    """

    status: int | None = None
    """Answer with this status, and the API's own body for it, instead of the reply."""
    error: str | None = None
    """Answer with this error by name (`capacity`, `credits` ...) instead of the reply."""
    retry_after: float | str | datetime | None = None
    """The `Retry-After` header of that error: seconds, a date, or as written."""
    latency: Latency | None = None
    """Wait before the headers: seconds, or `uniform:0.1,0.4`, `lognormal:0.3,0.5`."""
    pace: float | None = None
    """Generate this many tokens a second."""
    stall_before_headers: bool = False
    stall_after_headers: bool = False
    stall_at_event: int | None = None
    """Stall before the event of this number."""
    stall_mid_event: int | None = None
    """Stall in the middle of the event of this number."""
    stall_seconds: float = FOR_EVER
    """How long a stall lasts."""
    hang_up: bool = False
    """Close the connection without a reply."""
    cut_at_byte: int | None = None
    """Close the connection after that many bytes of the body."""
    error_at_event: int | None = None
    """Put an error frame in the place of that event, and end the stream."""
    duplicate: int | None = None
    """Send the event of this number twice."""
    reorder: int | None = None
    """Swap the event of this number with the next."""
    corrupt: int | None = None
    """Break the JSON of the event of this number."""
    drop: int | None = None
    """Leave out the event of this number."""
    end_after: int | None = None
    """End the stream in good order after that many events: no end of the answer, no `[DONE]`."""
    keep_alive: Literal["comment", "ping"] | None = None
    """What is sent while a stream is silent."""
    keep_alive_every: float = 15.0
    plain_error_in_stream: bool = False
    """Answer a streamed request with status 200 and an error as a JSON body."""

    def __post_init__(self) -> None:
        check_latency(self.latency)
        if self.keep_alive not in {None, "comment", "ping"}:
            raise Misused(f"there is no keep-alive named {self.keep_alive!r}", hint="known are: comment, ping")
        if self.pace is not None and self.pace <= 0:
            raise Misused(f"a pace of {self.pace:g} tokens a second never ends", hint="give more than 0")

    def __repr__(self) -> str:
        fields = ", ".join(
            f"{name}={value!r}" for name, value in msgspec.structs.asdict(self).items() if value != _default(name)
        )
        return f"Fault({fields})"

    @property
    def touches_events(self) -> bool:
        """Whether anything happens to the events themselves."""
        return any(getattr(self, name) is not None for name in _OF_EVENTS)


_DEFAULTS = dict(zip(Fault.__struct_fields__, Fault.__struct_defaults__, strict=True))
_OF_EVENTS = (
    "stall_at_event",
    "stall_mid_event",
    "cut_at_byte",
    "error_at_event",
    "duplicate",
    "reorder",
    "corrupt",
    "drop",
    "end_after",
    "keep_alive",
)
NO_FAULT = Fault()
_OF_REQUESTS: dict[str, object] = {
    "stall_after_headers": False,
    "stall_mid_event": None,
    "plain_error_in_stream": False,
    "retry_after": None,
}
"""What cannot happen to messages on a socket, which have no headers and arrive whole."""


def make_fault(fields: dict[str, Any]) -> Fault:
    """The fault with these fields. Raises `Misused` with the nearest name for one that does not exist."""
    check_names("fault", fields, _DEFAULTS)
    return Fault(**fields)


def on_messages(fault: Fault) -> Fault:
    """What of a fault can happen to messages on a socket.

    >>> on_messages(Fault(stall_mid_event=2, drop=1))
    Fault(drop=1)
    """
    if not _not_on_messages(fault):
        return fault
    silent = {"keep_alive": None} if fault.keep_alive == "comment" else {}
    left: Fault = msgspec.structs.replace(fault, **_OF_REQUESTS, **silent)
    return NO_FAULT if left == NO_FAULT else left


def check_on_messages(fault: Fault, conditions: Conditions) -> None:
    """Raise `Misused` for a fault that can never happen where the conditions mean sockets alone."""
    wrong = _not_on_messages(fault) if means_sockets(conditions) else []
    if wrong:
        raise Misused(
            f"{wrong[0]} cannot happen to messages on a socket, which have no headers and arrive whole",
            hint="stall_before_headers, stall_at_event, cut_at_byte, hang_up, corrupt and keep_alive='ping' can",
        )


def _not_on_messages(fault: Fault) -> list[str]:
    wrong = [name for name, off in _OF_REQUESTS.items() if getattr(fault, name) != off]
    return [*wrong, "keep_alive='comment'"] if fault.keep_alive == "comment" else wrong


class Chance(msgspec.Struct, kw_only=True):
    """A fault that befalls some of the requests that fit."""

    probability: float
    fault: Fault
    conditions: Conditions
    seed: str
    met: int = 0
    """How many requests fitted so far."""

    def __post_init__(self) -> None:
        check_conditions(self.conditions)
        check_on_messages(self.fault, self.conditions)
        if not 0 <= self.probability <= 1:
            raise Misused(f"a probability of {self.probability:g}", hint="give a number from 0 (never) to 1 (always)")

    def drawn(self, visit: Visit) -> Fault | None:
        """The fault, if it befalls this request. The n-th request that fits always has the same luck."""
        if not fits(self.conditions, visit):
            return None
        self.met += 1
        luck = random.Random(f"{self.seed}:{self.met}").random()  # noqa: S311 - luck, not secrecy
        return self.fault if luck < self.probability else None


def _default(name: str) -> object:
    return _DEFAULTS[name]
