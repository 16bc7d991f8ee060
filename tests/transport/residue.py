"""What a call can leave behind: connected sockets, tasks, threads."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 3.0


def connected_sockets() -> int:
    """TCP sockets of this process that have a peer, those of the test's servers included."""
    return sum(_has_peer(int(entry.name)) for entry in Path("/proc/self/fd").iterdir())


def threads() -> set[str]:
    """The names of the threads that run."""
    return {thread.name for thread in threading.enumerate()}


async def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether it comes true within a few seconds, looking often."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.002)
    return True


def soon(is_so: Callable[[], bool]) -> bool:
    """The same, for tests without a loop."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def _has_peer(number: int) -> bool:
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return False
        held = socket.socket(fileno=os.dup(number))
    except OSError:
        return False
    with held:
        try:
            held.getpeername()
        except OSError:
            return False
        return held.family in (socket.AF_INET, socket.AF_INET6)
