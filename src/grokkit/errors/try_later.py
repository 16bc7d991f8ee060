"""Wait and retry: the same call may succeed later."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Unpack

from grokkit.errors.root import Details, GrokError

if TYPE_CHECKING:
    from grokkit.wire.answer import Answer


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


class StoreUnavailable(TryLater):
    """A shared store cannot be reached, does not answer in time, or has no room: what was asked was not done."""

    hint = "see that the store runs, can be reached and has room"


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
