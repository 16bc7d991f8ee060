"""Every store, the same way: what the contract needs to know of each is one entry here."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from grokkit.stores import MemoryStore, Store
from grokkit.stores.redis import RedisStore
from grokkit.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

START = 1_760_000_000.0


@dataclass
class Kept:
    """A store under test, another one that sees the same, and its time."""

    make: Callable[[], Store]
    """Another one that shares the state, as another process has it."""
    turn: Callable[[float], None] | None
    """Turns its clock; a server's own clock can only be waited for."""
    pace: float = 1.0
    """Seconds of the store in one second of a test: tests that really wait are in a hurry."""
    made: list[Store] = field(default_factory=list)

    def another(self) -> Store:
        """One more."""
        self.made.append(self.make())
        return self.made[-1]

    async def pass_time(self, seconds: float) -> None:
        """Let so many seconds of the test go by."""
        if self.turn is not None:
            self.turn(seconds * self.pace)
        else:
            await asyncio.sleep(seconds * self.pace)

    def seconds(self, of_the_test: float) -> float:
        """How long that is for the store."""
        return of_the_test * self.pace


class _Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


def _memory(request: pytest.FixtureRequest) -> Kept:
    clock = _Clock()
    store = MemoryStore(clock)
    return Kept(lambda: store, clock.turn)


def _sqlite(request: pytest.FixtureRequest) -> Kept:
    clock = _Clock()
    path = request.getfixturevalue("tmp_path") / "below" / "state.db"
    return Kept(lambda: SQLiteStore(path, clock), clock.turn)


_prefixes = itertools.count()


def _redis(request: pytest.FixtureRequest) -> Kept:
    server = request.getfixturevalue("common_redis")
    prefix = f"test{next(_prefixes)}:"
    return Kept(lambda: RedisStore(server.url, prefix=prefix, timeout=10.0), None, pace=0.05)


KINDS = {"memory": _memory, "sqlite": _sqlite, "redis": _redis}


@pytest.fixture(params=KINDS)
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    """Each kind of store, empty."""
    made = KINDS[request.param](request)
    yield made
    for store in made.made:
        await store.aclose()


@pytest.fixture
def store(kept: Kept) -> Store:
    """Each kind of store, empty."""
    return kept.another()
