"""What a fault does to a body, event by event. Pure: it says when to stall and when to cut, and waits for nothing."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grokkit.testing.simulator.faults import Fault


class Interruption(enum.Enum):
    """What happens between two pieces."""

    STALL = "stall"
    CUT = "cut"


Piece: TypeAlias = "tuple[bytes, int]"
"""Bytes, and how many tokens they bring."""
Move: TypeAlias = "Piece | Interruption"

_COMMENT = b": keep-alive\n\n"
_PING = b'event: ping\ndata: {"type":"ping"}\n\n'


def spoil(events: Iterable[Piece], fault: Fault, error: bytes) -> Iterator[Move]:
    """The moves that send these events with this fault; `error` is what an error in mid-stream looks like.

    >>> from grokkit.testing.simulator.faults import Fault
    >>> list(spoil([(b"one", 1), (b"two", 1)], Fault(cut_at_byte=4), b""))
    [(b'one', 1), (b't', 1), <Interruption.CUT: 'cut'>]
    """
    spoiler = Spoiler(fault, error)
    for data, tokens in events:
        yield from spoiler.feed(data, tokens)
        if spoiler.is_over:
            return
    yield from spoiler.rest()


def spoil_body(body: bytes, fault: Fault) -> Iterator[Move]:
    """The moves that send a plain body with what of a fault applies to one."""
    applies = msgspec.structs.replace(
        fault,
        corrupt=None if fault.corrupt is None else 0,
        **dict.fromkeys(("error_at_event", "duplicate", "reorder", "drop", "end_after"), None),
    )
    return spoil([(body, 0)], applies, b"")


class Spoiler:
    """Does to events what a fault says, one by one as they come. Once it `is_over`, nothing more goes out."""

    def __init__(self, fault: Fault, error: bytes) -> None:
        self.is_over = False
        self._fault = fault
        self._error = error
        self._left = fault.cut_at_byte
        self._number = 0
        self._place = 0
        self._held: tuple[int, bytes, int] | None = None

    def feed(self, data: bytes, tokens: int) -> Iterator[Move]:
        """The moves that the next event makes."""
        number, self._number = self._number, self._number + 1
        if number == self._fault.reorder:
            self._held = (number, data, tokens)
            return
        yield from self._changed(number, data, tokens)
        yield from self.rest()

    def rest(self) -> Iterator[Move]:
        """The event that was held back, if one was."""
        held, self._held = self._held, None
        if held is not None:
            yield from self._changed(*held)

    def _changed(self, number: int, data: bytes, tokens: int) -> Iterator[Move]:
        fault, place = self._fault, self._place
        self._place += 1
        if place == fault.end_after:
            self.is_over = True
        if self.is_over or number == fault.drop:
            return
        if number == fault.error_at_event:
            yield from self._stalled(number, self._error, 0)
            self.is_over = True
            return
        yield from self._stalled(number, _corrupted(data) if number == fault.corrupt else data, tokens)
        if number == fault.duplicate:
            yield from self._stalled(number, data, 0)

    def _stalled(self, number: int, data: bytes, tokens: int) -> Iterator[Move]:
        if number == self._fault.stall_at_event:
            yield Interruption.STALL
        if number == self._fault.stall_mid_event:
            half = len(data) // 2
            yield from self._cut(data[:half], tokens)
            yield Interruption.STALL
            data, tokens = data[half:], 0
        yield from self._cut(data, tokens)

    def _cut(self, data: bytes, tokens: int) -> Iterator[Move]:
        if self.is_over:
            return
        if self._left is not None and len(data) > self._left:
            yield data[: self._left], tokens
            self.is_over = True
            yield Interruption.CUT
            return
        if self._left is not None:
            self._left -= len(data)
        yield data, tokens


def keep_alive(kind: str) -> bytes:
    """What is sent in a silence."""
    return _COMMENT if kind == "comment" else _PING


def _corrupted(data: bytes) -> bytes:
    """The same length, and no JSON any more."""
    text = data.rstrip(b"\n")
    return text[:-1] + b"," + data[len(text) :] if text else data
