"""`grokkit sessions describe`: title and tags."""

from __future__ import annotations

from typing import Unpack

import click

from grokkit.cli.sessions.options import CONTEXT, PlaceOptions, json_option, place, place_options
from grokkit.cli.verbosity import verbose_option


@click.command("describe", context_settings=CONTEXT)
@click.argument("name")
@click.option("--title", metavar="TEXT", help="The title.")
@click.option(
    "--tag", "tags", metavar="TAG", multiple=True, help="A tag; can be repeated. They replace those there were."
)
@click.option("--no-tags", is_flag=True, help="Take all tags away.")
@json_option
@verbose_option()
@place_options
def command(
    *,
    name: str,
    title: str | None,
    tags: tuple[str, ...],
    no_tags: bool,
    as_json: bool,
    **options: Unpack[PlaceOptions],
) -> None:
    """Give the session NAME a title, or tags in place of those it has; without options, tell what it has."""
    if tags and no_tags:
        raise click.UsageError("--tag and --no-tags contradict each other")
    with place(options).silent_client() as grok:
        info = grok.sessions.describe(name, title=title, tags=tags if tags or no_tags else None)
    if as_json:
        from grokkit.cli.documents import print_json

        print_json(info)
        return
    from grokkit.cli.sessions.words import NAMES, row
    from grokkit.cli.tables import console, print_table

    print_table(console(), NAMES, [row(info)])
