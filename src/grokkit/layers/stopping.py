"""Ending tasks that nobody needs any more, so that none of them outlives the call it worked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


async def stop(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel these tasks and wait until each has ended, also when the one who waits is cancelled meanwhile.

    What they raise is nobody's; what they return is still in them.
    """
    stopped = list(tasks)
    for task in stopped:
        task.cancel()
    cancelled: asyncio.CancelledError | None = None
    while pending := [task for task in stopped if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
    for task in stopped:
        if not task.cancelled():
            task.exception()  # asked for, so that asyncio does not complain that nobody did
    if cancelled is not None:
        raise cancelled
