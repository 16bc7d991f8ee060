"""A file that is being written, and appears under its name when it is whole, or never.

Disks may be slow: what is done to the file is done in threads that nobody has to wait for, one after the other.
"""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from grokkit.errors import DownloadRefused
from grokkit.transport.resolver import in_daemon_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from pathlib import Path

_ONE_WRITE = 1024 * 1024
_THREAD = "file"


class Landing:
    """A file to be: use it with `async with`, and `finish` it. Otherwise nothing is left of it.

    Until then its bytes are beside it, under a hidden name that ends in `.part`. A file that was there before stays
    until the new one is whole. Raises `DownloadRefused` when the disk does not take it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{secrets.token_hex(8)}.part")
        self._file: FileIO | None = None
        self._pieces: list[bytes] = []
        self._held = 0
        self._busy = threading.Lock()
        self._over = False

    async def __aenter__(self) -> Self:
        try:
            await self._do(self._open)
        except BaseException:
            await in_daemon_thread(self._leave, name=_THREAD)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await in_daemon_thread(self._leave, name=_THREAD)

    async def take(self, piece: bytes) -> None:
        """Add bytes to the end."""
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held >= _ONE_WRITE:
            await self._do(self._write)

    async def finish(self) -> None:
        """Let the file appear under its name."""
        await self._do(self._appear)

    async def _do(self, work: Callable[[], None]) -> None:
        def alone() -> None:
            with self._busy:
                if not self._over:
                    work()

        try:
            await in_daemon_thread(alone, name=_THREAD)
        except OSError as error:
            raise DownloadRefused(
                f"the file cannot be kept as {self._path}: {error.strerror or error}",
                hint="make room, or name another place with to=...",
            ) from error

    def _open(self) -> None:
        if self._path.is_dir():
            raise IsADirectoryError("there is a folder of that name")
        self._file = self._part.open("xb", buffering=0)

    def _write(self) -> None:
        pieces, self._pieces, self._held = self._pieces, [], 0
        left = memoryview(b"".join(pieces))
        while left and self._file is not None:
            left = left[self._file.write(left) :]

    def _appear(self) -> None:
        self._write()
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self._path)

    def _leave(self) -> None:
        """End it. Comes after whatever is being done, which may go on although nobody waits for it any more."""
        with self._busy:
            self._over = True
            if self._file is not None:
                with suppress(OSError):
                    self._file.close()
                with suppress(OSError):
                    self._part.unlink(missing_ok=True)
