"""The background loop behind the blocking face: one thread per process, started by the first call.

After a fork the child has no thread, so it forgets thread, loop and lock, and starts its own on demand.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import ctypes
import os
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from grokkit.errors import BlockingCallRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

_CLEAN_UP = 2.0


class Portal:
    """An event loop in a thread of its own, and the way in."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="grokkit-portal", daemon=True)
        self._thread.start()

    def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine to its end on the portal's loop, with the caller's context variables.

        When the wait is interrupted (Ctrl-C), the coroutine is cancelled and given two seconds to clean up.
        """
        errand = self.begin(make)
        return errand.wait()

    def begin(self, make: Callable[[], Coroutine[Any, Any, T]]) -> Errand[T]:
        """Start a coroutine on the portal's loop; the errand can be waited for and cancelled."""
        self.refuse_own_thread()
        return Errand(self.loop, make)

    def refuse_own_thread(self) -> None:
        """A blocking call on the portal's own thread would wait for itself."""
        if threading.get_ident() == self._thread.ident:
            raise BlockingCallRefused(
                "a blocking grokkit call was made from grokkit's own event loop, and would wait for itself for ever",
                hint="hooks, layers and async tools run on that loop: use AsyncGrok there, or asyncio.to_thread",
            )

    def stop(self) -> None:
        """Cancel what runs, close what is open, end the thread."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(_CLEAN_UP)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            if tasks:
                self.loop.run_until_complete(asyncio.wait(tasks, timeout=_CLEAN_UP))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()


class Errand(Generic[T]):
    """A coroutine that runs on the portal's loop for a thread that waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._loop = loop
        self._make = make
        self._done = threading.Event()
        self._task: asyncio.Task[T] | None = None
        self._cancelled = False
        context = contextvars.copy_context()
        loop.call_soon_threadsafe(self._start, context, context=context)

    def wait(self) -> T:
        """What the coroutine returned or raised."""
        try:
            self._done.wait()
        except BaseException:
            self.cancel()
            self._done.wait(_CLEAN_UP)
            raise
        if self._task is None or self._task.cancelled():
            raise asyncio.CancelledError
        return self._task.result()

    def settle(self) -> None:
        """Wait a bounded time for the coroutine's end, whatever it is."""
        self._done.wait(_CLEAN_UP)

    def cancel(self) -> None:
        """Cancel the coroutine; `wait` returns once it has cleaned up."""
        self._loop.call_soon_threadsafe(self._cancel)

    def _start(self, context: contextvars.Context) -> None:
        self._task = self._loop.create_task(self._make(), context=context)
        self._task.add_done_callback(lambda _: self._done.set())
        if self._cancelled:
            self._task.cancel()

    def _cancel(self) -> None:
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()


_lock = threading.Lock()
_portal: Portal | None = None


def portal() -> Portal:
    """This process's portal, started when there is none yet."""
    global _portal  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _portal is None:
            _portal = Portal()
        return _portal


def _stop() -> None:
    global _portal  # noqa: PLW0603
    with _lock:
        stopped, _portal = _portal, None
    if stopped is not None:
        stopped.stop()


def _forget() -> None:
    global _lock, _portal  # noqa: PLW0603
    _lock = threading.Lock()
    if _portal is not None:
        # The parent's loop must not be torn down here: its selector and sockets are shared with the parent.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(_portal))
    _portal = None


atexit.register(_stop)
os.register_at_fork(after_in_child=_forget)
