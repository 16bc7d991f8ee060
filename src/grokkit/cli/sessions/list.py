"""`grokkit sessions list`: names, times, costs, tags, titles."""

from __future__ import annotations

from itertools import islice
from typing import Unpack

import click

from grokkit.cli.sessions.options import CONTEXT, PlaceOptions, json_option, place, place_options, tag_option
from grokkit.cli.verbosity import verbose_option


@click.command("list", context_settings=CONTEXT)
@tag_option
@click.option("-n", "--limit", type=click.IntRange(min=1), default=50, metavar="N", help="The most to list: 50.")
@click.option("--all", "whole", is_flag=True, help="List all there are.")
@json_option
@verbose_option()
@place_options
def command(*, tag: str | None, limit: int, whole: bool, as_json: bool, **options: Unpack[PlaceOptions]) -> None:
    """List the sessions, the one with the latest turn first."""
    with place(options).silent_client() as grok:
        found = list(islice(grok.sessions.each(tag=tag), None if whole else limit + 1))
    shown = found if whole else found[:limit]
    if as_json:
        from grokkit.cli.documents import print_json

        print_json(shown)
        return
    from grokkit.cli.say import say
    from grokkit.cli.sessions.words import NAMES, row
    from grokkit.cli.tables import console, print_table

    if shown:
        print_table(console(), NAMES, [row(info) for info in shown])
    else:
        say("there are no sessions" + (f" tagged {tag!r}" if tag else ": grokkit chat --session NAME begins one"))
    if len(found) > len(shown):
        say(f"these are the latest {limit}: --all lists the others too", dim=True)
