from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest

from grokkit.clock import SystemClock, Within
from grokkit.errors import Misused, TimedOut
from grokkit.testing import TurnableClock

if TYPE_CHECKING:
    from grokkit.clock import Clock


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


def test_time_stands_still(clock: TurnableClock) -> None:
    before, began = clock.now(), time.monotonic()
    while time.monotonic() == began:
        pass

    assert clock.now() == before


async def test_sleepers_wake_in_their_order_at_their_moment(clock: TurnableClock) -> None:
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now() - 1000))

    tasks = [asyncio.create_task(sleep(name, seconds)) for name, seconds in (("c", 3), ("a", 1), ("b", 2), ("d", 9))]
    await clock.advance(5)

    assert woken == [("a", 1), ("b", 2), ("c", 3)]
    assert clock.waiting == 1
    tasks[-1].cancel()
    await asyncio.wait(tasks)
    assert clock.waiting == 0


async def test_who_sleeps_again_is_woken_in_the_same_turn(clock: TurnableClock) -> None:
    moments: list[float] = []

    async def tick() -> None:
        for _ in range(3):
            await clock.sleep(2)
            moments.append(clock.now() - 1000)

    task = asyncio.create_task(tick())
    await clock.advance(60)
    await task

    assert moments == [2, 4, 6]
    assert clock.now() == 1060


async def test_a_callback_that_was_cancelled_is_not_called(clock: TurnableClock) -> None:
    called: list[int] = []
    first = clock.call_at(1001, lambda: called.append(1))
    clock.call_at(1002, lambda: called.append(2))

    first.cancel()
    await clock.advance(10)

    assert called == [2]


async def test_a_sleeper_on_another_loop_in_another_thread_wakes_too(clock: TurnableClock) -> None:
    sleeps, woken = threading.Event(), threading.Event()

    async def sleep() -> None:
        asyncio.get_running_loop().call_soon(sleeps.set)
        await clock.sleep(3600)
        woken.set()

    thread = threading.Thread(target=lambda: asyncio.run(sleep()))
    thread.start()
    assert await asyncio.to_thread(sleeps.wait, 5)

    await clock.advance(3600)

    assert await asyncio.to_thread(woken.wait, 5)
    await asyncio.to_thread(thread.join)


def test_a_blocking_test_turns_it_without_await(clock: TurnableClock) -> None:
    clock.turn(5)

    assert clock.now() == 1005


async def test_turning_it_on_a_running_loop_is_refused(clock: TurnableClock) -> None:
    with pytest.raises(Misused, match=r"await clock\.advance"):
        clock.turn(5)


async def work(clock: Clock, *, limit: float, takes: float) -> str:
    with Within(clock, clock.now() + limit, lambda: TimedOut("too long")):
        await clock.sleep(takes)
        return "done"


@pytest.mark.parametrize(("limit", "takes", "late"), [(3600, 0, False), (0.001, 3600, True)])
async def test_a_limit_passes_on_it_as_on_the_machine_s_clock(
    clock: TurnableClock, limit: float, takes: float, late: bool
) -> None:
    turned = asyncio.create_task(work(clock, limit=limit, takes=takes))
    timed = asyncio.create_task(work(SystemClock(), limit=limit, takes=takes))

    await clock.advance(10)
    results = await asyncio.gather(turned, timed, return_exceptions=True)

    assert [isinstance(result, TimedOut) for result in results] == [late, late]
    assert clock.waiting == 0
