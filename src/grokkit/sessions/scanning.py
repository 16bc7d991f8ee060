"""Searching stores that cannot look into their turns: these are fetched and read here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.sessions import finding
from grokkit.sessions.store import Hit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grokkit.sessions.store import SessionInfo, SessionStore

AT_ONCE = 128
"""How many turns, or sessions, are fetched at one time."""


async def scan(store: SessionStore, sessions: AsyncIterator[SessionInfo], words: str, limit: int) -> list[Hit]:
    """See `SessionStore.search`; `sessions` are those of the store that are looked through, in their order.

    One that comes twice, since it got a turn meanwhile and moved, is looked through once.
    """
    looked_for = finding.wanted(words)
    hits: list[Hit] = []
    seen: set[str] = set()
    async for info in sessions:
        if info.name in seen:
            continue
        seen.add(info.name)
        async for version, text in _said(store, info):
            if len(hits) >= limit:
                return hits
            if finding.occur(looked_for, finding.folded(text)):
                hits.append(Hit(name=info.name, version=version, excerpt=finding.excerpt(text, looked_for)))
    return hits


async def _said(store: SessionStore, info: SessionInfo) -> AsyncIterator[tuple[int, str]]:
    """The title, then what was said, the last turn first."""
    yield 0, info.title
    for end in range(info.version, 0, -AT_ONCE):
        begin = max(0, end - AT_ONCE)
        turns = await store.load(info.name, after=begin, limit=end - begin)
        for at in range(len(turns), 0, -1):
            yield begin + at, turns[at - 1].said
