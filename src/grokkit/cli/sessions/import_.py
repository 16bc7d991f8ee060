"""`grokkit sessions import`: a session from a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Unpack

import click

from grokkit.cli.sessions.options import CONTEXT, PlaceOptions, place, place_options
from grokkit.cli.verbosity import verbose_option

STDIN = "-"


@click.command("import", context_settings=CONTEXT)
@click.argument("file", default=STDIN)
@click.option("--name", metavar="NAME", help="Its name here, in place of the one in the file, or the file's own.")
@verbose_option()
@place_options
def command(*, file: str, name: str | None, **options: Unpack[PlaceOptions]) -> None:
    """Make a new session of FILE, or of standard input: JSON lines or Markdown of an export, or lines of items.

    The name of the session is printed.
    """
    from grokkit.sessions.transcript import read_transcript

    text = _read(file)
    chosen = name or read_transcript(text).name or ("" if file == STDIN else Path(file).stem)
    if not chosen:
        raise click.UsageError("the text has no name for the session: give one with --name")
    with place(options).silent_client() as grok:
        grok.sessions.import_(chosen, text)
    click.echo(chosen)


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{'standard input' if file == STDIN else file} is not UTF-8 text") from error
