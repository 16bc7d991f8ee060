"""Every store of sessions, the same way: what the contract needs to know of each is one entry here."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from grokkit.sessions.memory import MemorySessions
from grokkit.sessions.postgres import PostgresSessions
from grokkit.sessions.redis import RedisSessions
from grokkit.sessions.sealing import Sealed
from grokkit.sessions.sealing_form import new_key
from grokkit.sessions.sqlite import SQLiteSessions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from grokkit.sessions.store import SessionStore


def _memory(request: pytest.FixtureRequest) -> Callable[[], SessionStore]:
    store = MemorySessions()
    return lambda: store.for_tenant("")


def _sqlite(request: pytest.FixtureRequest) -> Callable[[], SessionStore]:
    path = request.getfixturevalue("tmp_path") / "below" / "chat.db"
    return lambda: SQLiteSessions(path)


_prefixes = itertools.count()


def _redis(request: pytest.FixtureRequest) -> Callable[[], SessionStore]:
    server = request.getfixturevalue("common_redis")
    prefix = f"sessions{next(_prefixes)}:"
    return lambda: RedisSessions(server.url, prefix=prefix, timeout=20.0)


def _postgres(request: pytest.FixtureRequest) -> Callable[[], SessionStore]:
    url = request.getfixturevalue("common_postgres").database()
    return lambda: PostgresSessions(url, timeout=20.0)


def _sealed(
    make: Callable[[pytest.FixtureRequest], Callable[[], SessionStore]],
) -> Callable[[pytest.FixtureRequest], Callable[[], SessionStore]]:
    def sealed(request: pytest.FixtureRequest) -> Callable[[], SessionStore]:
        one_more, key = make(request), new_key()
        return lambda: Sealed(one_more(), key)

    return sealed


_PLAIN = {"memory": _memory, "sqlite": _sqlite, "redis": _redis, "postgres": _postgres}
KINDS = _PLAIN | {f"sealed {name}": _sealed(make) for name, make in _PLAIN.items()}
"""Each gives a function that makes another store over the same sessions, as another process has it."""


@pytest.fixture(params=KINDS)
async def another(request: pytest.FixtureRequest) -> AsyncIterator[Callable[[], SessionStore]]:
    """How to come by one more store that sees the same sessions."""
    make = KINDS[request.param](request)
    made: list[SessionStore] = []

    def one_more() -> SessionStore:
        made.append(make())
        return made[-1]

    yield one_more
    for store in made:
        await store.aclose()


@pytest.fixture
def store(another: Callable[[], SessionStore]) -> SessionStore:
    """Each kind of store, empty."""
    return another()
