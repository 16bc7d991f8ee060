"""`grokkit sessions export`: a session as a file."""

from __future__ import annotations

import sys
from typing import Literal, Unpack

import click

from grokkit.cli.sessions.options import CONTEXT, PlaceOptions, place, place_options
from grokkit.cli.verbosity import verbose_option


@click.command("export", context_settings=CONTEXT)
@click.argument("name")
@click.option("--markdown", is_flag=True, help="Markdown for people, in place of JSON lines, which lose nothing.")
@verbose_option()
@place_options
def command(*, name: str, markdown: bool, **options: Unpack[PlaceOptions]) -> None:
    """Write the session NAME to standard output, in UTF-8: `grokkit sessions export NAME > NAME.jsonl`."""
    form: Literal["jsonl", "markdown"] = "markdown" if markdown else "jsonl"
    with place(options).silent_client() as grok:
        text = grok.sessions.export(name, form)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()
