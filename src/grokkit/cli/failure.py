"""Errors as a short message: what happened, to which call, what to try. The traceback is for those who ask."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from grokkit.cli.say import say
from grokkit.cli.verbosity import DEBUG
from grokkit.errors import KeyMissing
from grokkit.masking import mask_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from grokkit.cli.verbosity import Verbosity
    from grokkit.errors import GrokError


def show(error: GrokError, verbosity: Verbosity) -> None:
    """Say what went wrong, and how to go on."""
    headline, *details = str(error).splitlines()
    _traceback(error, verbosity)
    say(f"grokkit: {headline}", bold=True, color="red")
    for line in details:
        say(line)


def show_trouble_with_files(error: OSError, verbosity: Verbosity) -> None:
    """A file, or standard output, cannot be read or written."""
    _traceback(error, verbosity)
    where = f" {error.filename}" if error.filename else ""
    say(f"grokkit: cannot read or write{where}: {error.strerror or error}", bold=True, color="red")


def unexpected(
    verbosity: Verbosity,
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """An exception hook for what should not happen: a bug of ours, told in three lines."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _traceback(error.with_traceback(trace), verbosity)
        say(f"grokkit: this is a bug: {kind.__name__}: {mask_keys(str(error))}", bold=True, color="red")
        say(f"try: {DEBUG}=1 shows where it happened; please report it with that")

    return hook


def _traceback(error: BaseException, verbosity: Verbosity) -> None:
    if verbosity.tracebacks:
        say(mask_keys("".join(traceback.format_exception(error))), dim=True)


def no_key() -> KeyMissing:
    """The error of a run without a key: it names the three ways to go on."""
    config = f"{os.environ.get('XDG_CONFIG_HOME') or '~/.config'}/grokkit/config.toml"
    return KeyMissing(
        "there is no API key",
        hint="one of these:\n"
        "  1. set XAI_API_KEY to a key, made at https://console.x.ai\n"
        f'  2. write api_key = "xai-..." in {config}\n'
        "  3. go without, with a small model on this machine: grokkit local pull, then grokkit chat --local",
    )


def end_broken_line() -> None:
    """Begin a new line after the one in which the terminal shows `^C`."""
    if sys.stderr.isatty():
        say("")
