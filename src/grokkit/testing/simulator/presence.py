"""Whether the caller is still there: one task a slow reply, which ends the work when the caller leaves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Presence:
    """The presence of one caller. Nothing is watched until `watch`, so that quick replies cost nothing."""

    __slots__ = ("_receive", "_watcher", "_worker", "gone")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._worker: asyncio.Task[Any] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self.gone = False

    def watch(self) -> None:
        """Cancel the running task as soon as the caller leaves. Calling it twice does nothing."""
        if self._watcher is None:
            self._worker = asyncio.current_task()
            self._watcher = asyncio.get_running_loop().create_task(self._until_gone())

    def forgive(self) -> None:
        """Take back the cancellation that the caller's leaving was."""
        if self._worker is not None:
            self._worker.uncancel()

    def end(self) -> None:
        """Watch no more."""
        if self._watcher is not None:
            self._watcher.cancel()

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._worker is not None:
            self._worker.cancel()
