"""What is Redis' own: URLs, wrong passwords, servers that go and come back, clusters, forks."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import time
import traceback
import weakref
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import ConfigInvalid
from grokkit.stores import Quota, StoreUnavailable, Take
from grokkit.stores.redis import RedisStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SECRET = "s3cret-passphrase"  # no real one


@pytest.fixture
async def store(redis_server: Any) -> AsyncIterator[RedisStore]:
    made = RedisStore(redis_server.url)
    yield made
    await made.aclose()


def everything(error: BaseException) -> str:
    """All that a log could show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize(
    "url",
    [
        "redis://{userinfo}127.0.0.1:1/0?no_such_option={secret}",
        "redis://{userinfo}127.0.0.1:port/0",
        "redis://{userinfo}127.0.0.1:1/0?socket_timeout={secret}",
        "http://{userinfo}127.0.0.1:1/0",
        "{secret}",
    ],
)
async def test_a_url_that_is_none_is_refused_without_its_secrets(url: str) -> None:
    store = RedisStore(url.format(userinfo=f"me:{SECRET}@", secret=SECRET))

    with pytest.raises(ConfigInvalid, match="is no URL of a Redis store") as refused:
        await store.get("k")

    assert SECRET not in everything(refused.value) + repr(store)


async def test_a_wrong_password_is_said_at_once_and_not_shown(redis_server: Any) -> None:
    store = RedisStore(f"redis://:{SECRET}@127.0.0.1:{redis_server.port}/0")
    redis_server.ask("CONFIG", "SET", "requirepass", "right")

    with pytest.raises(ConfigInvalid, match="refused the user or the password") as refused:
        await store.get("k")
    await store.aclose()

    assert SECRET not in everything(refused.value) + repr(store)


async def test_a_missing_password_is_said(store: RedisStore, redis_server: Any) -> None:
    redis_server.ask("CONFIG", "SET", "requirepass", "right")

    with pytest.raises(ConfigInvalid, match="refused the user or the password"):
        await store.take([Take(Quota(key="k", limit=1, window=60, depth=1), 1)])


async def test_a_database_that_is_not_there_is_said(redis_server: Any) -> None:
    store = RedisStore(f"redis://127.0.0.1:{redis_server.port}/1234")

    with pytest.raises(ConfigInvalid, match="DB index"):
        await store.get("k")
    await store.aclose()


@asynccontextmanager
async def stranger(greeting: bytes) -> AsyncIterator[str]:
    """A server that is no Redis: it says something, or nothing, and keeps the line until the other hangs up."""
    lines = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal lines
        lines += 1
        writer.write(greeting)
        with suppress(ConnectionError):
            await reader.read()
            writer.close()
            await writer.wait_closed()
        lines -= 1

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        while lines:
            await asyncio.sleep(0)


async def test_a_server_of_another_kind_is_said() -> None:
    async with stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        store = RedisStore(url)
        with pytest.raises(ConfigInvalid, match="does not speak Redis"):
            await store.get("k")
        await store.aclose()


async def test_a_server_that_is_not_there_is_unavailable_at_once(store: RedisStore, redis_server: Any) -> None:
    redis_server.stop()

    with pytest.raises(StoreUnavailable, match=r"redis://127.0.0.1:\d+/0 cannot be used now"):
        await store.get("k")


async def test_a_server_that_hangs_costs_the_timeout() -> None:
    async with stranger(b"") as url:
        store = RedisStore(url, timeout=0.05)
        began = time.monotonic()
        asked = await asyncio.gather(*(store.increment("n", 1) for _ in range(100)), return_exceptions=True)
        took = time.monotonic() - began
        await store.aclose()

    assert {type(one) for one in asked} == {StoreUnavailable}
    assert "did not answer within 0.05 s" in str(asked[0])
    assert took < 4.0  # not 100 times the timeout, and not three tries each


async def test_a_server_that_answered_fast_and_hangs_costs_a_quarter_of_the_timeout(redis_server: Any) -> None:
    store = RedisStore(redis_server.url, timeout=2.0)
    await store.set("k", b"v")
    redis_server.ask("CLIENT", "PAUSE", "60000", "ALL")

    with pytest.raises(StoreUnavailable, match=r"did not answer within 0\.5 s"):
        await store.get("k")
    with pytest.raises(StoreUnavailable, match="did not answer within 2 s"):
        await store.get("k")
    await store.aclose()


async def test_a_program_that_holds_its_loop_gets_the_answers_that_came_meanwhile(redis_server: Any) -> None:
    store = RedisStore(redis_server.url, timeout=0.2)
    await store.increment("n", 1)
    asking = [asyncio.create_task(store.increment("n", 1)) for _ in range(100)]
    for _ in range(4):
        await asyncio.sleep(0)

    time.sleep(0.3)

    assert set(await asyncio.gather(*asking)) == {float(number) for number in range(2, 102)}
    await store.aclose()


async def test_more_callers_than_connections_are_not_late_for_having_waited(redis_server: Any) -> None:
    store = RedisStore(redis_server.url, timeout=1.0)
    await store.increment("n", 1)

    totals = await asyncio.gather(*(store.increment("n", 1) for _ in range(5000)))

    assert set(totals) == {float(number) for number in range(2, 5002)}
    assert redis_server.ask("CLIENT", "LIST").count(b"cmd=evalsha") <= 32
    await store.aclose()


