"""The machine's clock keeps alarms that are far off in a place of their own; they ring, or not, as any other."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from grokkit import clock as module
from grokkit.clock import SystemClock


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is far off is so by hundredths of a second."""
    monkeypatch.setattr(module, "_TICK", 0.01)
    monkeypatch.setattr(module, "_FAR", 0.03)


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.03, 0.1])
async def test_an_alarm_rings_at_its_moment_and_not_before(seconds: float) -> None:
    clock = SystemClock()
    rung: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    due = clock.now() + seconds

    clock.call_at(due, lambda: rung.set_result(clock.now()))

    assert await rung >= due - 0.002  # the resolution of a loop's own timers


@pytest.mark.parametrize("seconds", [0.02, 0.05, 0.1])
async def test_an_alarm_that_is_cancelled_does_not_ring(seconds: float) -> None:
    clock = SystemClock()
    rung: list[str] = []
    later = asyncio.Event()
    cancelled = clock.call_at(clock.now() + seconds, lambda: rung.append("cancelled"))
    clock.call_at(clock.now() + seconds - 0.012, cancelled.cancel)
    clock.call_at(clock.now() + seconds + 0.03, later.set)

    await later.wait()

    assert rung == []


async def test_once_nothing_is_far_off_nobody_looks_any_more() -> None:
    clock = SystemClock()
    clock.call_at(clock.now() + 60.0, print).cancel()
    far_off = module._far_off[asyncio.get_running_loop()]
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, later.set)

    await later.wait()

    assert not far_off.ticking


async def test_a_cancelled_alarm_holds_on_to_nothing() -> None:
    class Holder:
        def __init__(self) -> None:
            self.alarm = SystemClock().call_at(SystemClock().now() + 60.0, self.ring)

        def ring(self) -> None:
            pass

    holder = Holder()
    left = weakref.ref(holder)
    holder.alarm.cancel()

    gc.disable()
    try:
        del holder
        assert left() is None
    finally:
        gc.enable()
