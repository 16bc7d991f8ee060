"""Commands that run until they are stopped: Ctrl-C, or the wish of a service manager, ends them in good order."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextmanager
def stoppable() -> Iterator[None]:
    """Take SIGTERM like Ctrl-C while a block runs: `KeyboardInterrupt`."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
