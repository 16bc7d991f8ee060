"""Whose a call is: whether that client is open, and which of its calls are under way, for they end with it.

A call that waits (in a queue, for another try, for a reply that it shares) is cancelled when its client is closed, and
its caller gets `ClientClosed`. What is on the wire is left to the transport. Nothing is sent for a closed client.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakSet, ref

import msgspec

from grokkit.errors import ClientClosed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from grokkit.call import Call, Reply
    from grokkit.telemetry.span import Span


class Underway(msgspec.Struct, eq=False):
    """The block in which somebody waits for a call. Raises `ClientClosed` where the close of its client ended it."""

    call: Call
    span: Span
    waiting: ref[asyncio.Task[object]] | None = None
    """The task. A client holds none: one that its loop has abandoned must be able to end."""
    cancelling: int = 0
    """How often the task had been asked to end when the block began."""
    ended: bool = False
    """Whether it was cancelled since its client was closed."""

    @property
    def task(self) -> asyncio.Task[object] | None:
        """The task that waits, while there is one."""
        return None if self.waiting is None else self.waiting()

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            self.waiting, self.cancelling = ref(task), task.cancelling()
        self.call.owner.underway.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.call.owner.underway.discard(self)
        if self.ended and self._withdraw() and isinstance(error, asyncio.CancelledError):
            raise _ended(self.call, self.span) from None

    def _withdraw(self) -> bool:
        """Take back that the task was cancelled. Whether nobody else wants it to end."""
        task = self.task
        return task is not None and task.uncancel() <= self.cancelling


class Owner:
    """One client, as its calls know it. Those derived from it close with it.

    >>> client = Owner()
    >>> derived = Owner(client)
    >>> client.close()
    >>> derived.closed
    True
    """

    __slots__ = ("__weakref__", "_parent", "_process", "closed", "derived", "underway")

    def __init__(self, parent: Owner | None = None) -> None:
        self.closed = False
        self.underway: set[Underway] = set()
        self.derived: WeakSet[Owner] = WeakSet()
        self._process = os.getpid()
        self._parent = parent
        if parent is not None:
            parent.derived.add(self)
            self.closed = parent.closed

    def close(self) -> None:
        """Let nothing be sent from now on, and end the calls that wait, each on its loop."""
        self.closed = True
        for derived in list(self.derived):
            derived.close()
        for underway in list(self.underway):
            self._end_on_its_loop(underway)

    def _end_on_its_loop(self, underway: Underway) -> None:
        task = underway.task
        if task is None:
            return
        loop = task.get_loop()
        if loop is _running_loop():
            self._end(underway)
        elif self._process == os.getpid():  # else it is a call of the parent's
            with suppress(RuntimeError):  # that loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._end, underway)

    def _end(self, underway: Underway) -> None:
        task, there = underway.task, underway in self.underway
        if task is None or not there or underway.ended or underway.span.on_wire or task is asyncio.current_task():
            return
        underway.ended = True
        task.cancel()


async def while_open(call: Call, call_next: Callable[[Call], Awaitable[Reply]]) -> Reply:
    """What `call_next` gives, for a call that another's caller waits for. Raises `ClientClosed` as `Underway` does."""
    if call.span is None:
        return await call_next(call)
    with Underway(call, call.span):
        return await call_next(call)


def refused(call: Call) -> ClientClosed:
    """The error of a call that is not sent, since its client is closed."""
    return _made(ClientClosed("this client is closed", hint="make a new one, or close it later"), call, attempts=0)


def _ended(call: Call, span: Span) -> ClientClosed:
    may_have_run = span.tries > span.refusals
    sent = "a try of it may have run, and be billed" if may_have_run else "nothing of it has run"
    error = ClientClosed(
        f"this client was closed while the call waited: {sent}",
        hint="close a client when its calls are over, or make them again with another one",
        may_have_run=may_have_run,
    )
    return _made(error, call, attempts=span.tries)


def _made(error: ClientClosed, call: Call, attempts: int) -> ClientClosed:
    error.with_call(call.ref, call.id)
    error.attempts = attempts
    return error


def _running_loop() -> asyncio.AbstractEventLoop | None:
    with suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None
