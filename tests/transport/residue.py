"""What a call can leave behind: connected sockets, tasks, threads."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PATIENCE = 10.0
_POLL = 0.01
_POOLED = "asyncio_"
"""How the threads are named that tests themselves wait in."""


def connected_sockets() -> int:
    """How many TCP sockets of this process are a client's: those of its own servers, whose port listens, are not."""
    ends = [end for end in map(_ends, _sockets()) if end is not None]
    ours = {place for place, peer in ends if peer is None}
    return sum(peer is not None and place not in ours for place, peer in ends)


async def sockets_end(known: int) -> None:
    """Wait until no more than that are connected: a proxy in a thread of the tests closes after the client does."""
    patient_until = time.monotonic() + PATIENCE
    while connected_sockets() > known:
        assert time.monotonic() < patient_until, "a socket was left"
        await asyncio.sleep(_POLL)


async def tasks_end(known: Iterable[asyncio.Task[Any]] = ()) -> None:
    """Wait until no task of this loop runs but this one and those that are known."""
    left = asyncio.all_tasks() - {asyncio.current_task(), *known}
    if left:
        _, running = await asyncio.wait(left, timeout=PATIENCE)
        assert not running, "a task was left"


def threads() -> set[threading.Thread]:
    """The threads that run, without those that the tests themselves wait in."""
    return {thread for thread in threading.enumerate() if not thread.name.startswith(_POOLED)}


def threads_end(known: set[threading.Thread]) -> None:
    """Wait until no thread runs but those that are known."""
    for thread in threads() - known:
        thread.join(PATIENCE)
        assert not thread.is_alive(), f"a thread was left: {thread.name}"


def _sockets() -> Iterator[socket.socket]:
    for entry in Path("/proc/self/fd").iterdir():
        try:
            if stat.S_ISSOCK(os.fstat(int(entry.name)).st_mode):
                with socket.socket(fileno=os.dup(int(entry.name))) as held:
                    yield held
        except OSError:
            continue


def _ends(held: socket.socket) -> tuple[int, int | None] | None:
    """The ports of a TCP socket, its own and its peer's; a listening one has no peer."""
    if held.family not in (socket.AF_INET, socket.AF_INET6) or held.type != socket.SOCK_STREAM:
        return None
    listens = bool(held.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    try:
        return held.getsockname()[1], None if listens else held.getpeername()[1]
    except OSError:
        return None
