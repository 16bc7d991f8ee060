"""A simulator and clients with a cache on one clock, what the hooks are told, and every kind of store."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.stores import MemoryStore, Store
from grokkit.stores.redis import RedisStore
from grokkit.stores.sqlite import SQLiteStore
from grokkit.testing import Simulator, TurnableClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from grokkit import AsyncGrok
    from grokkit.telemetry.events import Event


_prefixes = itertools.count()


class World:
    """One simulator, one clock, and any number of clients."""

    def __init__(self) -> None:
        self.clock = TurnableClock()
        self.sim = Simulator(clock=self.clock)
        self.events: list[Event] = []
        self.clients: list[AsyncGrok] = []

    def client(self, **options: Any) -> AsyncGrok:
        """One more, with a cache in memory unless it is given another."""
        defaults: dict[str, Any] = {
            "clock": self.clock,
            "hooks": [self.events.append],
            "rate_limit": "off",
            "circuit": "off",
            "retries": 0,
            "cache": True,
        }
        client = self.sim.async_grok(**(defaults | options))
        self.clients.append(client)
        return client

    def told(self, kind: type[Any]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def calls(self) -> int:
        """How many requests came to the server."""
        return len(self.sim.calls)

    @asynccontextmanager
    async def closing(self) -> AsyncIterator[None]:
        """All clients are closed at the end."""
        try:
            yield
        finally:
            for client in self.clients:
                await client.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world whose clients are closed at the end."""
    world = World()
    async with world.closing():
        yield world


@pytest.fixture(params=["memory", "sqlite", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Each kind of store, empty; on its own clock."""
    made: Store = MemoryStore()
    if request.param == "sqlite":
        made = SQLiteStore(tmp_path / "cache.db")
    elif request.param == "redis":
        url = request.getfixturevalue("common_redis").url
        made = RedisStore(url, prefix=f"cache{next(_prefixes)}:", timeout=10.0)
    yield made
    await made.aclose()
