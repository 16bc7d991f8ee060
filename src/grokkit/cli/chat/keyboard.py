"""The keyboard while an answer is drawn: what is typed meanwhile must not be echoed into it."""

from __future__ import annotations

import os
import sys
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING

from grokkit.cli.say import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCAL_FLAGS = 3


@contextmanager
def unechoed() -> Iterator[None]:
    """Keys are kept for the next prompt and not shown; Ctrl-C works as ever."""
    if not is_terminal(sys.stdin) or not _in_foreground():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    silent = list(before)
    silent[_LOCAL_FLAGS] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _in_foreground() -> bool:
    """A background job that changes the terminal would be stopped for it."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return False
