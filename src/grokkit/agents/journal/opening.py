"""A journal from the text that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.agents.journal.memory import MemoryJournal
from grokkit.config.unfit import redact
from grokkit.errors import ConfigInvalid
from grokkit.stores.naming import file_of, is_memory

if TYPE_CHECKING:
    from grokkit.agents.journal.journal import Journal


def open_journal(where: str | None = None) -> Journal:
    """The journal that a text names, or one in memory; nothing is opened before its first use.

    Raises `ConfigInvalid` for a text that names none.

    >>> open_journal(), open_journal("sqlite:///runs.db")
    (memory, sqlite:///runs.db)
    """
    if where is None or is_memory(where):
        return MemoryJournal()
    if (path := file_of(where)) is not None:
        from grokkit.agents.journal.sqlite import SQLiteJournal

        return SQLiteJournal(path)
    raise ConfigInvalid(
        f"no journal is named {redact(where)[:64]!r}",
        hint='there are "memory" and "sqlite:///runs.db" (four slashes for a path from the root)',
    )
