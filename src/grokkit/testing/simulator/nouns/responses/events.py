"""One event of a stream before it has its number, and the numbering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from grokkit.testing.simulator import tokens
from grokkit.testing.simulator.visit import Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_encode = msgspec.json.encode
_FRAGMENT = 8


class Event(NamedTuple):
    """An event: its JSON without the beginning, which is the number, and how many tokens it brings."""

    rest: bytes
    tokens: int = 0


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How items are told of."""

    pieces: tuple[str, ...] = ()
    """How the text of the message is cut; empty for a token an event."""
    fragments: bool = False
    """Whether arguments come in pieces."""
    own_shapes: bool = True
    """Whether the server's tools have events of their own."""
    logprobs: bool = True
    """Whether the end of a text names its log probabilities."""


class Phases(NamedTuple):
    """The events of one item: what happens until it waits for something, and what happens after."""

    opening: Iterable[Event]
    closing: Iterable[Event] = ()


def event(kind: str, **fields: Any) -> Event:
    """An event without tokens."""
    return Event(_encode({"type": f"response.{kind}", **fields})[1:])


def deltas(kind: str, pieces: Iterable[str], before: dict[str, Any], after: dict[str, Any]) -> Iterator[Event]:
    """One event a piece, of a token each; all that does not change is encoded once."""
    head = _encode({"type": f"response.{kind}", **before})[1:-1] + b',"delta":'
    tail = b"," + _encode(after)[1:] if after else b"}"
    for piece in pieces:
        yield Event(head + _encode(piece) + tail, 1)


def added(item: dict[str, Any], index: int) -> Event:
    """An item begins."""
    return event("output_item.added", item=item, output_index=index)


def done(item: dict[str, Any], index: int) -> Event:
    """An item is whole."""
    return event("output_item.done", item=item, output_index=index)


def progress(item: dict[str, Any], index: int, *steps: str) -> Iterator[Event]:
    """A tool gets further."""
    for step in steps:
        yield event(f"{item['type']}.{step}", item_id=item["id"], output_index=index)


def chain(*runs: Iterable[Event]) -> Iterator[Event]:
    """The events of one run after the other."""
    for run in runs:
        yield from run


def fragments(text: str, *, whole: bool) -> Sequence[str]:
    """A text that is streamed whole, or a few characters at a time."""
    if whole or not text:
        return [text]
    return [text[start : start + _FRAGMENT] for start in range(0, len(text), _FRAGMENT)]


def cut(text: str) -> Sequence[str]:
    """A text that is streamed a token at a time."""
    return tokens.pieces(text)


def numbered(events: Iterable[Event]) -> Iterator[Frame]:
    """The events as frames, numbered from 0."""
    for number, (rest, count) in enumerate(events):
        yield Frame(b'{"sequence_number":' + str(number).encode() + b"," + rest, count)


def in_turns(runs: Sequence[Iterable[Event]]) -> Iterator[Event]:
    """The events of several items, one of each in turn."""
    waiting = [iter(run) for run in runs]
    while waiting:
        still = []
        for run in waiting:
            found = next(run, None)
            if found is not None:
                still.append(run)
                yield found
        waiting = still
