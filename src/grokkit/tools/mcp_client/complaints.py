"""What a program says on its standard error: the last of it is kept, for the message when it fails."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from grokkit.masking import mask_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import TextIO

_KEPT_BYTES = 4_096
_SHOWN_LINES = 5
_BABBLE = "(and it sends what is no message of the protocol: what a program prints belongs on its standard error)"


class Complaints:
    """The end of what was said."""

    def __init__(self) -> None:
        self._kept = b""
        self._babbles = False

    def hear(self, said: bytes) -> None:
        """Keep the last of it."""
        self._kept = (self._kept + said)[-_KEPT_BYTES:]

    def is_babbling(self) -> None:
        """It says on its standard output what is no message."""
        self._babbles = True

    def __str__(self) -> str:
        lines = [line for line in self._kept.decode(errors="replace").splitlines() if line.strip()]
        return mask_keys("\n".join([*lines[-_SHOWN_LINES:], *([_BABBLE] if self._babbles else [])]))


@asynccontextmanager
async def listening(complaints: Complaints) -> AsyncIterator[TextIO]:
    """A file for a child process to complain to; closed here by leaving the block, which waits for nothing."""
    reading, writing = os.pipe()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: _Listener(complaints), os.fdopen(reading, "rb", 0)
    )
    try:
        with os.fdopen(writing, "w") as file:
            yield file
    finally:
        transport.close()


class _Listener(asyncio.Protocol):
    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints

    def data_received(self, data: bytes) -> None:
        self._complaints.hear(data)
