"""The prompt, from the arguments and from standard input."""

from __future__ import annotations

import select
import sys
from typing import TYPE_CHECKING

import click

from grokkit.cli.say import is_terminal, say

if TYPE_CHECKING:
    from collections.abc import Sequence

STDIN = "-"
PATIENCE = 2.0


def read_prompt(words: Sequence[str]) -> str | None:
    """The words, and below them what is piped in; `None` when there is neither and a person sits there.

    `-` as the last word reads standard input even from a terminal. Raises `click.UsageError` for an empty
    prompt, and for input that is no text.
    """
    wanted = STDIN in words[-1:]
    given = " ".join(words[: len(words) - wanted]).strip()
    piped = _read_all(said_so=wanted or not given) if wanted or not is_terminal(sys.stdin) else None
    if piped is None and not given:
        return None
    prompt = "\n\n".join(part for part in (given, (piped or "").strip("\n")) if part.strip())
    if not prompt:
        raise click.UsageError("the prompt is empty: give it as an argument, or pipe it in")
    return prompt


def _read_all(*, said_so: bool) -> str:
    if sys.stdin.closed:
        return ""
    if not said_so and not _has_something():
        say("grokkit: reading standard input until its end (</dev/null for none)", dim=True)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError("standard input is not UTF-8 text") from error


def _has_something() -> bool:
    """Whether standard input says something soon, be it its end."""
    try:
        return bool(select.select([sys.stdin], [], [], PATIENCE)[0])
    except (OSError, ValueError):
        return True
