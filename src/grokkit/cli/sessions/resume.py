"""`grokkit sessions resume`: a conversation goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from grokkit.cli.chat import converse
from grokkit.cli.chat.options import MannerOptions, manner_options
from grokkit.cli.say import person_is_there
from grokkit.cli.sessions.options import CONTEXT, PlaceOptions, place, place_options
from grokkit.cli.verbosity import Verbosity, verbose_option

if TYPE_CHECKING:
    from grokkit import Grok


class _Options(PlaceOptions, MannerOptions):
    plain: bool


@click.command("resume", context_settings=CONTEXT)
@click.argument("name", required=False)
@manner_options
@verbose_option("Tokens, cost, ids and times on standard error; -vv also tracebacks and the log.")
@place_options
@click.option("--base-url", metavar="URL", help="Another server that speaks the same API.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="The most a call takes."
)
@click.pass_obj
def command(
    verbosity: Verbosity,
    *,
    name: str | None,
    base_url: str | None,
    timeout: float | None,
    **options: Unpack[_Options],
) -> None:
    """Go on with the session NAME, or with the latest one.

    The system prompt is not kept: give --system again. `grokkit chat --session NAME` begins a new session.
    """
    from grokkit.cli.chat.manner import Manner

    if not person_is_there():
        raise click.UsageError(
            "a conversation needs a terminal on both ends: grokkit chat --session NAME PROMPT asks one thing"
        )
    manner = Manner(
        model=options["model"],
        system=options["system"],
        temperature=options["temperature"],
        max_tokens=options["max_tokens"],
        effort=options["effort"],
    )
    with place(options, base_url=base_url, timeout=timeout).client() as grok:
        converse(grok, grok.session(_existing(grok, name)), manner, verbosity, plain=options["plain"])


def _existing(grok: Grok, name: str | None) -> str:
    if name is not None:
        return grok.sessions.info(name).name
    latest = grok.sessions.list(limit=1).sessions
    if not latest:
        raise click.UsageError("there is no session to go on with: grokkit chat --session NAME begins one")
    return latest[0].name
