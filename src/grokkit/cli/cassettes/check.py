"""`grokkit cassettes check`: which recordings are not as the API is now, field by field."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grokkit.cli.client import Server, server_options
from grokkit.cli.say import harmless, say
from grokkit.cli.verbosity import verbose_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.testing.cassette import Drifted, Listing

OUT_OF_DATE = 1


@dataclass(frozen=True)
class Checked:
    """What was found in one cassette."""

    cassette: str
    drifted: list[Drifted] = field(default_factory=list)
    broken: str = ""
    """Why the file is no cassette."""

    @property
    def is_fine(self) -> bool:
        """Whether it can stay as it is."""
        return not (self.drifted or self.broken)


@click.command("check", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--live", is_flag=True, help="Compare with the models and prices that the API lists now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@verbose_option()
@server_options
def command(
    *,
    paths: tuple[Path, ...],
    live: bool,
    as_json: bool,
    profile: str | None,
    base_url: str | None,
    timeout: float | None,
) -> int:
    """Name what moved in the API since the recording, for all cassettes in PATHS (by default: here and below).

    Replies are compared with xAI's OpenAPI document; models, parameters and prices with the catalogue of this
    grokkit, which needs no key, or with the API itself. Exit status 1 when a recording is out of date.
    """
    from grokkit.testing.cassette import CATALOGUE, cassettes_in

    cassettes = [path for place in paths or (Path(),) for path in cassettes_in(place)]
    if not cassettes:
        raise click.UsageError(f"there is no cassette in {', '.join(map(str, paths)) or 'this folder'}")
    server = Server(profile=profile, base_url=base_url, timeout=timeout)
    listing = _live(server) if live else CATALOGUE
    checked = [_check(path, listing) for path in cassettes]
    if as_json:
        from grokkit.cli.documents import print_json

        print_json({"against": listing.source, "cassettes": checked})
    else:
        _show(checked, listing)
    return 0 if all(each.is_fine for each in checked) else OUT_OF_DATE


def _live(server: Server) -> Listing:
    from grokkit.testing.cassette import live_listing

    with server.client() as grok:
        return live_listing(grok)


def _check(path: Path, listing: Listing) -> Checked:
    from grokkit.testing.cassette import CassetteBroken, check

    try:
        return Checked(str(path), check(path, listing))
    except CassetteBroken as error:
        return Checked(str(path), broken=str(error))


def _show(checked: Sequence[Checked], listing: Listing) -> None:
    bad = [each for each in checked if not each.is_fine]
    for each in bad:
        sys.stdout.write(harmless("\n".join(_lines(each))) + "\n")
    if not bad:
        say(f"{_cassettes(len(checked))}: as xAI's document and {listing.source} have it")
        return
    say(f"{len(bad)} of {_cassettes(len(checked))}: not as xAI's document and {listing.source} have it now")
    say("try: record anew, with pytest --grok-record=all, and review what changed")


def _lines(checked: Checked) -> list[str]:
    lines = [checked.cassette, *checked.broken.splitlines()]
    for one in checked.drifted:
        lines += [f"  {one.number}. {one.request}", *(f"     {line}" for line in one.drift)]
    return lines


def _cassettes(count: int) -> str:
    return "1 cassette" if count == 1 else f"{count} cassettes"
