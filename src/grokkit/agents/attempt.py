"""A tool runs within its time: one that can be stopped is, and one that cannot is left behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from grokkit.clock import Clock

_GRACE = 1.0
"""Seconds that a cancelled function has to end by itself."""
_left_behind: set[asyncio.Task[Any]] = set()


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: with a `value`, an `error`, at its `limit`, or `cut` off before anything of this."""

    how: Literal["value", "error", "limit", "cut"]
    value: Any = None
    error: BaseException | None = None
    cancelled: bool = False
    """Whether the caller was cancelled: once this is written down, it has to end."""


async def attempt(work: Coroutine[Any, Any, Any], clock: Clock, seconds: float | None) -> Ended:
    """How the work ended. Whoever is cancelled here cancels the work, and is told what came of it before it could end.

    What does not end although it was cancelled is left to itself after a while.
    """
    task = asyncio.create_task(work)
    limit = _Limit(task, clock, seconds)
    try:
        await asyncio.wait([task, limit.over], return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task}, timeout=_GRACE)
        return _cut(task)
    finally:
        limit.end()
        if not task.done():
            _left_behind.add(task)
        task.add_done_callback(_forget)
    return _ended(task, passed=limit.passed)


def _cut(task: asyncio.Task[Any]) -> Ended:
    if task.done() and not task.cancelled() and task.exception() is None:
        return Ended("value", task.result(), cancelled=True)
    return Ended("cut", cancelled=True)


def _ended(task: asyncio.Task[Any], *, passed: bool) -> Ended:
    if not task.done():
        return Ended("limit")
    if task.cancelled():
        return Ended("limit") if passed else Ended("error", error=asyncio.CancelledError("it cancelled itself"))
    if (error := task.exception()) is not None:
        return Ended("limit" if passed else "error", error=error)
    return Ended("value", task.result())


class _Limit:
    """Cancels a task at its limit; `over` is done when it has not ended a while after that."""

    def __init__(self, task: asyncio.Task[Any], clock: Clock, seconds: float | None) -> None:
        self.passed = False
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = task
        due = None if seconds is None else clock.now() + seconds
        self._alarms = [] if due is None else [clock.call_at(due, self._pass), clock.call_at(due + _GRACE, self._over)]

    def _pass(self) -> None:
        self.passed = not self._task.done()
        self._task.cancel()

    def _over(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def end(self) -> None:
        for alarm in self._alarms:
            alarm.cancel()
        self.over.cancel()


def _forget(task: asyncio.Task[Any]) -> None:
    """What a task raises after it was left behind is nobody's any more."""
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()
