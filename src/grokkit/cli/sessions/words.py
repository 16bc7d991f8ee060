"""Sessions in words: when, how much, what for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from grokkit.cli.chat.report import cost

if TYPE_CHECKING:
    from grokkit.sessions import SessionInfo

NAMES = ("Session", "Last turn", "Entries", "Cost", "Tags", "Title")


def row(info: SessionInfo) -> tuple[str, ...]:
    """A session's line in the list."""
    return info.name, moment(info.updated), str(info.version), cost(info.usage), ", ".join(info.tags), info.title


def moment(seconds: float) -> str:
    """A time as the machine's clock has it; nothing where none is known."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M") if seconds else ""
