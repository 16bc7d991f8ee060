"""An answer as Markdown on a terminal while it streams.

Finished blocks are written once and for good; the block that still grows is redrawn in place, a few times a
second, by a thread, so that a pause in the stream never leaves a word unshown.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console

from grokkit.cli.chat.keyboard import unechoed
from grokkit.cli.chat.markdown import STYLES, rendered, split_finished
from grokkit.cli.chat.redraw import HIDE_CURSOR, SHOW_CURSOR, redraw
from grokkit.cli.say import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self, TextIO

EVERY = 0.07
QUIET_FOR = 0.4
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class LiveMarkdown:
    """A text that grows on the terminal. Use it in a `with` block: leaving it writes what is left."""

    def __init__(self, out: TextIO, *, no_color: bool = False) -> None:
        self._out = out
        self._console = Console(file=out, force_terminal=True, no_color=no_color or None, highlight=False)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._painter = threading.Thread(target=self._paint, name="grokkit-painter", daemon=True)
        self._trouble: OSError | None = None
        self._pending = ""
        self._shown: list[str] = []
        self._width = self._console.width
        self._has_text = False
        self._changed = False
        self._status = "waiting"
        self._began = time.monotonic()
        self._at_exit = ExitStack()

    def status(self, words: str) -> None:
        """What happens while there is no text yet."""
        self._status = words

    def add(self, text: str) -> None:
        """More of the text. Raises what the terminal raised, as `BrokenPipeError`."""
        with self._lock:
            self._pending += harmless(text)
            self._changed = True
        self._raise_trouble()

    def __enter__(self) -> Self:
        self._at_exit.enter_context(unechoed())
        self._at_exit.callback(self._write, SHOW_CURSOR)
        self._write(HIDE_CURSOR)
        self._painter.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._at_exit:
            self._over.set()
            self._painter.join()
            if self._trouble is None:
                self._draw(last=True)

    def _raise_trouble(self) -> None:
        if self._trouble is not None:
            raise self._trouble

    def _paint(self) -> None:
        pause = EVERY
        while not self._over.wait(pause):
            began = time.monotonic()
            try:
                self._draw()
            except OSError as error:
                self._trouble = error
                return
            pause = max(EVERY, 4 * (time.monotonic() - began))

    def _draw(self, *, last: bool = False) -> None:
        with self._lock:
            text, changed, self._changed = self._pending, self._changed, False
        self._has_text = self._has_text or bool(text)
        if not self._has_text:
            self._show([] if last else self._waiting_line())
        elif changed or last:
            self._show_text(text, last=last)

    def _waiting_line(self) -> list[str]:
        elapsed = time.monotonic() - self._began
        if elapsed < QUIET_FOR:
            return []
        turn = SPINNER[int(elapsed / EVERY) % len(SPINNER)]
        return [f"\x1b[2m{turn} {self._status} {elapsed:.0f} s\x1b[0m"]

    def _show_text(self, text: str, *, last: bool) -> None:
        blocks, rest = split_finished(text)
        for block in blocks:
            self._show([*self._lines(block), ""])
            self._shown = []
        if blocks:
            with self._lock:
                self._pending = rest + self._pending[len(text) :]
        self._show(self._lines(rest))
        if last:
            self._shown = []

    def _lines(self, text: str) -> list[str]:
        return rendered(self._console, text)

    def _show(self, lines: Sequence[str]) -> None:
        width, height = self._console.size
        if width != self._width:
            self._shown = _rewrapped(self._shown, width)
            self._width = width
        self._write(redraw(self._shown, lines, height=height))
        self._shown = list(lines)

    def _write(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()


def _rewrapped(lines: Sequence[str], width: int) -> list[str]:
    """As many lines as the terminal makes of these after it has got another width."""
    rows = sum(max(1, -(-cell_len(STYLES.sub("", line)) // width)) for line in lines)
    return ["\x00"] * rows
