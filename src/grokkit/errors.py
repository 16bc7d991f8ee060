"""Every error grokkit raises, in four families by what the caller can do.

* GrokError
  - BadCall: fix the call
    - InvalidRequest > ContextTooLong, ParameterRejected
    - NotFound > ModelNotFound
    - RequestTooLarge, ContentRefused, DownloadRefused, ConfigInvalid, ExtraMissing
    - Misused > ClientClosed, StreamNotOpen, BlockingCallRefused
  - TryLater: wait and retry
    - RateLimited, NoCapacity, QueueFull, CircuitOpen
    - ServerFailed > EdgeFailed, ResponseFailed
    - ConnectionFailed (nothing was sent) > NameNotResolved, ConnectTimedOut
    - ConnectionLost (something was sent)
    - TimedOut > FirstEventTimedOut, StreamStalled, WireTimedOut, DeadlineExceeded > WouldExceedDeadline
    - StreamInterrupted
  - AskSomeone: credentials, permission, money
    - KeyMissing, KeyRejected, PermissionDenied, OutOfCredits, CertificateRejected
  - ReportBug: report a bug
    - ReplyUnreadable > StreamCorrupted
    - ReplyTooLarge > EventTooLarge

`retryable` says whether the same call could succeed when it is made again; `docs/errors.md` has a section
on each class. No text that goes in here comes out with a key in it: the constructor masks them.
"""

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

import msgspec

from grokkit.masking import mask_keys

if TYPE_CHECKING:
    from grokkit.wire.answer import Answer


_masked_url = functools.lru_cache(maxsize=256)(mask_keys)
_NOTHING_RAN = frozenset({408, 429, 503, 529})


class CallRef(msgspec.Struct, frozen=True):
    """Which call an error or an event belongs to.

    >>> str(CallRef("POST", "https://api.x.ai/v1/responses", "responses.create", "grok-4.7"))
    'POST /v1/responses (grok-4.7)'
    """

    method: str
    url: str
    operation: str
    model: str | None = None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "url", _masked_url(self.url))

    def __str__(self) -> str:
        address = self.url.partition("?")[0].partition("#")[0]
        _, scheme, rest = address.partition("://")
        path = "/" + rest.partition("/")[2] if scheme else address
        return f"{self.method} {path}" + (f" ({self.model})" if self.model else "")


class Details(TypedDict, total=False):
    """What an error can know besides its message; every field is optional."""

    hint: str | None
    status: int | None
    code: str | None
    param: str | None
    request_id: str | None
    client_request_id: str | None
    retryable: bool | None
    retry_after: float | None
    call: CallRef | None
    body: str | None


class GrokError(Exception):
    """The root: catch it to catch everything grokkit raises.

    `status` is the HTTP status, `code` and `param` are the server's own words, `retry_after` is in seconds,
    `body` is the start of the server's reply, `attempts` counts how often the call was made.

    >>> error = RateLimited("Too many requests", status=429, request_id="7f3a")
    >>> print(error.with_call(CallRef("POST", "/v1/responses", "responses.create", "grok-4.7"), "c1"))
    Too many requests (429)
    call: POST /v1/responses (grok-4.7)
    ids: request 7f3a, client c1
    try: wait, then send fewer calls or tokens a minute, or ask xAI for a higher limit
    >>> error.retryable
    True
    """

    hint: str | None = None
    retryable: bool = False
    _ambiguous: bool = False

    def __init__(self, message: str, **details: Unpack[Details]) -> None:
        self.message = mask_keys(message)
        super().__init__(self.message)
        self.status = details.get("status")
        self.code = _masked(details.get("code"))
        self.param = _masked(details.get("param"))
        self.request_id = _masked(details.get("request_id"))
        self.client_request_id = details.get("client_request_id")
        self.retry_after = details.get("retry_after")
        self.call = details.get("call")
        self.body = _masked(details.get("body"))
        self.attempts = 1
        self.hint = _masked(details.get("hint") or self.hint)
        if (retryable := details.get("retryable")) is not None:
            self.retryable = retryable

    @property
    def may_have_run(self) -> bool:
        """Whether the server may have run the call, and billed it, although no answer came."""
        return self._ambiguous and self.status not in _NOTHING_RAN

    def with_call(self, call: CallRef, client_request_id: str) -> Self:
        """The same error, knowing its call and the client's id for it; what it knew already stays."""
        if self.call is None:
            self.call = call
        if self.client_request_id is None:
            self.client_request_id = client_request_id
        return self

    def __str__(self) -> str:
        code = self.code if self.code and " " not in self.code else None
        reply = " ".join(dict.fromkeys(str(part) for part in (self.status, code) if part))
        return "\n".join([f"{self.message} ({reply})" if reply else self.message, *_known_lines(self)])

    def __repr__(self) -> str:
        known = {"status": self.status, "code": self.code, "param": self.param, "request_id": self.request_id}
        details = "".join(f", {name}={value!r}" for name, value in known.items() if value is not None)
        return f"{type(self).__name__}({self.message!r}{details})"


