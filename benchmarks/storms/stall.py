"""How long a process itself stood still: what no client can be blamed for, on a machine that others use too."""

from __future__ import annotations

import asyncio
import time

_PROBE = 0.01


class Stall:
    """The longest time by which a timer of this loop rang too late."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            due = time.monotonic() + _PROBE
            await asyncio.sleep(_PROBE)
            self.longest = max(self.longest, time.monotonic() - due)
