"""Redrawing lines in place: only what changed is written, so that nothing flickers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A terminal that knows these two shows everything between them at once; the others ignore them.
BEGIN = "\x1b[?2026h"
END = "\x1b[?2026l"
HIDE_CURSOR = "\x1b[?25l"
SHOW_CURSOR = "\x1b[?25h"


def redraw(before: Sequence[str], after: Sequence[str], *, height: int) -> str:
    r"""What to write so that the lines shown above the cursor become others.

    The cursor is at the start of the line below them, before and after. Lines that have left the screen, which
    has `height` lines, stay as they were.

    >>> redraw(["one", "tw"], ["one", "two", "three"], height=24)
    '\x1b[?2026h\r\x1b[1A\x1b[Ktwo\n\x1b[Kthree\n\x1b[J\x1b[?2026l'
    >>> redraw(["one"], ["one"], height=24)
    ''
    """
    out_of_reach = max(0, len(before) - (height - 1))
    start = max(_in_common(before, after), out_of_reach)
    if start == len(before) == len(after):
        return ""
    up = f"\x1b[{len(before) - start}A" if start < len(before) else ""
    # Line by line: some terminals keep a copy of a screen that is cleared as a whole.
    new = "".join(f"\x1b[K{line}\n" for line in after[start:])
    return f"{BEGIN}\r{up}{new}\x1b[J{END}"


def _in_common(before: Sequence[str], after: Sequence[str]) -> int:
    pairs = enumerate(zip(before, after, strict=False))
    return next((index for index, (old, new) in pairs if old != new), min(len(before), len(after)))
