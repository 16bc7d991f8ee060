"""The store of sessions that one process has: for tests, and for conversations that need not last."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Self

import msgspec

from grokkit.sessions import finding
from grokkit.sessions.entries import read_all, written
from grokkit.sessions.finding import Place
from grokkit.sessions.store import Description, Hit, Page, SessionConflict, SessionInfo, page_of
from grokkit.sessions.totals import counters, usage_of
from grokkit.stores.fork import new_lock

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from grokkit.sessions.turn import Turn


class MemorySessions:
    """Sessions in memory, for all threads and event loops of one process; nothing outlives it.

    >>> import asyncio
    >>> from grokkit.sessions.turn import Turn
    >>> store = MemorySessions()
    >>> asyncio.run(store.append("support-42", [Turn()], expected=0))
    1
    """

    def __init__(self) -> None:
        self._shelf = _Shelf()
        self.tenant = ""

    def __repr__(self) -> str:
        return "memory"

    def for_tenant(self, tenant: str) -> Self:
        """See `SessionStore.for_tenant`."""
        other = copy.copy(self)
        other.tenant = tenant
        return other

    async def append(self, name: str, turns: Sequence[Turn], *, expected: int) -> int:
        """See `SessionStore.append`."""
        added = [(turn.id, written(turn)) for turn in turns]
        with self._shelf.lock:
            kept = self._shelf.kept.get((self.tenant, name)) or _Kept()
            version = len(kept.turns)
            if version != expected:
                there = kept.turns[expected : expected + len(added)]
                if added and [id_ for id_, _ in there] == [id_ for id_, _ in added]:
                    return expected + len(added)
                raise SessionConflict(name, expected=expected, version=version)
            if added:
                kept.add(added, turns)
                self._shelf.kept[self.tenant, name] = kept
            return len(kept.turns)

    async def load(self, name: str, *, after: int = 0, limit: int | None = None) -> list[Turn]:
        """See `SessionStore.load`."""
        with self._shelf.lock:
            kept = self._shelf.kept.get((self.tenant, name)) or _Kept()
            entries = kept.turns[after : None if limit is None else after + limit]
        return read_all((entry for _, entry in entries), name, after)

    async def info(self, name: str) -> SessionInfo | None:
        """See `SessionStore.info`."""
        with self._shelf.lock:
            kept = self._shelf.kept.get((self.tenant, name))
            return None if kept is None else kept.info(name)

    async def describe(self, name: str, description: Description, *, at: float) -> SessionInfo:
        """See `SessionStore.describe`."""
        with self._shelf.lock:
            kept = self._shelf.kept.setdefault((self.tenant, name), _Kept(at))
            kept.describe(description)
            return kept.info(name)

    async def search(self, words: str, *, tag: str | None = None, limit: int = 20) -> list[Hit]:
        """See `SessionStore.search`."""
        looked_for = finding.wanted(words)
        hits: list[Hit] = []
        for info in self._newest_first(tag):
            hits += self._hits(info, looked_for)
            if len(hits) >= limit:
                break
        return hits[:limit]

    async def delete(self, name: str) -> bool:
        """See `SessionStore.delete`."""
        with self._shelf.lock:
            return self._shelf.kept.pop((self.tenant, name), None) is not None

    async def aclose(self) -> None:
        """See `SessionStore.aclose`: memory has nothing to let go of."""

    def _newest_first(self, tag: str | None) -> list[SessionInfo]:
        with self._shelf.lock:
            all_ = [kept.info(name) for (tenant, name), kept in self._shelf.kept.items() if tenant == self.tenant]
        found = [info for info in all_ if tag is None or tag in info.tags]
        return sorted(found, key=lambda info: Place(info.updated, info.name).key(), reverse=True)

    def _hits(self, info: SessionInfo, words: list[str]) -> list[Hit]:
        with self._shelf.lock:
            kept = self._shelf.kept.get((self.tenant, info.name)) or _Kept()
            entries = list(kept.turns)
        turns = read_all((entry for _, entry in entries), info.name, 0)
        said = [(version, turn.said) for version, turn in enumerate(turns, 1)]
        return [
            Hit(name=info.name, version=version, excerpt=finding.excerpt(text, words))
            for version, text in [(0, info.title), *reversed(said)]
            if finding.occur(words, finding.folded(text))
        ]

    async def list(self, *, tag: str | None = None, limit: int = 50, after: str | None = None) -> Page:
        """See `SessionStore.list`."""
        found = self._newest_first(tag)
        if after is not None:
            last = finding.read_place(after).key()
            found = [info for info in found if Place(info.updated, info.name).key() < last]
        return page_of(found, limit)


class _Shelf:
    def __init__(self) -> None:
        self.lock: threading.Lock = new_lock(self)
        self.kept: dict[tuple[str, str], _Kept] = {}


class _Kept:
    """A session: its turns, each with its id, and what is said of it."""

    def __init__(self, begun: float | None = None) -> None:
        self.turns: list[tuple[str, bytes]] = []
        self._created = begun
        self._updated = begun
        self._about = Description(title="", tags=(), origin="")
        self._counts: dict[str, int] = {}

    def add(self, entries: Sequence[tuple[str, bytes]], turns: Sequence[Turn]) -> None:
        latest = max(turn.created for turn in turns)
        self._created = turns[0].created if self._created is None else self._created
        self._updated = latest if self._updated is None else max(self._updated, latest)
        self.turns += entries
        for name, amount in counters(turns).items():
            self._counts[name] = self._counts.get(name, 0) + amount

    def describe(self, description: Description) -> None:
        changes = {name: value for name, value in msgspec.structs.asdict(description).items() if value is not None}
        self._about = msgspec.structs.replace(self._about, **changes)

    def info(self, name: str) -> SessionInfo:
        return SessionInfo(
            name=name,
            version=len(self.turns),
            title=self._about.title or "",
            tags=tuple(sorted(set(self._about.tags or ()))),
            created=self._created or 0.0,
            updated=self._updated or 0.0,
            usage=usage_of(self._counts),
            origin=self._about.origin or "",
        )
