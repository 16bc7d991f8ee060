"""How bytes leave and arrive: the one-method protocol and its implementations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from grokkit.call import Call, Reply


class Transport(Protocol):
    """Anything that can carry a call: one method. An `aclose()` coroutine method is called when there is one.

    The reply may have any status: errors are made of it further out. It belongs to the receiver, and comes as soon as
    its head is here, with its body as a stream; or whole, where it came with the head and no stream was asked for.
    Failures on the way are raised as `ConnectionFailed` (nothing was sent) or `ConnectionLost` (the server may have
    acted).
    """

    def send(self, call: Call) -> Awaitable[Reply]:
        """Send the call and wait for the head of its reply, at most `call.limits.connect` seconds for a connection."""
        ...
