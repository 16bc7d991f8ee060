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
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from weakref import WeakSet, ref

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
    """The things, by loop."""

    def __init__(self, care: Care[T]) -> None:
        self._care = care
        self._held: dict[asyncio.AbstractEventLoop, _Held[T]] = {}
        _all.add(self)

    def get(self) -> T | None:
        """The running loop's own, if it has one."""
        held = self._held.get(asyncio.get_running_loop())
        return None if held is None else held.thing

    async def open(self) -> T:
        """The running loop's own, made now if need be."""
        self._abandon_closed()
        loop = asyncio.get_running_loop()
        held = self._held.get(loop)
        if held is None:
            thing = self._care.make()
            held = self._held[loop] = _Held(thing, _keep(thing, self._care.close, ref(self), loop))
            await held.keeper.__anext__()
        return held.thing

    async def aclose(self) -> None:
        """Close the running loop's own."""
        held = self._held.get(asyncio.get_running_loop())
        if held is not None:
            await held.keeper.aclose()

    def drop(self, loop: asyncio.AbstractEventLoop) -> None:
        """This loop has none any more."""
        self._held.pop(loop, None)

    def forget(self) -> None:
        """Start over in a forked child."""
        for held in self._held.values():
            self._care.disown(held.thing)
            _immortalise(held)
        self._held = {}

    def leave(self) -> None:
        """The process ends, and its sockets with it."""
        for held in self._held.values():
            _immortalise(held)

    def _abandon_closed(self) -> None:
        closed = [loop for loop in self._held if loop.is_closed()]
        if not closed:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            for loop in closed:
                if (held := self._held.pop(loop, None)) is not None:
                    self._care.abandon(held.thing)
            # asyncio's transports warn when they are collected: now is better than under somebody else's hands
            gc.collect()

    def __del__(self) -> None:
        if any(loop.is_closed() for loop in self._held):
            self._abandon_closed()


class _Held(NamedTuple, Generic[T]):
    thing: T
    keeper: AsyncGenerator[None]


async def _keep(
    thing: T, close: Callable[[T], Awaitable[object]], owner: ref[PerLoop[T]], loop: asyncio.AbstractEventLoop
) -> AsyncGenerator[None]:
    process = os.getpid()
    try:
        yield
    finally:
        if process == os.getpid():
            if (known := owner()) is not None:
                known.drop(loop)
            await close(thing)


def _immortalise(value: object) -> None:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))


_all: WeakSet[PerLoop[Any]] = WeakSet()


def _forget_all() -> None:
    for things in list(_all):
        things.forget()


def _leave_all() -> None:
    for things in list(_all):
        things.leave()


atexit.register(_leave_all)
os.register_at_fork(after_in_child=_forget_all)
