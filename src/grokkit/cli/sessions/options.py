"""The options that say which sessions are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, TypeVar

import click

from grokkit.cli.client import profile_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.cli.client import Server

F = TypeVar("F", bound="Callable[..., object]")

CONTEXT = {"help_option_names": ["-h", "--help"]}
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
tag_option = click.option("--tag", metavar="TAG", help="Only sessions that have this tag.")


class PlaceOptions(TypedDict):
    """What `place_options` gives."""

    store: str | None
    tenant: str | None
    profile: str | None


def place_options(function: F) -> F:
    """`--store`, `--tenant`, `--profile`."""
    store = click.option(
        "--store", metavar="URL", help="Where they are: sqlite:///chat.db, redis://... By default as the settings say."
    )
    tenant = click.option("--tenant", metavar="NAME", help="Whose they are.")
    return store(tenant(profile_option(function)))


def place(options: PlaceOptions, *, base_url: str | None = None, timeout: float | None = None) -> Server:
    """The settings that these options make."""
    from grokkit.cli.client import Server

    return Server(
        profile=options["profile"],
        base_url=base_url,
        timeout=timeout,
        sessions=options["store"],
        tenant=options["tenant"],
    )
