"""What a fault does to a body, event by event. Pure: it says when to stall and when to cut, and waits for nothing."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, TypeAlias

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
    moves = _with_stalls(_changed(_swapped(enumerate(events), fault.reorder), fault, error), fault)
    return moves if fault.cut_at_byte is None else _cut_short(moves, fault.cut_at_byte)


def spoil_body(body: bytes, fault: Fault) -> Iterator[Move]:
    """The moves that send a plain body with what of a fault applies to one."""
    data = _corrupted(body) if fault.corrupt is not None else body
    moves = _with_stalls([(0, (data, 0))], fault)
    return moves if fault.cut_at_byte is None else _cut_short(moves, fault.cut_at_byte)


def keep_alive(kind: str) -> bytes:
    """What is sent in a silence."""
    return _COMMENT if kind == "comment" else _PING


def _swapped(events: Iterable[tuple[int, Piece]], first: int | None) -> Iterator[tuple[int, Piece]]:
    held: tuple[int, Piece] | None = None
    for number, event in events:
        if number == first:
            held = (number, event)
            continue
        yield number, event
        if held is not None:
            yield held
            held = None
    if held is not None:
        yield held


def _changed(events: Iterable[tuple[int, Piece]], fault: Fault, error: bytes) -> Iterator[tuple[int, Piece]]:
    for place, (number, (data, tokens)) in enumerate(events):
        if place == fault.end_after:
            return
        if number == fault.error_at_event:
            yield number, (error, 0)
            return
        if number == fault.drop:
            continue
        yield number, (_corrupted(data) if number == fault.corrupt else data, tokens)
        if number == fault.duplicate:
            yield number, (data, 0)


def _with_stalls(events: Iterable[tuple[int, Piece]], fault: Fault) -> Iterator[Move]:
    for number, (data, tokens) in events:
        if number == fault.stall_at_event:
            yield Interruption.STALL
        if number == fault.stall_mid_event:
            half = len(data) // 2
            yield data[:half], tokens
            yield Interruption.STALL
            yield data[half:], 0
        else:
            yield data, tokens


def _cut_short(moves: Iterable[Move], left: int) -> Iterator[Move]:
    for move in moves:
        if isinstance(move, Interruption):
            yield move
            continue
        data, tokens = move
        if len(data) > left:
            yield data[:left], tokens
            yield Interruption.CUT
            return
        left -= len(data)
        yield move


def _corrupted(data: bytes) -> bytes:
    """The same length, and no JSON any more."""
    text = data.rstrip(b"\n")
    return text[:-1] + b"," + data[len(text) :] if text else data
