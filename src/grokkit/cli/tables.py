"""Tables on standard output: as wide as the terminal, or as wide as they are when piped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grokkit.cli.say import harmless, is_terminal, plain_wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDE = 250


def console() -> Console:
    """Where tables go."""
    if is_terminal(sys.stdout):
        return Console(no_color=plain_wanted() or None, highlight=False)
    return Console(width=WIDE, color_system=None, highlight=False)


def print_table(out: Console, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table and an empty line. What stands in it is text and never markup."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for place, name in enumerate(names):
        table.add_column(name, no_wrap=place == 0, style="cyan" if place == 0 else "")
    for row in rows:
        table.add_row(*(Text(harmless(cell).replace("\n", " ")) for cell in row))
    with out.capture() as capture:
        out.print(table)
    for line in capture.get().splitlines():
        out.file.write(line.rstrip() + "\n")
    out.file.write("\n")
