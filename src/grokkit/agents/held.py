"""The journals that a client has, and the clients derived from it: one for each text that names a file."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grokkit.agents.journal.journal import Journal


class Journals:
    """Opens each journal when it is first asked for; closes what it opened, and no journal that it was given."""

    def __init__(self) -> None:
        self._opened: dict[str, Journal] = {}

    def of(self, where: str) -> Journal:
        """The journal that a text names; in memory there is another one for each who asks.

        Raises `ConfigInvalid` for a text that names none.
        """
        from grokkit.agents.journal.opening import open_journal

        if where in self._opened:
            return self._opened[where]
        journal = open_journal(where)
        return self._opened.setdefault(where, journal) if where.startswith("sqlite:") else journal

    async def aclose(self) -> None:
        """Let go of the files that the running loop has."""
        async with AsyncExitStack() as closing:
            for journal in list(self._opened.values()):
                closing.push_async_callback(journal.aclose)
