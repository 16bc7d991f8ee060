"""The background loop behind the blocking face: one thread per process, started by the first call.

Nothing here is waited for without a bound once somebody wants to leave, and nothing that crosses the threads
needs a lock of ours, so an interrupt (Ctrl-C) may strike between any two lines. After a fork the child has no
thread: it forgets thread, loop and lock, leaves the parent's sockets alone, and starts its own on demand.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
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
"""Seconds that what is cancelled may take to clean up."""
_SLOW_STEP = 1.0


class Portal:
    """An event loop in a thread of its own, and the way in."""

    def __init__(self) -> None:
        self.errands: set[Errand[Any]] = set()
        """What runs. Also what keeps it alive: asyncio itself holds its tasks weakly."""
        self.stopping = False
        """The interpreter exits: whoever still waits is a daemon thread, and is left where it is."""
        self.lost = False
        """This is a forked child, and the loop was the parent's."""
        self._ended = False
        self.loop = asyncio.new_event_loop()
        self.loop.slow_callback_duration = _SLOW_STEP
        self._thread = threading.Thread(target=self._serve, name="grokkit-portal", daemon=True)
        self._start()

    @property
    def usable(self) -> bool:
        """Whether anything can still be asked of the loop."""
        return not (self.stopping or self.lost)

    def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine to its end on the portal's loop, with the caller's context variables.

        When the wait is interrupted (Ctrl-C), the coroutine is cancelled and given two seconds to clean up.
        """
        self.refuse_own_thread()
        errand = Errand(self, make)
        try:
            errand.start()
            errand.join()
        except BaseException:
            errand.abandon()
            raise
        return errand.result()

    def owns_this_thread(self) -> bool:
        """Whether the caller runs on the portal's loop."""
        return threading.get_ident() == self._thread.ident

    def refuse_own_thread(self) -> None:
        """A blocking call on the portal's own thread would wait for itself."""
        if self.owns_this_thread():
            raise BlockingCallRefused(
                "a blocking grokkit call was made from grokkit's own event loop, and would wait for itself for ever",
                hint="hooks, layers and async tools run on that loop: use AsyncGrok there, or asyncio.to_thread",
            )

    def stop(self) -> None:
        """At exit: cancel what runs, close what is open, end the thread."""
        self.stopping = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: somebody was quicker
            self.loop.call_soon_threadsafe(self._end)
        self._thread.join(2 * _CLEAN_UP)

    def _start(self) -> None:
        try:
            self._thread.start()
        except RuntimeError as error:
            self.loop.close()
            raise BlockingCallRefused(
                f"the thread of blocking calls cannot be started: {error}",
                hint="make a first call before the program ends, and see how many threads it may have",
            ) from error
        except BaseException:
            self.loop.call_soon_threadsafe(self._end)
            raise

    def _end(self) -> None:
        self._ended = True
        self.loop.stop()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not self._ended:
            with contextlib.suppress(SystemExit, KeyboardInterrupt):  # raised by a stray task: its affair, not ours
                self.loop.run_forever()
        self.loop.set_exception_handler(lambda _loop, _context: None)
        self.loop.run_until_complete(self._wind_up())
        self.loop.close()

    async def _wind_up(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks and (await asyncio.wait(tasks, timeout=_CLEAN_UP))[1]:
            keep_for_ever(self)  # collecting a task that will not end is noisy
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLEAN_UP):
                await self.loop.shutdown_asyncgens()
        await asyncio.sleep(0)


class Errand(Generic[T]):
    """A coroutine that runs on the portal's loop for threads that wait."""

    def __init__(self, portal: Portal, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self.over = False
        self.cancelled = False
        self._portal = portal
        self._make: Callable[[], Coroutine[Any, Any, T]] | None = make
        self._gate = threading.Lock()
        self._gate.acquire()
        self._task: asyncio.Task[None] | None = None
        self._set_out = False
        self._under_way = False
        self._value: T
        self._error: BaseException | None = None

    def start(self) -> None:
        """Set out, with the context variables of the caller."""
        context = contextvars.copy_context()
        self._set_out = True
        self._portal.loop.call_soon_threadsafe(self._begin, context, context=context)

    def join(self, timeout: float = -1) -> None:
        """Wait for the end, whatever it is."""
        if not self.over and self._gate.acquire(timeout=timeout):
            self._gate.release()

    def result(self) -> T:
        """What the coroutine returned or raised; to be asked once, after its end."""
        error, self._error = self._error, None
        if error is None:
            return self._value
        try:
            raise error
        finally:
            del error  # else the error and this frame keep each other alive

    def cancel(self) -> None:
        """Cancel the coroutine, without waiting for its end. May be called by any thread."""
        if self._portal.usable:
            self._portal.loop.call_soon_threadsafe(self._cancel)

    def abandon(self) -> None:
        """Cancel the coroutine, and wait a bounded time for its end."""
        self.cancel()
        self.settle()

    def settle(self) -> None:
        """Wait a bounded time for the end."""
        if self._set_out and self._portal.usable:
            self.join(_CLEAN_UP)

    def _begin(self, context: contextvars.Context) -> None:
        self._portal.errands.add(self)
        self._task = self._portal.loop.create_task(self._run(), context=context)

    async def _run(self) -> None:
        self._under_way = True
        make, self._make = self._make, None  # which often knows its errand: together they would linger
        try:
            if self.cancelled or make is None:
                self._error = asyncio.CancelledError()
            else:
                self._value = await make()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is for whoever waits
            self._error = error
        finally:
            self._portal.errands.discard(self)
            if not self._portal.stopping:
                self.over = True
                self._gate.release()

    def _cancel(self) -> None:
        self.cancelled = True
        if self._task is not None and self._under_way:
            self._task.cancel()


_lock = threading.Lock()
_portal: Portal | None = None


def portal() -> Portal:
    """This process's portal, started when there is none yet."""
    global _portal  # noqa: PLW0603 - one per process is the point
    known = _portal
    if known is not None:
        return known
    with _lock:
        if _portal is None:
            _portal = Portal()
        return _portal


def is_started() -> bool:
    """Whether this process has a portal; without one, nothing of the blocking face is open anywhere."""
    return _portal is not None


def keep_for_ever(thing: object) -> None:
    """Never collect this, at the interpreter's exit neither."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _stop() -> None:
    global _portal
    with _lock:
        stopped, _portal = _portal, None
    if stopped is not None:
        stopped.stop()


def _forget() -> None:
    global _lock, _portal  # noqa: PLW0603
    _lock = threading.Lock()
    if _portal is not None:
        _portal.lost = True
        # Its selector and sockets are shared with the parent, and what runs on it runs there.
        keep_for_ever(_portal)
    _portal = None


atexit.register(_stop)
os.register_at_fork(after_in_child=_forget)
