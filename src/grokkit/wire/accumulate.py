"""Rebuilds the full reply from a stream's frames, and tells what each frame brought."""

from collections.abc import Iterable
from typing import Any, Protocol

from grokkit.wire.events import StreamEvent


class Accumulator(Protocol):
    """One stream's memory. Pure: frames in, events out."""

    ends_itself: bool
    """Whether nothing that matters can follow once the answer is `finished`."""
    begun: bool
    """Whether `[DONE]` may end the answer: something of it has been seen, and no frame of its own is to end it."""
    finished: bool
    """Whether the answer is at its end, so that a close of the connection is no loss."""

    def push(self, frame: bytes) -> Iterable[StreamEvent]:
        """Take the data of one frame in.

        Raises the error that the frame carries, or `StreamCorrupted` when it is no JSON.
        """
        ...

    def push_whole(self, body: bytes) -> Iterable[StreamEvent]:
        """Take in a plain reply, from a server that does not stream."""
        ...

    def end(self) -> Iterable[StreamEvent]:
        """The stream is over: what is still to be told."""
        ...

    def raw(self) -> dict[str, Any]:
        """The reply so far, as a plain call would have given it."""
        ...
