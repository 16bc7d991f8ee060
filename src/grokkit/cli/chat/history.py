"""The lines typed in earlier sessions: kept in the user's state directory, for the user's eyes only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from grokkit.cli.say import say

if TYPE_CHECKING:
    from types import ModuleType

MOST_LINES = 5_000
OWNER_ONLY = 0o600


def history_file() -> Path:
    """Where it is: `grokkit/history` in $XDG_STATE_HOME, or in ~/.local/state."""
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "state") / "grokkit" / "history"


class History:
    """The line editor's memory, on disk. Where it cannot be kept, that is said once, and it lives in memory."""

    def __init__(self, editor: ModuleType, path: Path) -> None:
        self._editor = editor
        self._path: Path | None = path
        try:
            _make_private(path)
            editor.read_history_file(str(path))
        except OSError as error:
            self._give_up(error)
        editor.set_history_length(MOST_LINES)
        self._saved = editor.get_current_history_length()

    def save(self) -> None:
        """Write down what was typed since the last time."""
        known = self._editor.get_current_history_length()
        new, self._saved = max(0, known - self._saved), known
        if self._path is None or not new:
            return
        try:
            self._editor.append_history_file(new, str(self._path))
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        say(f"grokkit: the history cannot be kept in {self._path}: {error.strerror or error}", dim=True)
        self._path = None


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    try:
        os.fchmod(descriptor, OWNER_ONLY)
    finally:
        os.close(descriptor)
