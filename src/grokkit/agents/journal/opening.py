"""A journal from the text that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.agents.journal.memory import MemoryJournal
from grokkit.config.unfit import redact
from grokkit.errors import ConfigInvalid

if TYPE_CHECKING:
    from grokkit.agents.journal.journal import Journal


def open_journal(where: str | None = None) -> Journal:
    """The journal that a text names, or one in memory; nothing is opened before its first use.

    Raises `ConfigInvalid` for a text that names none.

    >>> open_journal(), open_journal("sqlite:///runs.db")
    (memory, sqlite:///runs.db)
    """
    scheme, _, rest = (where or "").partition("://")
    if where in {None, "memory", "memory://"}:
        return MemoryJournal()
    if scheme == "sqlite" and rest.startswith("/") and rest != "/":
        from grokkit.agents.journal.sqlite import SQLiteJournal

        return SQLiteJournal(rest[1:])
    raise ConfigInvalid(
        f"no journal is named {redact(where or '')[:64]!r}",
        hint='there are "memory" and "sqlite:///runs.db" (four slashes for a path from the root)',
    )
