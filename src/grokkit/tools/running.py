"""Running a function in a thread of its own, so that one that hangs holds up neither the loop nor the exit."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


async def in_thread(name: str, function: Callable[[], Any]) -> Any:
    """What the function returns or raises, from a daemon thread that sees the caller's context variables.

    When the waiting is cancelled the thread goes on by itself: nothing can stop it, and nobody waits for it.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def report(settle: Callable[[Any], None], outcome: object) -> None:
        if not done.done():
            settle(outcome)

    def work() -> None:
        try:
            settle, outcome = done.set_result, context.run(function)
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            settle, outcome = done.set_exception, _passed_on(error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(report, settle, outcome)

    threading.Thread(target=work, name=f"grokkit tool {name}", daemon=True).start()
    return await done


def _passed_on(error: BaseException) -> BaseException:
    """A future takes no `StopIteration`: it would end the one who awaits."""
    if not isinstance(error, StopIteration):
        return error
    wrapped = RuntimeError("the tool raised StopIteration")
    wrapped.__cause__ = error
    return wrapped
