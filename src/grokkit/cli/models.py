"""`grokkit models`: the catalogue, or what the API lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from grokkit.cli.client import Server, server_options
from grokkit.cli.verbosity import verbose_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.models import Model
    from grokkit.wire.listings import ModelCard


@click.command("models", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--live", is_flag=True, help="Ask the API which models this key may use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document; prices are ticks, 10^10 of which are 1 USD.")
@verbose_option()
@server_options
def command(*, live: bool, as_json: bool, profile: str | None, base_url: str | None, timeout: float | None) -> None:
    """List the models: windows, prices, reasoning efforts, modalities, retirements.

    Prices are US dollars for a million tokens: input / cached input / output. Needs no key without --live.
    """
    if live:
        with Server(profile=profile, base_url=base_url, timeout=timeout).client() as grok:
            _show_live(grok.models.list(), as_json=as_json)
    else:
        from grokkit.models import KNOWN

        _show_known(KNOWN, as_json=as_json)


def _show_known(known: Sequence[Model], *, as_json: bool) -> None:
    if as_json:
        from grokkit.cli.documents import print_json

        print_json(known)
        return
    from grokkit.cli.model_tables import print_catalogue

    print_catalogue(known)


def _show_live(cards: Sequence[ModelCard], *, as_json: bool) -> None:
    if as_json:
        from grokkit.cli.documents import print_json

        print_json(cards)
        return
    from grokkit.cli.model_tables import print_cards

    print_cards(cards)
