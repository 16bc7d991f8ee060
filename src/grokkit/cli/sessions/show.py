"""`grokkit sessions show`: what was said, for people or programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Unpack

import click

from grokkit.cli.sessions.options import CONTEXT, PlaceOptions, json_option, place, place_options
from grokkit.cli.verbosity import Verbosity, verbose_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.sessions import SessionInfo, Turn


@click.command("show", context_settings=CONTEXT)
@click.argument("name")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N turns.")
@json_option
@verbose_option("Times, tokens, cost, tags and origin on standard error; -vv also tracebacks and the log.")
@place_options
@click.pass_obj
def command(
    verbosity: Verbosity, *, name: str, last: int | None, as_json: bool, **options: Unpack[PlaceOptions]
) -> None:
    """Show what was said in the session NAME: Markdown, without reasoning; --json has all of it."""
    with place(options).silent_client() as grok:
        info = grok.sessions.info(name)
        turns = grok.session(name).history()
    shown = turns if last is None else turns[-last:]
    if as_json:
        from grokkit.cli.documents import print_json

        print_json({"session": info, "turns": shown})
    else:
        _print(info, shown)
    if verbosity.level:
        _tell(info, len(turns))


def _print(info: SessionInfo, turns: Sequence[Turn]) -> None:
    from grokkit.cli.say import harmless, is_terminal
    from grokkit.sessions.markdown import to_markdown

    text = to_markdown(info.title or info.name, turns)
    sys.stdout.write(harmless(text) if is_terminal(sys.stdout) else text)
    sys.stdout.flush()


def _tell(info: SessionInfo, turns: int) -> None:
    from grokkit.cli.chat.report import cost, tokens
    from grokkit.cli.say import harmless, say
    from grokkit.cli.sessions.words import moment

    facts = {
        "turns": f"{turns}, {info.version} entries with what was taken back and made short",
        "from": f"{moment(info.created)} to {moment(info.updated)}",
        "usage": ", ".join(filter(None, (tokens(info.usage), cost(info.usage)))),
        "tags": ", ".join(info.tags),
        "forked from": info.origin,
    }
    for name, words in facts.items():
        if words:
            say(harmless(f"{name}: {words}"), dim=True)
