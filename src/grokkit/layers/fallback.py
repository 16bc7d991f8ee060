"""Fallback: others are asked, in order, when the one that was meant to cannot serve.

`fallback=["grok-4.3"]` names models; `fallback=["grok-4.3", elsewhere]` a model and a client: another account, another
region, any server that speaks the same dialect, which gets the call as that client would make it, for its own model.
Which failures count is said by `Fallback(to=..., on=...)`:

| condition | when | on by default |
|---|---|---|
| `capacity` | the model is overloaded (`NoCapacity`) | yes |
| `circuit` | it failed too often just now, so it is not asked (`CircuitOpen`) | yes |
| `context` | the conversation is too long for it (`ContextTooLong`) | yes |
| `parameter` | it does not take a parameter (`ParameterRejected`) | yes |
| `rate_limit` | calls come too fast (`RateLimited`), or too many wait (`QueueFull`) | no |
| `failure` | it failed otherwise in a way that waiting may mend, or it is not served any more (`ModelNotFound`) | no |

A model that is not found counts as a failure, since to the caller a retired model is an outage that never ends; that is
not on by default, since it would hide a mistyped name just as well. A call that used up its time is never made again.
A client that is closed is passed over, whatever the conditions are.

Each is asked under the same client request id and the same deadline, with its own retries before the next one's turn,
and with an idempotency key of its own, the same over its tries: what another model is asked is another request.
The same conditions hold for each: a failure of another kind ends the row. A call that may have run, and carries
server-side tools that change things, goes to nobody else.

When all fail, the first one's error is raised, since it is about what was asked for: with the tries of all in
`attempts`, and a note for each of the others. Notes (`error.__notes__`, shown in tracebacks) leave the message and the
hint as they are, which programs match and people read. Only where a later one may have run a call with effects is that
one's error raised instead: whoever reads it must know.

`reply.context["fell_back"]` has a `Handover` for each who passed the call on; the last one says who served.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from grokkit.call import IDEMPOTENCY
from grokkit.errors import (
    CircuitOpen,
    ClientClosed,
    ConfigInvalid,
    ContextTooLong,
    DeadlineExceeded,
    GrokError,
    ModelNotFound,
    NoCapacity,
    ParameterRejected,
    QueueFull,
    RateLimited,
    TryLater,
)
from grokkit.layers.effects import has_effects
from grokkit.layers.rate_limit.passing import PASSES_ON
from grokkit.owner import refused
from grokkit.telemetry.events import FellBack

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from grokkit.call import Call, Next, Reply

FELL_BACK = "fell_back"
"""The name in a reply's context of the handovers that led to it."""

_REASONS: tuple[tuple[type[GrokError], str], ...] = (
    (CircuitOpen, "circuit"),
    (NoCapacity, "capacity"),
    (ContextTooLong, "context"),
    (ParameterRejected, "parameter"),
    (RateLimited, "rate_limit"),
    (QueueFull, "rate_limit"),
    (ModelNotFound, "failure"),
    (ClientClosed, "failure"),
)


class Server(Protocol):
    """Who can be asked in the place of another: `Grok`, `AsyncGrok`, or anything of yours with this method."""

    def serving(self, call: Call) -> tuple[Call, Next]:
        """The call as this one makes it, and the way to send it."""
        ...


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """One who failed, and who was asked then."""

    asked: str
    """Who failed: the name of a model, and where it is served when that is another client's."""
    served: str
    """Who was asked next."""
    reason: str
    """`capacity`, `circuit`, `context`, `parameter`, `rate_limit` or `failure`."""
    error: str
    """What it was, by the name of its class."""
    message: str
    """What it said."""
    attempts: int
    """How often it was asked."""


class Fallbacks:
    """The layer. It stands outside the retries of each who is asked."""

    def __repr__(self) -> str:
        return "fallback"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """The reply of the first who serves."""
        if call.method != "POST" or call.model is None or not isinstance(call.body, Mapping):
            return await call_next(call)
        failures: list[_Failure] = []
        handovers: list[Handover] = []
        for target in _targets(call, call_next):
            if failures:
                handovers.append(_hand_over(call, failures[-1], target))
            try:
                reply = await _asked(target)
            except GrokError as error:
                failures.append(_Failure(target.name, error))
                if call.owner.closed or not reason_to_pass_on(call, error):
                    break
            else:
                if handovers:
                    reply.context[FELL_BACK] = tuple(handovers)
                return reply
        raise _verdict(call, failures)


