"""Markdown while it grows: which blocks are finished, and what they look like in a terminal."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from markdown_it import MarkdownIt
from rich.markdown import Heading, ListItem, Markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token
    from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
    from rich.markdown import MarkdownElement

# HTML is shown as it is written: an answer about <b> would else lose its subject.
_parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").enable("table")
STYLES = re.compile(r"\x1b\[[0-9;]*m")
TWO_DIGITS = 10
_PADDING = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$")


class _LeftHeading(Heading):
    LEVEL_ALIGN: ClassVar[dict[str, JustifyMethod]] = dict.fromkeys(Heading.LEVEL_ALIGN, "left")


class _SteadyItem(ListItem):
    """The tenth number of a list must not move the nine above it."""

    def render_number(self, console: Console, options: ConsoleOptions, number: int, last_number: int) -> RenderResult:
        return super().render_number(console, options, number, max(last_number, TWO_DIGITS))


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "list_item_open": _SteadyItem,
    }

    def __init__(self, text: str) -> None:
        super().__init__("", code_theme="ansi_dark", hyperlinks=False)
        self.markup = text
        self.parsed = _with_its_line_breaks(_parser.parse(text))


def _with_its_line_breaks(tokens: list[Token]) -> list[Token]:
    """Verse stays verse: a line of the answer is a line on the terminal."""
    for token in tokens:
        for child in token.children or ():
            if child.type == "softbreak":
                child.type = "hardbreak"
    return tokens


def split_finished(text: str) -> tuple[list[str], str]:
    r"""The blocks at the start of a text that nothing which follows can change, and the rest.

    >>> split_finished("# Title\nSome words\nand more\n\n- one\n- tw")
    (['# Title\n', 'Some words\nand more\n\n'], '- one\n- tw')
    """
    starts = [token.map[0] for token in _parser.parse(text) if token.level == 0 and token.map and token.nesting >= 0]
    lines = text.splitlines(keepends=True)
    bounds = list(pairwise(starts))
    first = starts[0] if starts else 0
    blocks = ["".join(lines[(0 if start == first else start) : end]) for start, end in bounds]
    return blocks, "".join(lines[starts[-1] :]) if bounds else text


def rendered(console: Console, text: str) -> list[str]:
    """The lines of a text in this terminal's width and colours, with no blank ones at its ends."""
    with console.capture() as capture:
        console.print(_Markdown(text))
    return _without_blank_ends([_PADDING.sub(r"\1", line) for line in capture.get().split("\n")])


def _without_blank_ends(lines: Sequence[str]) -> list[str]:
    filled = [index for index, line in enumerate(lines) if STYLES.sub("", line).strip()]
    return list(lines[filled[0] : filled[-1] + 1]) if filled else []