def _masked(text: str | None) -> str | None:
    return None if text is None else mask_keys(text)


def _known_lines(error: GrokError) -> list[str]:
    attempts = f", {error.attempts} attempts" if error.attempts > 1 else ""
    ids = {"request": error.request_id, "client": error.client_request_id}
    lines = {
        "call": f"{error.call}{attempts}" if error.call else "",
        "ids": ", ".join(f"{name} {value}" for name, value in ids.items() if value),
        "try": error.hint,
    }
    return [f"{name}: {text}" for name, text in lines.items() if text]


class BadCall(GrokError):
    """Fix the call: making the same one again fails the same way."""


class InvalidRequest(BadCall):
    """The server understood the call and refused what was in it; `param` names the field when known."""

    hint = "change what the message names; the same call will be refused again"


class ContextTooLong(InvalidRequest):
    """The conversation does not fit the model's context window."""

    hint = "lower max tokens or shorten the conversation, or choose a model with a larger context window"


class ParameterRejected(InvalidRequest):
    """The model does not take this parameter, or not this value of it; `param` names it when known."""

    hint = "leave the parameter out, change its value, or choose a model that takes it"


class NotFound(BadCall):
    """No such address, response, file, video or other thing; it may have expired."""

    hint = "check the id and base_url; stored responses expire after 30 days"


class ModelNotFound(NotFound):
    """No model of this name is served to this key."""

    hint = "`grokkit models` lists the models this key can use"


class RequestTooLarge(BadCall):
    """The request or a file in it is larger than the server takes."""

    hint = "send less: smaller or fewer images and files (a file may have 50 MB)"


class ContentRefused(BadCall):
    """The content was stopped by xAI's usage policy."""

    hint = "change the content; the message names the check that failed, when the server said so"


class DownloadRefused(BadCall):
    """A file was not fetched, or not kept: its address, type or size is not allowed, or there is no room for it."""

    hint = "download what the rules allow, or widen them: hosts=..., types=..., max_size=..."


class ConfigInvalid(BadCall):
    """A setting has a wrong name, type or value."""

    hint = "`grokkit config explain` shows where each setting comes from"


