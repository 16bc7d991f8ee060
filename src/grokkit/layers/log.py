"""Log: every attempt at DEBUG, as a cURL command without secrets and without content."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from grokkit.telemetry.curl import as_curl
from grokkit.telemetry.logging import in_brief

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from grokkit.call import Call, Next, Reply

_logger = logging.getLogger("grokkit.attempts")


class Log:
    """Writes what goes out and what came back, when logging is on for `grokkit.attempts`."""

    def __repr__(self) -> str:
        return "log"

    def __call__(self, call: Call, call_next: Next) -> Awaitable[Reply]:
        """Log the attempt around its way."""
        return self._logged(call, call_next) if _logger.isEnabledFor(logging.DEBUG) else call_next(call)

    async def _logged(self, call: Call, call_next: Next) -> Reply:
        _logger.debug("grok.attempt %s", as_curl(call.method, _address(call), call.headers, call.content()))
        started = time.monotonic()
        try:
            reply = await call_next(call)
        except BaseException as error:
            _logger.debug(
                "grok.attempt_failed %s %s after %.3fs: %s",
                call.ref,
                call.id,
                time.monotonic() - started,
                in_brief(error),
            )
            raise
        _logger.debug(
            "grok.attempt_answered %s %s %d request=%s after %.3fs",
            call.ref,
            call.id,
            reply.status,
            reply.request_id or "-",
            time.monotonic() - started,
        )
        return reply


def _address(call: Call) -> str:
    return f"{call.url}?{urlencode(call.query)}" if call.query else call.url
