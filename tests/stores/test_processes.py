"""Several processes hold one limit together, whatever happens to one of them and to its clock."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.clock import SystemClock
from grokkit.stores import Degrading, MemoryStore, Quota, Take, open_store
from grokkit.stores.redis import RedisStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

LIMIT, WINDOW, DEPTH = 300, 1.0, 150
AT_ONCE = 5
"""Units of one take: few takes a second, so that a busy machine is no reason for taking less than the limit."""

TAKER = """
    import asyncio, sys
    from grokkit.stores import Quota, Take, open_store

    where, limit, window, depth, amount = sys.argv[1], *map(float, sys.argv[2:])
    one = Take(Quota(key="k", limit=limit, window=window, depth=depth), amount)

    async def main():
        store = open_store(where)
        await store.get("connected")
        print("ready", flush=True)
        sys.stdin.readline()
        while True:
            taken = await store.take([one])
            if taken.wait:
                await asyncio.sleep(taken.wait)
            else:
                print(taken.at, flush=True)

    asyncio.run(main())
"""

HOLDER = """
    import asyncio, sys
    from grokkit.stores import Quota, Take, open_store

    async def main():
        store = open_store(sys.argv[1])
        one = Take(Quota(key="k", limit=10.0, window=60.0, depth=10.0), 4.0)
        assert await store.lease("l", "holder", seconds=float(sys.argv[2]))
        assert (await store.take([one])).wait == 0.0
        print("ready", flush=True)
        await asyncio.sleep(60)

    asyncio.run(main())
"""

SHIFTED = """
    import sys, time
    shift, real = float(sys.argv.pop(1)), time.time
    time.time = lambda: real() + shift
"""


@pytest.fixture(params=["sqlite", "redis"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store that several processes share."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    url: str = request.getfixturevalue("redis_server").url
    return url


@asynccontextmanager
async def process(script: str, *arguments: object) -> AsyncIterator[Any]:
    """A process of its own that is ready."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(script),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert started.stdout is not None
        assert await started.stdout.readline() == b"ready\n"
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


def taker(where: str) -> AbstractAsyncContextManager[Any]:
    """A process that takes all it can get."""
    return process(TAKER, where, LIMIT, WINDOW, DEPTH, AT_ONCE)


class Taken:
    """When something was taken, by all of them together, as they tell it."""

    def __init__(self, takers: list[Any]) -> None:
        self.at: list[float] = []
        self._listening = [asyncio.create_task(self._listen(taker)) for taker in takers]
        for taker in takers:
            taker.stdin.write(b"go\n")

    async def until(self, count: int) -> None:
        """Wait until so much was taken."""
        while len(self.at) < count:
            await asyncio.sleep(0.01)

    async def all(self) -> list[float]:
        """What there was when the last of them had ended."""
        await asyncio.gather(*self._listening)
        return sorted(self.at)

    async def _listen(self, taker: Any) -> None:
        async for line in taker.stdout:
            if line.endswith(b"\n"):  # the last one may be cut off
                self.at.append(float(line))


def most_in_a_window(taken: list[float]) -> int:
    """The most units taken in any time as long as the window."""
    return AT_ONCE * max(sum(at <= other < at + WINDOW for other in taken) for at in taken)


async def test_four_processes_hold_one_limit_together(where: str) -> None:
    async with taker(where) as one, taker(where) as two, taker(where) as three, taker(where) as four:
        taken = Taken([one, two, three, four])
        await taken.until(3 * LIMIT // AT_ONCE)

    assert 0.98 * LIMIT <= most_in_a_window(await taken.all()) <= LIMIT


async def test_what_a_killed_process_took_stays_taken_and_its_lease_runs_out(where: str) -> None:
    store = open_store(where)

    async with process(HOLDER, where, 2.0) as holder:
        holder.send_signal(signal.SIGKILL)
        await holder.wait()
        refused = await store.lease("l", "me", seconds=60)
        rest = [await store.take([Take(Quota(key="k", limit=10.0, window=60.0, depth=10.0), 3.0)]) for _ in range(3)]
        while not await store.lease("l", "me", seconds=60):
            await asyncio.sleep(0.01)
    await store.aclose()

    assert not refused
    assert [one.wait > 0 for one in rest] == [False, False, True]


async def test_the_limit_holds_while_one_of_the_takers_is_killed(where: str) -> None:
    async with taker(where) as one, taker(where) as two, taker(where) as doomed:
        taken = Taken([one, two, doomed])
        await taken.until(LIMIT // AT_ONCE)
        os.kill(doomed.pid, signal.SIGKILL)
        await doomed.wait()
        await taken.until(len(taken.at) + 2 * LIMIT // AT_ONCE)

    assert most_in_a_window(await taken.all()) <= LIMIT


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_client_whose_clock_is_wrong_neither_breaks_a_lease_nor_keeps_it(redis_server: Any, hours: int) -> None:
    store = RedisStore(redis_server.url)

    async with process(SHIFTED + HOLDER, 3600 * hours, redis_server.url, 2.0):
        began = time.monotonic()
        refused = await store.lease("l", "me", seconds=60)
        while not await store.lease("l", "me", seconds=60):
            await asyncio.sleep(0.01)
        held = time.monotonic() - began
    await store.aclose()

    assert not refused
    assert held < 60.0


async def test_redis_restarted_in_the_middle_stops_nobody(redis_server: Any) -> None:
    told: list[Any] = []
    store = Degrading(
        RedisStore(redis_server.url, timeout=0.5),
        MemoryStore(),
        clock=SystemClock(),
        retry_every=0.05,
        told=told.append,
    )
    one = Take(Quota(key="k", limit=1e9, window=60.0, depth=1e9), 1.0)
    longest, going = 0.0, True

    async def take() -> None:
        nonlocal longest
        while going:
            began = time.monotonic()
            assert (await store.take([one])).wait == 0.0
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0)

    takers = [asyncio.create_task(take()) for _ in range(20)]
    await asyncio.to_thread(redis_server.kill)
    while not store.lost:
        await asyncio.sleep(0.001)
    await asyncio.to_thread(redis_server.start)
    while store.lost:
        await asyncio.sleep(0.001)
    going = False
    await asyncio.gather(*takers)
    await store.aclose()

    assert [type(event).__name__ for event in told] == ["StateLost", "StateRecovered"]
    assert longest < 5.0
