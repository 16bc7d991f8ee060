"""The place of a SQLite file: made for its owner only, and never opened beside SQLite once it is there.

POSIX takes away all locks that a process has on a file as soon as it closes any handle to it, so that another process
would take the file for its own, and delete the log in which the last writes are.
"""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_AS_WHO_WRITES = os.access in os.supports_effective_ids
_one_by_one = threading.Lock()


def make_place(path: Path) -> None:
    """The file, empty if it is new, and its directory. Raises `OSError` for what this process may not write.

    >>> import tempfile
    >>> from pathlib import Path
    >>> path = Path(tempfile.mkdtemp(), "state", "grokkit.db")
    >>> make_place(path)
    >>> oct(path.stat().st_mode), oct(path.parent.stat().st_mode)
    ('0o100600', '0o40700')
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _one_by_one:  # whoever finds the file there must not use it before its maker has closed it
        try:
            os.close(os.open(os.path.realpath(path), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            _refuse_unfit(path)


def _refuse_unfit(path: Path) -> None:
    if path.is_dir():
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=_AS_WHO_WRITES):
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _in_child() -> None:
    global _one_by_one  # noqa: PLW0603 - another thread of the parent may have held it, and is not here to let go
    _one_by_one = threading.Lock()


os.register_at_fork(after_in_child=_in_child)
