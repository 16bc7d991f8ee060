"""The life of one call, told to the hooks; it ends exactly once, whoever ends it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from grokkit.errors import DeadlineExceeded, GrokError
from grokkit.telemetry.events import CallFailed, CallFinished, CallStarted, OutputStarted, ReplyStarted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.call import Call
    from grokkit.clock import Clock
    from grokkit.telemetry.events import Answered, Event, Hook

_logger = logging.getLogger("grokkit")
_ERRORS_FROM = 400


class Span:
    """Started when a call sets out; ended by its answer, its error, its stream's close."""

    __slots__ = (
        "_call",
        "_clock",
        "_ended",
        "_hooks",
        "_replied",
        "_request_id",
        "_started_at",
        "_time_to_output",
        "_watched",
        "attempts",
        "on_wire",
        "refusals",
        "tries",
    )

    def __init__(self, call: Call, hooks: Sequence[Hook], clock: Clock, *, watched: bool = True) -> None:
        """Unless it is `watched`, no hook is there but our log, which is told of a good end only when it writes it."""
        self._call = call
        self._hooks = hooks
        self._clock = clock
        self._started_at = clock.now()
        self._request_id: str | None = None
        self._time_to_output: float | None = None
        self._ended = False
        self._replied = False
        self._watched = watched
        self.attempts = 1
        """How often the call was made so far."""
        self.tries = 0
        """How often it was sent: by retries, by hedges and in fallbacks."""
        self.refusals = 0
        """How many of these certainly did not run."""
        self.on_wire = 0
        """How many of them are on their way at this moment."""
        if watched:
            self.tell(CallStarted(call=call.ref, client_request_id=call.id))

    @property
    def elapsed(self) -> float:
        """Seconds since the call set out."""
        return self._clock.now() - self._started_at

    @property
    def time_to_output(self) -> float | None:
        """Seconds from the start to the first output of a stream."""
        return self._time_to_output

    def replied(self, status: int, request_id: str | None) -> None:
        """The head of a reply is here. Of the heads of several tries the first good one is told."""
        self._request_id = request_id or self._request_id
        if self._replied or status >= _ERRORS_FROM:
            return
        self._replied = True
        if self._watched:
            self.tell(
                ReplyStarted(
                    call=self._call.ref,
                    client_request_id=self._call.id,
                    request_id=self._request_id,
                    status=status,
                    elapsed=self.elapsed,
                )
            )

    def output_started(self) -> None:
        """The first output of a stream is here."""
        if self._time_to_output is None:
            self._time_to_output = self.elapsed
            self.tell(
                OutputStarted(
                    call=self._call.ref,
                    client_request_id=self._call.id,
                    request_id=self._request_id,
                    elapsed=self._time_to_output,
                )
            )

    def finished(self, answer: Answered | None, *, complete: bool = True) -> None:
        """The call has its answer."""
        if self._ended:
            return
        self._ended = True
        if self._watched or _logger.isEnabledFor(logging.INFO):
            self.tell(
                CallFinished(
                    call=self._call.ref,
                    client_request_id=self._call.id,
                    request_id=self._request_id,
                    elapsed=self.elapsed,
                    time_to_output=self._time_to_output,
                    model=answer.model if answer else None,
                    usage=answer.usage if answer else None,
                    complete=complete,
                )
            )

    def failed(self, error: BaseException) -> None:
        """The call ended without an answer. What the error does not know yet of its call, it learns here."""
        if isinstance(error, GrokError):
            error.with_call(self._call.ref, self._call.id)
            error.request_id = error.request_id or self._request_id
            if isinstance(error, DeadlineExceeded):
                error.attempts = max(error.attempts, self.attempts)
        if self._ended:
            return
        self._ended = True
        self.tell(
            CallFailed(
                call=self._call.ref,
                client_request_id=self._call.id,
                request_id=self._request_id,
                elapsed=self.elapsed,
                error=error if isinstance(error, Exception) else None,
            )
        )

    def tell(self, event: Event) -> None:
        """Tell the hooks what happened to the call on its way."""
        tell_all(self._hooks, event)


def tell_all(hooks: Sequence[Hook], event: Event) -> None:
    """Tell each hook; one that fails harms nobody."""
    for hook in hooks:
        try:
            hook(event)
        except Exception:
            _logger.exception("grok.hook_failed")
