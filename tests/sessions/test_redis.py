"""What is Redis' own: clusters, ids of turns, servers that are away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from grokkit.errors import InvalidRequest, StoreUnavailable
from grokkit.sessions.redis import RedisSessions
from grokkit.sessions.store import Description
from grokkit.sessions.turn import Turn


async def test_a_cluster_holds_sessions_too(redis_server: Any) -> None:
    redis_server.stop()
    redis_server._options = ("--cluster-enabled", "yes")
    redis_server.start()
    redis_server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    while b"cluster_state:ok" not in redis_server.ask("CLUSTER", "INFO"):
        await asyncio.sleep(0.01)
    store = RedisSessions(redis_server.url.replace("redis://", "redis+cluster://").removesuffix("/0"))

    for name in ("a{b}", "c"):
        await store.append(name, [Turn(input=[{"role": "user", "content": "Hi"}])], expected=0)
        await store.describe(name, Description(tags=("x{y}",)), at=1.0)
    listed = await store.list(tag="x{y}")
    deleted = await store.delete("c")
    await store.aclose()

    assert [info.name for info in listed.sessions] == ["c", "a{b}"]
    assert deleted


@pytest.mark.parametrize("turn_id", ["", "short", "é" * 32])
async def test_a_turn_s_id_has_a_fixed_length(turn_id: str) -> None:
    store = RedisSessions("redis://127.0.0.1:1/0")

    with pytest.raises(InvalidRequest, match="32 letters"):
        await store.append("s", [Turn(id=turn_id)], expected=0)


async def test_a_server_that_is_away_is_unavailable() -> None:
    store = RedisSessions("redis://127.0.0.1:1/0")

    with pytest.raises(StoreUnavailable):
        await store.append("s", [Turn()], expected=0)
    await store.aclose()


async def test_what_the_server_threw_out_is_not_listed(redis_server: Any) -> None:
    store = RedisSessions(redis_server.url)
    for name in ("kept", "evicted"):
        await store.append(name, [Turn(created=1.0)], expected=0)
    for kind in ("turns", "session"):
        redis_server.ask("DEL", f"grokkit:sessions:{{t:}}:{kind}:evicted")

    listed = (await store.list()).sessions
    again = await store.append("evicted", [Turn(created=2.0)], expected=0)
    await store.aclose()

    assert [info.name for info in listed] == ["kept"]
    assert again == 1
