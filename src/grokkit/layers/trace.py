"""Trace: tells the hooks of every call, and every error which call it belongs to."""

from __future__ import annotations

import asyncio
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING

from msgspec.structs import replace

from grokkit.errors import ConfigInvalid, GrokError
from grokkit.owner import Underway
from grokkit.telemetry.logging import log_event
from grokkit.telemetry.span import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.call import Call, Next, Reply
    from grokkit.clock import Clock
    from grokkit.telemetry.events import Hook


class Trace:
    """The outermost layer. The reply carries the span on; whoever makes the answer of it ends the span."""

    def __init__(self, hooks: Sequence[Hook], clock: Clock) -> None:
        self._hooks = tuple(map(_plain, hooks))
        self._watched = any(hook is not log_event for hook in self._hooks)
        self._clock = clock

    def __repr__(self) -> str:
        return "trace"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """Follow the call, unless another client's layer does so already and only falls back on this one."""
        if call.span is not None:
            return await call_next(call)
        span = Span(call, self._hooks, self._clock, watched=self._watched)
        try:
            with Underway(call, span):
                reply = await call_next(replace(call, span=span))
        except BaseException as error:
            span.failed(error)
            if isinstance(error, GrokError):
                await asyncio.sleep(0)  # what is refused without a wait may be asked again at once: others run first
            raise
        reply.span = span
        span.replied(reply.status, reply.request_id)
        return reply


def _plain(hook: Hook) -> Hook:
    if not callable(hook) or iscoroutinefunction(hook) or iscoroutinefunction(type(hook).__call__):
        raise ConfigInvalid(
            f"a hook is a plain function that takes an event; found {hook!r}",
            hint="write def, not async def: hooks are told while the call runs; let a slow one put events in a queue",
            param="hooks",
        )
    return hook