class _Target(NamedTuple):
    name: str
    call: Call
    send: Next


class _Failure(NamedTuple):
    name: str
    error: GrokError


def reason_of(error: GrokError) -> str | None:
    """The condition under which this failure is a reason to ask another; None when it is under none.

    >>> from grokkit.errors import InvalidRequest, NoCapacity
    >>> reason_of(NoCapacity("busy")), reason_of(InvalidRequest("temperature is a number"))
    ('capacity', None)
    """
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    mends = isinstance(error, TryLater) and error.retryable and not isinstance(error, DeadlineExceeded)
    return "failure" if mends else None


def reason_to_pass_on(call: Call, error: GrokError) -> str | None:
    """The reason for which the call goes to the next one after this failure; None when it does not."""
    reason = reason_of(error)
    counts = isinstance(error, ClientClosed) or reason in call.policies.fallback.on
    return reason if counts and not _has_perhaps_acted(call, error) else None


def _asked(target: _Target) -> Awaitable[Reply]:
    if target.call.owner.closed:
        raise refused(target.call)
    return target.send(target.call)


def _has_perhaps_acted(call: Call, error: GrokError) -> bool:
    return error.may_have_run and has_effects(call)


def _targets(call: Call, call_next: Next) -> Iterator[_Target]:
    others = [each for each in call.policies.fallback.to if each != call.model]
    _refuse_unfit(call, others)
    yield _Target(call.model or "", _passing(call, call, others_left=bool(others)), call_next)
    for number, other in enumerate(others, start=2):
        if isinstance(other, str):
            name, made, send = other, _for_model(call, other), call_next
        else:
            made, send = other.serving(call)
            name = f"{made.model} at {_host(made.base_url)}"
        yield _Target(name, _passing(_with_own_key(made, call, number), call, others_left=number <= len(others)), send)


def _passing(made: Call, call: Call, *, others_left: bool) -> Call:
    """With a note, where others are left, that it need not wait for a model that cannot serve."""
    return made.replace(context={**made.context, PASSES_ON: call.policies.fallback.on}) if others_left else made


def _refuse_unfit(call: Call, others: Sequence[object]) -> None:
    unfit = [other for other in others if not isinstance(other, str) and not callable(getattr(other, "serving", None))]
    if unfit:
        raise ConfigInvalid(
            f"fallback= has something in it that cannot be asked: {type(unfit[0]).__name__}",
            hint='name models and clients: fallback=["grok-4.3", Grok(...)]',
            param="fallback",
            call=call.ref,
            client_request_id=call.id,
        )


def _for_model(call: Call, model: str) -> Call:
    body = call.body if isinstance(call.body, Mapping) else {}
    return call.replace(model=model, body={**body, "model": model})


def _with_own_key(made: Call, call: Call, number: int) -> Call:
    key = call.headers.get(IDEMPOTENCY)
    if key is None or made.headers.get(IDEMPOTENCY) != key:
        return made
    return made.replace(headers={**made.headers, IDEMPOTENCY: f"{key}-{number}"})


def _host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _hand_over(call: Call, failure: _Failure, target: _Target) -> Handover:
    error = failure.error
    reason = reason_of(error) or ""
    call.tell(FellBack, asked=failure.name, served=target.name, reason=reason, error=error)
    return Handover(
        asked=failure.name,
        served=target.name,
        reason=reason,
        error=type(error).__name__,
        message=error.message,
        attempts=error.attempts,
    )


def _verdict(call: Call, failures: Sequence[_Failure]) -> GrokError:
    """The error that the caller gets, when nobody served."""
    told = failures[-1] if _has_perhaps_acted(call, failures[-1].error) else failures[0]
    for name, error in failures:
        if error is not told.error:
            told.error.add_note(f"fallback: {name} failed too: {type(error).__name__}: {error.message}")
    told.error.attempts = sum(error.attempts for _, error in failures)
    return told.error