class ExtraMissing(BadCall):
    """An optional dependency is not installed; `extra` is the extra that brings it."""

    def __init__(self, message: str, *, extra: str | None = None, **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self.extra = extra
        self.hint = self.hint or (f"pip install 'grokkit[{extra}]'" if extra else None)


class Misused(BadCall):
    """The program used grokkit in a way that cannot work."""


class ClientClosed(Misused):
    """The client was closed before this call."""

    hint = "make the call inside the client's `with` block, or make a new client"


class StreamNotOpen(Misused):
    """The stream was read before it was opened or after it was closed."""

    hint = "read the stream inside its `with` block"


class BlockingCallRefused(Misused):
    """A blocking call was made from grokkit's own event loop, where it would wait for itself."""

    hint = "use AsyncGrok and `await` there"


class TryLater(GrokError):
    """Wait and retry: the same call may succeed later."""

    hint = "wait a moment and make the call again"
    retryable = True


class RateLimited(TryLater):
    """Calls came too fast.

    `observed` and `limit` hold the server's figures when it gave them: `{"requests_per_minute": 60.0}`.
    """

    hint = "wait, then send fewer calls or tokens a minute, or ask xAI for a higher limit"

    def __init__(
        self,
        message: str,
        *,
        observed: Mapping[str, float] | None = None,
        limit: Mapping[str, float] | None = None,
        **details: Unpack[Details],
    ) -> None:
        super().__init__(message, **details)
        self.observed = dict(observed or {})
        self.limit = dict(limit or {})


class NoCapacity(TryLater):
    """The model is overloaded; your own rate is not the cause."""

    hint = 'wait, use another model, or ask for service_tier="priority"'


class QueueFull(TryLater):
    """As many calls wait for the rate limit as may: this one was not queued, and nothing was sent."""

    hint = "make fewer calls at a time, or raise RateLimit(queue=...)"


class CircuitOpen(TryLater):
    """Calls of this kind failed too often just now: nothing is sent before `retry_after` seconds have passed."""

    hint = "wait, or name other models in fallback=; client.health() shows every circuit"


class ServerFailed(TryLater):
    """The server failed while it worked on the call."""

    _ambiguous = True
    hint = "make the call again in a moment; https://status.x.ai shows known trouble"


class EdgeFailed(ServerFailed):
    """The edge in front of the API (Cloudflare or another proxy) could not reach it."""


class ResponseFailed(ServerFailed):
    """The reply began well and then reported that it failed."""

    hint = "make the call again; if it repeats, leave encrypted reasoning of earlier turns out of the input"


class ConnectionFailed(TryLater):
    """No connection could be made: nothing was sent."""

    hint = "check the network, the proxy settings and base_url; `grokkit doctor` tries each step"


class NameNotResolved(ConnectionFailed):
    """The host name has no address."""


class ConnectTimedOut(ConnectionFailed):
    """The connection was not made in the time given for it."""


class ConnectionLost(TryLater):
    """The connection broke after something was sent: the server may have run the call, and billed it."""

    _ambiguous = True


class TimedOut(TryLater):
    """A time limit passed."""

    _ambiguous = True
    hint = "raise the limit that passed: timeout=Timeouts(total, connect, first_event, idle, wire), in seconds"


class FirstEventTimedOut(TimedOut):
    """The stream was opened and its first event did not come in time."""

    hint = "raise Timeouts.first_event: a reasoning model may think for minutes before its first event"


class StreamStalled(TimedOut):
    """The stream is alive and makes no progress: bytes may come, events do not."""

    hint = "raise Timeouts.idle if the model may think that long between two events"


class WireTimedOut(TimedOut):
    """No byte at all came in time: the connection is dead or the server hangs."""


class DeadlineExceeded(TimedOut):
    """The time for the whole call, all attempts together, is used up."""

    retryable = False


class WouldExceedDeadline(DeadlineExceeded):
    """The call could not have been served in its time, as recent figures say: nothing was sent."""

    hint = "allow more time (timeout=), raise its priority, or send fewer calls"
    _ambiguous = False


class StreamInterrupted(TryLater):
    """The stream broke after output was seen; `partial` is the answer so far, or None."""

    _ambiguous = True
    hint = "use error.partial, or make the call again: it is answered, and billed, from the start"

    def __init__(self, message: str, *, partial: "Answer | None" = None, **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self.partial = partial


class AskSomeone(GrokError):
    """Credentials, permission or money are needed; waiting does not help."""


class KeyMissing(AskSomeone):
    """No API key was found."""

    hint = 'set XAI_API_KEY or pass api_key="xai-..."; keys are made at https://console.x.ai'


class KeyRejected(AskSomeone):
    """The API key or token is wrong, revoked or expired."""

    hint = "set XAI_API_KEY to a valid key from https://console.x.ai; `grokkit doctor` shows which one is used"


class PermissionDenied(AskSomeone):
    """The key is valid and may not do this."""

    hint = "ask the owner of the team for the permission: console.x.ai, API keys, endpoints and models"


class OutOfCredits(AskSomeone):
    """The team's credits are used up or its spending limit is reached; retrying never helps."""

    hint = "top up credits or raise the spending limit at https://console.x.ai"


class CertificateRejected(AskSomeone):
    """The server's certificate is not trusted by this machine."""

    hint = "if your organisation's proxy opens TLS, name its CA file in SSL_CERT_FILE"


class ReportBug(GrokError):
    """Neither you nor waiting can help: please report it, with the ids."""

    hint = "report it with the ids above"


class ReplyUnreadable(ReportBug):
    """The reply is not what the API promises."""

    hint = "check that base_url is an xAI-compatible API (https://api.x.ai/v1); if it is, report this"


class StreamCorrupted(ReplyUnreadable):
    """A frame of the stream could not be read."""


class ReplyTooLarge(ReportBug):
    """The reply grew past the limit for bodies and was cut off."""


class EventTooLarge(ReplyTooLarge):
    """One event of a stream grew past the limit for events."""
