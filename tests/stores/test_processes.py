"""Several processes hold one limit together, whatever happens to one of them and to its clock."""

from __future__ import annotations

import asyncio
import json
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
    from pathlib import Path

LIMIT, WINDOW, DEPTH = 300, 1.0, 30
LASTS = 2.0
"""Seconds that the takers of a test run."""

TAKER = """
    import asyncio, json, sys, time
    from grokkit.stores import Quota, Take, open_store

    where, limit, window, depth = sys.argv[1], *map(float, sys.argv[2:])
    store = open_store(where)
    one = Take(Quota(key="k", limit=limit, window=window, depth=depth), 1.0)

    async def main():
        await store.get("connected")
        print("ready", flush=True)
        until = time.monotonic() + float(sys.stdin.readline())
        taken = []
        while time.monotonic() < until:
            come = await store.take([one])
            if come.wait:
                await asyncio.sleep(min(come.wait, until - time.monotonic()))
            else:
                taken.append(come.at)
        print(json.dumps(taken), flush=True)
        await store.aclose()

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


async def taken_by(takers: list[Any]) -> list[float]:
    """When each unit was taken, by all of them together."""
    for taker in takers:
        taker.stdin.write(f"{LASTS}\n".encode())
    ended = await asyncio.gather(*(taker.communicate() for taker in takers))
    return sorted(at for output, _ in ended for at in json.loads(output or "[]"))


def most_in_a_window(taken: list[float], window: float) -> int:
    """The most units taken in any time as long as the window."""
    return max((sum(at <= other < at + window for other in taken) for at in taken), default=0)


async def test_four_processes_hold_one_limit_together(where: str) -> None:
    async with (
        process(TAKER, where, LIMIT, WINDOW, DEPTH) as one,
        process(TAKER, where, LIMIT, WINDOW, DEPTH) as two,
        process(TAKER, where, LIMIT, WINDOW, DEPTH) as three,
        process(TAKER, where, LIMIT, WINDOW, DEPTH) as four,
    ):
        taken = await taken_by([one, two, three, four])

    assert most_in_a_window(taken, WINDOW) <= LIMIT
    assert len(taken) == pytest.approx(LIMIT * LASTS / WINDOW, rel=0.02)


async def test_what_a_killed_process_took_stays_taken_and_its_lease_runs_out(where: str) -> None:
    store = open_store(where)

    async with process(HOLDER, where, 0.6) as holder:
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
    async with (
        process(TAKER, where, LIMIT, WINDOW, DEPTH) as one,
        process(TAKER, where, LIMIT, WINDOW, DEPTH) as two,
        process(TAKER, where, LIMIT, WINDOW, DEPTH) as doomed,
    ):
        taking = asyncio.create_task(taken_by([one, two, doomed]))
        await asyncio.sleep(LASTS / 4)  # real processes, real time
        os.kill(doomed.pid, signal.SIGKILL)
        taken = await taking

    assert most_in_a_window(taken, WINDOW) <= LIMIT
    rest = [at for at in taken if at > taken[-1] - WINDOW]
    assert len(rest) >= 0.9 * LIMIT  # two alone take what three did


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_client_whose_clock_is_wrong_neither_breaks_a_lease_nor_keeps_it(redis_server: Any, hours: int) -> None:
    store = RedisStore(redis_server.url)

    async with process(SHIFTED + HOLDER, 3600 * hours, redis_server.url, 0.6):
        began = time.monotonic()
        refused = await store.lease("l", "me", seconds=60)
        while not await store.lease("l", "me", seconds=60):
            await asyncio.sleep(0.01)
        held = time.monotonic() - began
    await store.aclose()

    assert not refused
    assert 0.1 < held < 5.0


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
    assert longest < 2.0
