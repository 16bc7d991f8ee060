"""`grokkit sessions search`: where words were said."""

from __future__ import annotations

from typing import Unpack

import click

from grokkit.cli.sessions.options import CONTEXT, PlaceOptions, json_option, place, place_options, tag_option
from grokkit.cli.verbosity import verbose_option


@click.command("search", context_settings=CONTEXT)
@click.argument("words", nargs=-1, required=True)
@tag_option
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, metavar="N", help="The most places: 20.")
@json_option
@verbose_option()
@place_options
def command(
    *, words: tuple[str, ...], tag: str | None, limit: int, as_json: bool, **options: Unpack[PlaceOptions]
) -> None:
    """Find where all the WORDS were said in one turn, or stand in a title, from the latest session on."""
    wanted = " ".join(words)
    with place(options).silent_client() as grok:
        hits = grok.sessions.search(wanted, tag=tag, limit=limit)
    if as_json:
        from grokkit.cli.documents import print_json

        print_json(hits)
        return
    from grokkit.cli.say import say
    from grokkit.cli.tables import console, print_table

    if not hits:
        say(f"nothing was found for {wanted!r}")
        return
    rows = [(hit.name, str(hit.version) if hit.version else "title", hit.excerpt) for hit in hits]
    print_table(console(), ("Session", "Entry", "What was said"), rows)
