"""One thing for each event loop: made when a loop first asks, closed with its loop, left alone by forked children.

`asyncio.run`, `asyncio.Runner` and the portal close open async generators before they close their loop; such a
generator is what closes the thing. A loop that is closed without that is found out by the next one that asks.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import gc
import os
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from weakref import finalize

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

T = TypeVar("T")


class Care(NamedTuple, Generic[T]):
    """How the things are made and how they end. Plain functions, so that a thing never refers to its owner."""

    make: Callable[[], T]
    """Runs on the loop."""
    close: Callable[[T], Awaitable[object]]
    """Runs on the loop."""
    abandon: Callable[[T], object]
    """For the thing of a loop that is closed: let go of it, with nothing to await."""
    disown: Callable[[T], object]
    """For the copy that a forked child has: whatever happens to it must not reach the parent's sockets."""


class PerLoop(Generic[T]):
    """The things, by loop. When this is dropped without a word, they close behind it."""

    def __init__(self, care: Care[T]) -> None:
        things = _Things(care)
        self.get = things.get
        self.open = things.open
        self.aclose = things.aclose
        finalize(self, things.let_go).atexit = False


class _Things(Generic[T]):
    """What is held. While it is, this module holds on to it, so that the collector never comes before the close."""

    def __init__(self, care: Care[T]) -> None:
        self._care = care
        self._held: dict[asyncio.AbstractEventLoop, _Held[T]] = {}

    def get(self) -> T | None:
        """The running loop's own, if it has one."""
        held = self._held.get(asyncio.get_running_loop())
        return None if held is None else held.thing

    async def open(self) -> T:
        """The running loop's own, made now if need be."""
        _abandon_closed()
        loop = asyncio.get_running_loop()
        held = self._held.get(loop)
        if held is None:
            _all.add(self)
            thing = self._care.make()
            held = self._held[loop] = _Held(thing, self._keep(thing, loop))
            await held.keeper.__anext__()
        return held.thing

    async def aclose(self) -> None:
        """Close the running loop's own. A child forked inside a coroutine runs on without a loop: it has nothing."""
        with suppress(RuntimeError):
            held = self._held.get(asyncio.get_running_loop())
            if held is not None:
                await held.keeper.aclose()

    def let_go(self) -> None:
        """Nobody will ask any more: close each on its loop. Called by the collector, at any time, in any thread."""
        _abandon_closed()
        for loop in list(self._held):
            with suppress(RuntimeError):  # closed meanwhile: the next to open one finds that out
                loop.call_soon_threadsafe(self._close_soon)

    def forget(self) -> None:
        """Start over in a forked child."""
        for held in self._held.values():
            self._care.disown(held.thing)
            _immortalise(held)
        self._held.clear()

    def leave(self) -> None:
        """The process ends, and its sockets with it."""
        for held in self._held.values():
            _immortalise(held)

    def closed(self) -> list[asyncio.AbstractEventLoop]:
        """Which of the loops are closed."""
        return [loop for loop in list(self._held) if loop.is_closed()]

    def abandon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let go of the thing of a closed loop."""
        if (held := self._pop(loop)) is not None:
            self._care.abandon(held.thing)

    def _close_soon(self) -> None:
        closing = asyncio.get_running_loop().create_task(self.aclose())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)

    def _pop(self, loop: asyncio.AbstractEventLoop) -> _Held[T] | None:
        held = self._held.pop(loop, None)
        if not self._held:
            _all.discard(self)
        return held

    async def _keep(self, thing: T, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[None]:
        process = os.getpid()
        try:
            yield
        finally:
            if process == os.getpid():
                self._pop(loop)
                await self._care.close(thing)


class _Held(NamedTuple, Generic[T]):
    thing: T
    keeper: AsyncGenerator[None]


def _abandon_closed() -> None:
    closed = [(things, loop) for things in list(_all) for loop in things.closed()]
    if not closed:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for things, loop in closed:
            things.abandon(loop)
        # asyncio's transports warn when they are collected: now is better than under somebody else's hands
        gc.collect()


def _immortalise(value: object) -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


_all: set[_Things[Any]] = set()
_closing: set[asyncio.Task[None]] = set()


def _forget_all() -> None:
    for things in list(_all):
        things.forget()
    _all.clear()
    _closing.clear()


def _leave_all() -> None:
    for things in list(_all):
        things.leave()


atexit.register(_leave_all)
os.register_at_fork(after_in_child=_forget_all)
