"""Taking from a store, and giving back to it from places that cannot wait."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext, suppress
from contextvars import Context
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from grokkit.errors import StoreUnavailable
from grokkit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from contextlib import AbstractAsyncContextManager

    from grokkit.stores.store import Store, Take, Taken

AT_ONCE = 32
"""How many ask a store elsewhere at one time, on one loop: as many as the Redis store has connections."""
_OPEN = nullcontext()


class Purse:
    """A store of quotas. One in memory answers at once; to any other is given in tasks that end by themselves."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.memory = store if type(store) is MemoryStore else None
        """The store, when it is ours in memory, which answers at once."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._doors: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    def door(self) -> AbstractAsyncContextManager[object]:
        """To be held by a call that asks for the first time: thousands may come at once."""
        return _OPEN if self.memory is not None else self._door()

    def _door(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        door = self._doors.get(loop)
        if door is None:
            door = self._doors[loop] = asyncio.Semaphore(AT_ONCE)
        return door

    async def take(self, takes: Sequence[Take]) -> Taken:
        """See `Store.take`. What a shared store takes for one who is cancelled meanwhile, `Degrading` gives back."""
        if self.memory is not None:
            return self.memory.take_now(takes)
        return await self._store.take(takes)

    def give(self, takes: Sequence[Take], at: float, loop: asyncio.AbstractEventLoop) -> None:
        """See `Store.give`; `loop` is that of the call, and may be another one, or closed: then time gives it back."""
        if not takes:
            return
        if self.memory is not None:
            self.memory.give_now(takes, at)
            return
        with suppress(RuntimeError):  # the loop is closed
            if _is_running_here(loop):
                self._start(self._give(takes, at), loop)
            else:
                loop.call_soon_threadsafe(lambda: self._start(self._give(takes, at), loop))

    async def _give(self, takes: Sequence[Take], at: float) -> None:
        with suppress(StoreUnavailable):
            async with self._door():
                await self._store.give(takes, at)

    def _start(self, work: Coroutine[object, object, None], loop: asyncio.AbstractEventLoop) -> None:
        task = loop.create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    with suppress(RuntimeError):
        return asyncio.get_running_loop() is loop
    return False
