"""A turn as stores keep it: JSON, which this version of grokkit or an earlier one has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.errors import BadCall
from grokkit.sessions.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Turn).decode


class TurnUnreadable(BadCall):
    """What a store has of a turn is none: it is damaged, or a later version of grokkit wrote it."""

    hint = "a later version of grokkit may have written it: update this one; else bring a backup of the store back"


def written(turn: Turn) -> bytes:
    """A turn for a store."""
    return _encode(turn)


def read(entry: bytes, name: str, version: int) -> Turn:
    """The turn that a store has of a session at that version. Raises `TurnUnreadable` where it is none.

    >>> read(written(Turn(id="a")), "support-42", 1).id
    'a'
    """
    try:
        return _decode(entry)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TurnUnreadable(f"turn {version} of session {name!r} cannot be read: {error}") from error


def read_all(entries: Iterable[bytes], name: str, after: int) -> list[Turn]:
    """The turns after that version, in order."""
    return [read(entry, name, version) for version, entry in enumerate(entries, after + 1)]
