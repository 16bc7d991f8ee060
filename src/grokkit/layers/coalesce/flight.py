"""One call to the server, and all who share its reply."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from grokkit.call import Ending, Reply
from grokkit.layers.coalesce.chunks import Chunks, Reader
from grokkit.layers.coalesce.failures import copy_of
from grokkit.layers.stopping import stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.call import ByteStream, Call, Next

_LEFT = Ending(complete=False)


class Flight:
    """Sets out with the first who shares it, in a task of its own, and is ended when the last one has left.

    `settled` is told once, when nobody can join any more: at its end, when it is given up, or when it has grown too
    large for newcomers.
    """

    def __init__(self, call: Call, call_next: Next, settled: Callable[[], object]) -> None:
        self._call = call
        self._call_next = call_next
        self._settled = settled
        self._open = True
        self._arrived = asyncio.Event()
        self._reply: Reply | None = None
        self._error: BaseException | None = None
        self._chunks = Chunks()
        self._interested = 0
        self._to_end = 0
        self._ending: Ending | None = None
        self._told = False
        self._task: asyncio.Task[None] | None = None

    @property
    def callers(self) -> int:
        """How many wait for the reply or read it."""
        return self._interested

    async def share(self) -> Reply:
        """A reply of one's own, once there is one. Raises a copy of what the call raised."""
        reader = Reader(self._chunks, broken=self._broken, left=self._leave)
        self._interested += 1
        self._to_end += 1
        try:
            if self._task is None:
                self._task = asyncio.create_task(self._run())
            await self._arrived.wait()
            return self._copy(reader)
        except BaseException:
            self._to_end -= 1
            await reader.aclose()
            raise

    def _copy(self, reader: Reader) -> Reply:
        original = self._reply
        if original is None:
            raise copy_of(self._error or asyncio.CancelledError())
        plain = original.stream is None
        copied = Reply(original.status, original.headers, body=original.body, stream=None if plain else reader)
        copied.context = dict(original.context)
        copied.on_end(self._one_ended)
        self._interested -= plain
        return copied

    def _broken(self) -> BaseException | None:
        return None if self._error is None else copy_of(self._error)

    async def _run(self) -> None:
        try:
            reply = self._reply = await self._call_next(self._call)
            if reply.stream is None:
                return
            self._arrived.set()
            try:
                await self._read_on(reply.stream)
            finally:
                await reply.aclose()
        except Exception as error:  # noqa: BLE001 - handed to each who waits, whatever it is
            self._error = error
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._over()

    async def _read_on(self, stream: ByteStream) -> None:
        async for chunk in stream:
            self._chunks.write(chunk)
            if self._chunks.size > self._call.max_body_size:
                self._settle()
                await self._chunks.until_wanted()

    def _over(self) -> None:
        self._settle()
        self._arrived.set()
        self._chunks.end()

    def _settle(self) -> None:
        if self._open:
            self._open = False
            self._chunks.forget_beginning()
            self._settled()

    async def _leave(self) -> None:
        self._interested -= 1
        try:
            if self._interested == 0 and self._task is not None:
                self._settle()
                await stop([self._task])
        finally:
            self._tell_when_all_left()

    def _one_ended(self, ending: Ending) -> None:
        self._to_end -= 1
        if ending.complete and ending.error is None:
            self._tell(ending)
        elif self._ending is None or (self._ending.error is None and ending.error is not None):
            self._ending = ending
        self._tell_when_all_left()

    def _tell_when_all_left(self) -> None:
        if self._to_end == 0 and not self._open:
            self._tell(self._ending or _LEFT)

    def _tell(self, ending: Ending) -> None:
        if self._reply is not None and not self._told:
            self._told = True
            self._reply.end(ending)
