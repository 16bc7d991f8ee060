"""The stores of sessions that a client has, and the clients derived from it: one for each text."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeAlias

from grokkit.config import Secret, SecretURL
from grokkit.sessions.opening import open_sessions

if TYPE_CHECKING:
    from grokkit.sessions.store import SessionStore

Where: TypeAlias = "str | SecretURL | SessionStore | None"


class SessionStores:
    """Opens each store when it is first asked for; closes what it opened, and no store that it was given."""

    def __init__(self) -> None:
        self._opened: dict[tuple[str | None, Secret | None], SessionStore] = {}

    def of(self, where: Where, key: Secret | None = None) -> SessionStore:
        """The store that a text names, or the user's own file, sealed where there is a key; a store is itself.

        Raises what `open_sessions` raises.
        """
        if where is None or isinstance(where, str | SecretURL):
            text = where.reveal() if isinstance(where, SecretURL) else where
            known = self._opened.get((text, key))
            return known or self._opened.setdefault((text, key), open_sessions(text, key=key))
        return where

    async def aclose(self) -> None:
        """Let go of the files and connections that the running loop has."""
        async with AsyncExitStack() as closing:
            for store in list(self._opened.values()):
                closing.push_async_callback(store.aclose)