async def test_a_server_that_comes_back_is_used_again_without_an_error(store: RedisStore, redis_server: Any) -> None:
    assert await store.increment("n", 1) == 1.0

    redis_server.stop()
    redis_server.start()

    assert set(await asyncio.gather(*(store.increment("n", 1) for _ in range(3)))) == {1.0, 2.0, 3.0}


async def test_a_server_that_forgot_the_scripts_is_told_them_again(store: RedisStore, redis_server: Any) -> None:
    await store.increment("n", 1)

    redis_server.ask("SCRIPT", "FLUSH")

    assert await store.increment("n", 1) == 2.0


async def test_a_server_that_may_not_write_now_is_unavailable(store: RedisStore, redis_server: Any) -> None:
    await store.set("k", b"v")
    redis_server.ask("REPLICAOF", "127.0.0.1", "1")

    with pytest.raises(StoreUnavailable, match="cannot be used now"):
        await store.set("k", b"w")


async def test_a_full_server_is_unavailable(store: RedisStore, redis_server: Any) -> None:
    redis_server.ask("CONFIG", "SET", "maxmemory", "1")

    with pytest.raises(StoreUnavailable, match="cannot be used now"):
        await store.take([Take(Quota(key="k", limit=1, window=60, depth=1), 1)])


async def test_what_it_keeps_has_its_prefix_and_goes_away_by_itself(store: RedisStore, redis_server: Any) -> None:
    await store.set("k", b"v", ttl=100)
    await store.increment("n", 1, ttl=100)
    await store.lease("l", "me", seconds=100)
    await store.take([Take(Quota(key="q", limit=1, window=60, depth=1), 1)])

    names = redis_server.ask("KEYS", "*").split(b"\r\n")[2::2]

    assert sorted(names) == [b"grokkit:lease:l", b"grokkit:number:n", b"grokkit:value:k", b"grokkit:{quota}:q/60s"]
    for name in names:
        assert 0 < int(redis_server.ask("PTTL", name.decode()).strip(b":\r\n")) <= 121_000


async def test_nothing_is_said_on_the_log_but_by_us(
    store: RedisStore, redis_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    redis_server.kill()

    with pytest.raises(StoreUnavailable):
        await store.get("k")

    assert not [record for record in caplog.records if record.name.startswith("redis")]


async def test_a_dropped_store_closes_its_connections(redis_server: Any) -> None:
    store = RedisStore(redis_server.url)
    await store.set("k", b"v")
    gone = weakref.ref(store)

    del store
    gc.collect()

    assert gone() is None
    while b"cmd=set" in redis_server.ask("CLIENT", "LIST"):
        await asyncio.sleep(0.001)


def test_a_loop_that_ended_without_a_close_leaves_no_warning(redis_server: Any) -> None:
    store = RedisStore(redis_server.url)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(store.set("k", b"v"))
    loop.close()

    async def read() -> bytes | None:
        try:
            return await store.get("k")
        finally:
            await store.aclose()

    assert asyncio.run(read()) == b"v"
    gc.collect()


async def test_a_socket_file_is_an_address_too(tmp_path: Path, redis_server: Any) -> None:
    path = tmp_path / "redis.sock"
    redis_server.stop()
    redis_server._options = ("--unixsocket", str(path))
    redis_server.start()
    store = RedisStore(f"unix://{path}")

    assert await store.increment("n", 1) == 1.0
    assert repr(store) == f"unix://{path}"
    await store.aclose()


async def test_a_cluster_holds_a_quota_too(tmp_path: Path, redis_server: Any) -> None:
    redis_server.stop()
    redis_server._options = ("--cluster-enabled", "yes")
    redis_server.start()
    redis_server.ask("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    while b"cluster_state:ok" not in redis_server.ask("CLUSTER", "INFO"):
        await asyncio.sleep(0.01)
    store = RedisStore(redis_server.url.replace("redis://", "redis+cluster://").removesuffix("/0"), timeout=5.0)
    quotas = [Take(Quota(key=key, limit=10, window=60, depth=10), 4) for key in ("requests", "tokens", "elsewhere")]

    taken = [await store.take(quotas) for _ in range(3)]
    await store.give(quotas, taken[1].at)

    assert [one.wait > 0 for one in taken] == [False, False, True]
    assert (await store.take(quotas)).wait == 0.0
    assert await store.increment("n", 1) == 1.0
    assert await store.lease("l", "me", seconds=60)
    await store.set("k", b"v")
    assert await store.get("k") == b"v"
    await store.aclose()


FORK = """
import asyncio, os
from grokkit.stores.redis import RedisStore

store = RedisStore({url!r})

async def main():
    assert await store.increment("n", 1) == 1.0
    asking = asyncio.create_task(store.increment("n", 1))
    await asyncio.sleep(0)
    child = os.fork()
    if child == 0:
        import threading
        def ask():
            assert asyncio.run(store.increment("m", 1)) == 1.0
        asker = threading.Thread(target=ask); asker.start(); asker.join()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert await asking == 2.0
    assert await store.increment("n", 1) == 3.0
    await store.aclose()

asyncio.run(main())
print("parent done")
"""


def test_a_forked_child_has_connections_of_its_own(redis_server: Any) -> None:
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK.format(url=redis_server.url)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (finished.stdout, finished.stderr) == ("parent done\n", "")
