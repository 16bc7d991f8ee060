"""Running functions in daemon threads, so that one that hangs holds up neither the loop nor the program's exit."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import queue
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_IDLE_SECONDS = 10.0
_idle: list[_Worker] = []
_lock = threading.Lock()


async def in_thread(name: str, function: Callable[[], Any]) -> Any:
    """What the function returns or raises, from a thread that sees the caller's context variables.

    There is a thread for every function that runs, so none waits for another. When the waiting is cancelled the
    thread goes on by itself: nothing can stop it, and nobody waits for it.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def report(settle: Callable[[Any], None], outcome: object) -> None:
        if not done.done():
            settle(outcome)

    def work() -> None:
        try:
            settle, outcome = done.set_result, context.run(function)
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            settle, outcome = done.set_exception, _passed_on(error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(report, settle, outcome)

    _worker().begin(f"grokkit tool {name}", work)
    return await done


class _Worker:
    """A thread that does one job after the other, and ends when there was none for a while."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def begin(self, name: str, job: Callable[[], None]) -> None:
        self._thread.name = name
        self._jobs.put(job)
        if self._thread.ident is None:
            self._thread.start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job()
            del job  # what it holds is not kept while this waits
            with _lock:
                _idle.append(self)

    def _next(self) -> Callable[[], None] | None:
        with contextlib.suppress(queue.Empty):
            return self._jobs.get(timeout=_IDLE_SECONDS)
        with _lock:
            if self in _idle:
                _idle.remove(self)
                return None
        return self._jobs.get()  # it was just taken: its job is on the way


def _worker() -> _Worker:
    with _lock:
        return _idle.pop() if _idle else _Worker()


def _forget() -> None:
    """A forked child has none of its parent's threads."""
    global _lock  # noqa: PLW0603 - the parent's may have been held by a thread that is not here
    _lock = threading.Lock()
    _idle.clear()


os.register_at_fork(after_in_child=_forget)


def _passed_on(error: BaseException) -> BaseException:
    """A future takes no `StopIteration`: it would end the one who awaits."""
    if not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError("the tool raised StopIteration")
    wrapped.__cause__ = error
    return wrapped
