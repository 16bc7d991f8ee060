"""One run of the command line: from arguments to an exit status, whatever happens on the way."""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING

import click

from grokkit.cli import INTERRUPTED, failure, notes
from grokkit.cli.root import root
from grokkit.cli.verbosity import Verbosity
from grokkit.errors import GrokError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

FAILED = 1
BROKEN_PIPE = 141
COMPLETION = "_GROKKIT_COMPLETE"


def run(arguments: Sequence[str]) -> int:
    """Run the command and give its exit status."""
    verbosity = Verbosity()
    _open_what_is_closed()
    _never_fail_on_characters(sys.stdout, sys.stderr)
    sys.excepthook = failure.unexpected(verbosity)
    warnings.showwarning = notes.hold
    try:
        return _run(arguments, verbosity)
    finally:
        notes.tell()


def _run(arguments: Sequence[str], verbosity: Verbosity) -> int:
    try:
        outcome = _invoke(arguments, verbosity)
        sys.stdout.flush()
    except (click.ClickException, click.exceptions.Exit) as left:
        return _left(left)
    except (click.Abort, KeyboardInterrupt):
        failure.end_broken_line()
        return INTERRUPTED
    except GrokError as error:
        failure.show(error, verbosity)
        return FAILED
    except OSError as error:
        return _unwritable(error, verbosity)
    return outcome if isinstance(outcome, int) else 0


def _left(left: click.ClickException | click.exceptions.Exit) -> int:
    if isinstance(left, click.ClickException):
        left.show()
    return left.exit_code


def _unwritable(error: OSError, verbosity: Verbosity) -> int:
    broken = isinstance(error, BrokenPipeError)
    if not broken:
        failure.show_trouble_with_files(error, verbosity)
    _discard_the_rest()
    return BROKEN_PIPE if broken else FAILED


def _invoke(arguments: Sequence[str], verbosity: Verbosity) -> object:
    """The command's own outcome. `root.main` would turn a broken pipe into an error."""
    if COMPLETION in os.environ:
        root.main(prog_name="grokkit")
    with root.make_context("grokkit", list(arguments), obj=verbosity) as context:
        return root.invoke(context)


def _open_what_is_closed() -> None:
    """Python has no stream where the shell closed one (`<&-`)."""
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def _never_fail_on_characters(*streams: TextIO) -> None:
    """A character that the terminal's encoding lacks becomes a question mark."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _discard_the_rest() -> None:
    """Nobody reads any more: what is still buffered must not raise at the interpreter's end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
