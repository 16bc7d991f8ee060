"""`grokkit tools list`: the tools of all sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from grokkit.cli.say import say
from grokkit.cli.tools.sources import Sources, source_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.tools import Entry


@click.command("list", context_settings={"help_option_names": ["-h", "--help"]})
@source_options
def command(
    *, modules: tuple[str, ...], mcp: tuple[str, ...], openapi: tuple[str, ...], no_plugins: bool, as_json: bool
) -> None:
    """List the tools: names, effects, and where they come from.

    Without options these are the tools of installed packages, which offer them as entry points (grokkit.tools).
    """
    sources = Sources(modules=modules, mcp=mcp, openapi=openapi, plugins=not no_plugins)
    with sources.registry() as registry:
        entries = registry.entries()
    if as_json:
        from grokkit.cli.documents import print_json

        print_json([_told(entry) for entry in entries])
    elif entries:
        _show(entries)
    else:
        say("grokkit: there are no tools; --module, --mcp and --openapi say where to look for some")


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "path": entry.path,
        "effects": entry.effects,
        "description": entry.tool.description,
        "tags": sorted(entry.tags),
        "origin": entry.origin,
    }


def _show(entries: Sequence[Entry]) -> None:
    from grokkit.cli.tables import console, print_table

    rows = [(entry.name, entry.effects, _first_line(entry), entry.origin) for entry in entries]
    print_table(console(), ("Tool", "Effects", "", "From"), rows)


def _first_line(entry: Entry) -> str:
    return entry.tool.description.strip().partition("\n")[0]
