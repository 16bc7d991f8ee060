"""`grokkit sessions delete`: conversations are forgotten for good."""

from __future__ import annotations

from typing import Unpack

import click

from grokkit.cli.say import harmless, is_terminal, say
from grokkit.cli.sessions.options import CONTEXT, PlaceOptions, place, place_options
from grokkit.cli.verbosity import verbose_option

LEFT = 1


@click.command("delete", context_settings=CONTEXT)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask first.")
@verbose_option()
@place_options
def command(*, names: tuple[str, ...], yes: bool, **options: Unpack[PlaceOptions]) -> int:
    """Forget sessions for good: nothing is deleted unless all of the names are there."""
    with place(options).silent_client() as grok:
        entries = sum(grok.sessions.info(name).version for name in names)
        if not yes and not _agreed(names, entries):
            say("nothing was deleted")
            return LEFT
        for name in names:
            grok.sessions.delete(name)
    return 0


def _agreed(names: tuple[str, ...], entries: int) -> bool:
    import sys

    if not is_terminal(sys.stdin):
        raise click.UsageError("--yes is needed where nobody can be asked")
    listed = harmless(", ".join(names))
    return click.confirm(f"forget {listed} ({entries} entries) for good?", err=True)
