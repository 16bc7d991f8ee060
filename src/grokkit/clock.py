"""Time as a value: what the layers wait on, so that tests can turn it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class TimeLimit(Protocol):
    """What `Clock.timeout_at` gives: a block that is ended when its time has come."""

    async def __aenter__(self) -> object: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool | None: ...

    def expired(self) -> bool:
        """Whether the block was ended by this very limit."""
        ...


class Clock(Protocol):
    """What grokkit asks of time: to tell it, to wait, and to end a block at a moment."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...

    def timeout_at(self, when: float | None) -> TimeLimit:
        """End the block with `TimeoutError` at that moment of `now()`; `None` never ends it."""
        ...


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """See `Clock.now`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long on the running loop."""
        await asyncio.sleep(seconds)

    def timeout_at(self, when: float | None) -> asyncio.Timeout:
        """`asyncio.timeout`, for a moment of this clock."""
        return asyncio.timeout(None if when is None else when - time.monotonic())


class Within:
    """A block that ends by a moment, or raises the given error."""

    __slots__ = ("_error", "_limit")

    def __init__(self, clock: Clock, when: float | None, error: Callable[[], Exception]) -> None:
        self._limit = clock.timeout_at(when)
        self._error = error

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        try:
            return await self._limit.__aexit__(kind, error, trace)
        except TimeoutError as expiry:
            raise self._error() from expiry
