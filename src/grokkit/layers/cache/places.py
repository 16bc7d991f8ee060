"""Where the answers of a client's calls are kept: each place that a policy names, opened once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.config import SecretURL
from grokkit.stores import Degrading, MemoryStore, open_store
from grokkit.stores.naming import is_memory
from grokkit.stores.shelf import Shelf
from grokkit.telemetry.events import StateRecovered

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.clock import Clock
    from grokkit.stores import Store
    from grokkit.telemetry.events import StateLost

MOST_IN_MEMORY = 10_000
"""Entries, marks included, that memory keeps: those that were not used for longest make room."""


class _Meanwhile(MemoryStore):
    """What is kept while a shared store is away. When it is back that is forgotten: nobody knows of it there, so an
    invalidation would not find it, and it would be given once more at the next loss.
    """

    def forget(self) -> None:
        """Have no answers, nor marks of them. What was spent still counts."""
        with self.lock:
            self._values = Shelf(MOST_IN_MEMORY)


class Places:
    """The stores of one client's cache. Those that it opens it closes, and a lost one costs no call."""

    def __init__(
        self, memory: MemoryStore, clock: Clock, told: Callable[[StateLost | StateRecovered], object] = lambda _: None
    ) -> None:
        """`memory` is where answers go that have no other place; `told` hears of places that are lost and found."""
        self._memory = memory
        self._clock = clock
        self._told = told
        self._own: dict[str, Store] = {}
        self._given: dict[int, tuple[Store, Store]] = {}

    def of(self, where: SecretURL | Store | str | None) -> Store:
        """The store that a policy names. Raises `ConfigInvalid` for a text that names none."""
        if where is None:
            return self._memory
        if isinstance(where, SecretURL | str):
            url = where if isinstance(where, str) else where.reveal()
            return self._memory if is_memory(url) else self._opened(url)
        if isinstance(where, MemoryStore | Degrading):
            return where
        if id(where) not in self._given:
            self._given.setdefault(id(where), (where, self._guarded(where)))
        return self._given[id(where)][1]

    def _opened(self, url: str) -> Store:
        if url not in self._own:
            self._own.setdefault(url, self._guarded(open_store(url)))
        return self._own[url]

    def _guarded(self, store: Store) -> Store:
        meanwhile = _Meanwhile(self._clock.now, max_items=MOST_IN_MEMORY)

        def told(event: StateLost | StateRecovered) -> None:
            if isinstance(event, StateRecovered):
                meanwhile.forget()
            self._told(event)

        return Degrading(store, meanwhile, clock=self._clock, told=told, holds="stored answers")

    async def aclose(self) -> None:
        """Let go of what was opened here."""
        for store in self._own.values():
            await store.aclose()
