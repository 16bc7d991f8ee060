"""What can go wrong on the wire, as a value: attached to a scripted answer, or drawn by chance with a seed."""

from __future__ import annotations

import msgspec


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One way for a reply to go wrong. Times are seconds on the simulator's clock; `None` is off."""

    status: int | None = None
    """Answer with this status (its real body) instead of the reply."""
    retry_after: str | None = None
    """The `Retry-After` header of that status, as written: `"2"`, or an HTTP date."""
    latency: float | None = None
    """Wait before the headers."""
    stall_before_headers: bool = False
    stall_after_headers: bool = False
    stall_at_event: int | None = None
    """Send that many events, then nothing more, with the connection open."""
    stall_mid_event: int | None = None
    """Send that many events and half of the next, then nothing more."""
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
    keep_alive: str | None = None
    """`comment` or `ping`: what is sent while a stream is silent."""
    keep_alive_every: float = 15.0
    plain_error_in_stream: bool = False
    """Answer a streamed request with status 200 and an error as a JSON body."""


NO_FAULT = Fault()
