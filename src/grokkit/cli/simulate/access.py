"""The access log: a line for each request that was answered, and a memory that does not grow for ever."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from grokkit.cli.say import harmless
from grokkit.masking import mask_keys
from grokkit.wire.usage import TICKS_PER_USD

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.testing.simulator import Seen, Simulator

LOOK_EVERY = 0.1
KEPT = 200
"""How many requests a simulator that serves for days remembers."""


class AccessLog:
    """Follows what a simulator sees."""

    def __init__(self, simulator: Simulator, tell: Callable[[str], object] | None) -> None:
        self._simulator = simulator
        self._tell = tell
        self._open: list[Seen] = []
        self._known = 0

    def follow(self) -> None:
        """Look again and again."""
        while True:
            time.sleep(LOOK_EVERY)
            self.look()

    def look(self) -> None:
        """Tell of what has ended since the last look, and forget what is long past."""
        calls = self._simulator.calls
        self._open += calls[self._known :]
        ended = [seen for seen in self._open if seen.ended is not None]
        self._open = [seen for seen in self._open if seen.ended is None]
        for seen in ended:
            if self._tell is not None:
                self._tell(line(seen))
        self._known += len(calls[self._known :])
        too_many = max(len(calls) - KEPT, 0)
        del calls[:too_many]
        self._known -= too_many


def line(seen: Seen) -> str:
    """What is said of a request.

    >>> from grokkit.testing.simulator import Seen
    >>> line(Seen(method="GET", path="/v1/models", status=200, sent=90, started=1.0, ended=1.25))[9:]
    'GET /v1/models 200 90 bytes 0.250 s'
    """
    parts = [
        f"{datetime.now().astimezone():%H:%M:%S} {seen.method} {seen.path}",
        f"({seen.model})" if seen.model else "",
        str(seen.status or "no reply"),
        f"{seen.frames} events" if seen.frames else "",
        f"{seen.sent} bytes {(seen.ended or seen.started) - seen.started:.3f} s",
        f"{seen.bill.total_tokens} tokens ${seen.bill.cost_ticks / TICKS_PER_USD:.6f}" if seen.bill else "",
        seen.rule or "",
        seen.fault or "",
        "the caller left" if seen.disconnected else "",
    ]
    return harmless(mask_keys(" ".join(part for part in parts if part)))
