"""Words for the person at the terminal: all of them on standard error."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click

_CONTROL = {code: None for code in [*range(32), *range(127, 160)] if chr(code) not in "\n\t"}


def say(text: str, *, dim: bool = False, bold: bool = False, color: str | None = None) -> None:
    """A line on standard error, styled where that is wanted."""
    styled = click.style(text, dim=dim or None, bold=bold or None, fg=color)
    click.echo(styled, err=True, color=False if plain_wanted() else None)


def plain_wanted() -> bool:
    """Whether the user wants no colours at all (https://no-color.org) or the terminal has none."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at this stream."""
    return not stream.closed and stream.isatty()


def person_is_there() -> bool:
    """Whether both ends are a terminal, so that a conversation is possible."""
    return is_terminal(sys.stdin) and is_terminal(sys.stdout)


def harmless(text: str) -> str:
    r"""The text without control characters: a model must not steer somebody's terminal.

    >>> harmless("a\x1b[2Jb\n")
    'a[2Jb\n'
    """
    return text.translate(_CONTROL)
