r"""Reads what a person types: edited lines, kept in the history, joined where a message has several.

A line that ends in a backslash goes on in the next; a message between two `\"\"\"` has any number of lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.cli.chat.history import History, history_file
from grokkit.cli.say import plain_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

FENCE = '"""'
FIRST = "> "
MORE = "… "


class Reader:
    """One message at a time; `completions` are offered for the first word."""

    def __init__(self, completions: Sequence[str]) -> None:
        editor = line_editor()
        self._history = None if editor is None else History(editor, history_file())
        self._edited = editor is not None
        if editor is not None:
            _offer(editor, completions)

    def read(self) -> str:
        """The next message. Raises `EOFError` on Ctrl-D, `KeyboardInterrupt` on Ctrl-C."""
        try:
            return read_message(self._line)
        finally:
            if self._history is not None:
                self._history.save()

    def _line(self, prompt: str) -> str:
        return input(_colored(prompt) if self._edited and not plain_wanted() else prompt)


def read_message(line: Callable[[str], str]) -> str:
    r"""One message from as many lines as it has.

    >>> typed = iter(["one \\", "two"])
    >>> read_message(lambda _: next(typed))
    'one \ntwo'
    >>> typed = iter(['\"\"\"def f():', "    pass", '\"\"\"'])
    >>> read_message(lambda _: next(typed))
    'def f():\n    pass'
    """
    first = line(FIRST)
    if first.lstrip().startswith(FENCE):
        return _fenced(first.lstrip().removeprefix(FENCE), line)
    lines = [first]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1].removesuffix("\\")
        lines.append(line(MORE))
    return "\n".join(lines)


def _fenced(first: str, line: Callable[[str], str]) -> str:
    lines = [first]
    while not lines[-1].rstrip().endswith(FENCE):
        lines.append(line(MORE))
    lines[-1] = lines[-1].rstrip().removesuffix(FENCE)
    return "\n".join(lines).strip("\n")


def line_editor() -> ModuleType | None:
    """The `readline` module; `None` in a Python that was built without it."""
    try:
        import readline
    except ImportError:
        return None
    return readline


def _offer(editor: ModuleType, completions: Sequence[str]) -> None:
    def complete(start: str, index: int) -> str | None:
        fitting = [each for each in completions if start.startswith("/") and each.startswith(start)]
        return f"{fitting[index]} " if index < len(fitting) else None

    editor.set_completer(complete)
    editor.set_completer_delims(" \n")
    is_libedit = "libedit" in (editor.__doc__ or "")
    editor.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")


def _colored(prompt: str) -> str:
    """The prompt in colour; the marks tell the editor which characters take no room."""
    return f"\x01\x1b[1;32m\x02{prompt}\x01\x1b[0m\x02"
