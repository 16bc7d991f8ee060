"""Markdown that streams: at the end the screen shows what one look at the whole text would have shown."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from grokkit.cli.chat.live_markdown import LiveMarkdown
from grokkit.cli.chat.markdown import STYLES, rendered, split_finished
from grokkit.cli.chat.redraw import redraw

CONTROLS = re.compile(r"\x1b\[(?:\?\d+[hl]|(\d*)([AJK]))|([^\x1b])")

TEXT = """\
# A title

Some **bold** words, `code` and <b>tags</b>,
on two lines.

- one
- two

  with a paragraph
1. first
2. second

```python
def f():

    return 1
```

| a | b |
|---|---|
| 1 | 2 |

> said somebody

    indented code

Title
-----

Done"""


class Screen:
    """A terminal as far as `redraw` uses one, with all that has scrolled away still there."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self.row = 0

    def write(self, text: str) -> None:
        for found in CONTROLS.finditer(STYLES.sub("", text)):
            count, control, character = found.groups()
            if control == "A":
                self.row -= int(count)
            elif control == "J":
                self.lines[self.row :] = [""]
            elif control == "K":
                self.lines[self.row] = ""
            elif character == "\n":
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif character and character != "\r":
                self.lines[self.row] += character

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines).strip("\n")


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c"]), max_size=6), max_size=6))
def test_after_a_redraw_the_screen_shows_the_new_lines(versions: list[list[str]]) -> None:
    screen = Screen()
    shown: list[str] = []
    for lines in versions:
        screen.write(redraw(shown, lines, height=24))
        shown = lines

        assert screen.lines == [*lines, ""]


def test_lines_that_have_scrolled_away_are_left_alone() -> None:
    before = [f"line {number}" for number in range(30)]

    written = redraw(before, [line.upper() for line in before], height=10)

    assert "\x1b[9A" in written
    assert "LINE 21" in written
    assert "LINE 20" not in written


def test_what_did_not_change_is_not_written_again() -> None:
    assert redraw(["same", "growi"], ["same", "growing"], height=24).count("same") == 0


@given(st.lists(st.integers(0, len(TEXT)), max_size=8).map(sorted))
def test_finished_blocks_are_never_changed_by_what_follows(cuts: list[int]) -> None:
    console = Console(width=60, file=io.StringIO(), force_terminal=True)
    finished: list[str] = []
    rest = ""
    for start, end in zip([0, *cuts], [*cuts, len(TEXT)], strict=True):
        blocks, rest = split_finished(rest + TEXT[start:end])
        finished += blocks

    assert "".join([*finished, rest]) == TEXT
    piecewise = [line for block in [*finished, rest] for line in rendered(console, block)]
    assert [line for line in piecewise if line] == [line for line in _lines_of(console, TEXT) if line]


def _lines_of(console: Console, text: str) -> list[str]:
    blocks, rest = split_finished(text)
    return [line for block in [*blocks, rest] for line in rendered(console, block)]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_streamed_text_ends_as_the_whole_text_looks(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "200")
    out = io.StringIO()
    with LiveMarkdown(out) as live:
        for start in range(0, len(TEXT), size):
            live.add(TEXT[start : start + size])
    screen = Screen()
    screen.write(out.getvalue())

    assert screen.text.splitlines()[:3] == ["A title", "", "Some bold words, code and <b>tags</b>,"]
    assert screen.text.endswith("Done")
    assert screen.text.count("\n\n\n") == 0
    assert [screen.text.count(word) for word in ("• one", "second", "said somebody", "indented")] == [1, 1, 1, 1]


def test_control_characters_of_the_model_never_reach_the_terminal() -> None:
    out = io.StringIO()
    with LiveMarkdown(out) as live:
        live.add("a\x1b[2J\x07\x9b31m`b\x1b]0;title\x07`")

    assert "\x1b[2J" not in out.getvalue()
    assert not set(out.getvalue()) & {"\x07", "\x9b"}
    assert "\x1b]" not in out.getvalue()


def test_verse_keeps_its_lines() -> None:
    console = Console(width=60, file=io.StringIO())

    assert rendered(console, "packets cross the sea\nsome are lost, then sent again\nall arrive in peace") == [
        "packets cross the sea",
        "some are lost, then sent again",
        "all arrive in peace",
    ]


class Gone(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_a_terminal_that_is_gone_is_an_error_and_no_hang() -> None:
    with pytest.raises(BrokenPipeError), LiveMarkdown(Gone()):
        pass
