"""What a sealed turn looks like from outside: its place, time and figures; all that was said is one unreadable text."""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.config.secret import Secret
from grokkit.errors import BadCall, ConfigInvalid
from grokkit.sessions.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.sessions.store import SessionInfo

KEY_SIZE = 32
_TYPE = "sealed"
_TITLE = "sealed:"
_SEALED_TITLE = re.compile(_TITLE + r"[A-Za-z0-9+/]{64,}={0,2}")


class SessionSealed(ConfigInvalid):
    """What was asked for is encrypted, and none of the keys that were given opens it."""

    hint = "open the store with the key it was written with: open_sessions(where, key=[new, old]), GROKKIT_SESSIONS_KEY"


class SealBroken(BadCall):
    """What the store gave is not what was sealed there: changed, moved from elsewhere, or never encrypted."""

    hint = "find out who else writes to the store, or bring a backup back; a store of plain sessions opens without key"


def new_key() -> Secret:
    """A new random key: 32 bytes in base64. `reveal()` shows it; keep it where the data is not.

    >>> len(new_key().reveal())
    44
    """
    return Secret(base64.b64encode(os.urandom(KEY_SIZE)).decode())


def cover(turn: Turn, sealed: str) -> Turn:
    """A turn in the form in which it is kept."""
    item = {"type": _TYPE, _TYPE: sealed}
    return Turn(id=turn.id, created=turn.created, usage=turn.usage, copied=turn.copied, input=[item])


def sealed_in(turn: Turn) -> str | None:
    """The sealed text of a turn in that form; None for another turn.

    >>> sealed_in(cover(Turn(partial=True), "AQID"))
    'AQID'
    """
    match turn.input:
        case [{"type": "sealed", "sealed": str(text)}]:
            return text
    return None


def refuse_sealed(name: str, turns: Iterable[Turn]) -> None:
    """Raise `SessionSealed` when turns that were loaded without a key need one."""
    if any(sealed_in(turn) is not None for turn in turns):
        raise SessionSealed(f"session {name!r} is encrypted, and its store was opened without a key")


def title_cover(sealed: str) -> str:
    """A title in the form in which it is kept."""
    return _TITLE + sealed


def sealed_in_title(title: str) -> str | None:
    """The sealed text of a title in that form; None for another title."""
    return title.removeprefix(_TITLE) if title.startswith(_TITLE) else None


def shown(info: SessionInfo) -> SessionInfo:
    """The same without a title that nobody here can read.

    >>> from grokkit.sessions.store import SessionInfo
    >>> [shown(SessionInfo(name="a", title=title)).title for title in (title_cover("QUJD" * 20), "Oslo")]
    ['', 'Oslo']
    """
    return msgspec.structs.replace(info, title="") if _SEALED_TITLE.fullmatch(info.title) else info


def place(tenant: str, name: str, what: str | int) -> list[Any]:
    """Where a sealed text belongs: it opens nowhere else."""
    return ["grokkit.sessions", tenant, name, what]
