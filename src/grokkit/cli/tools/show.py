"""`grokkit tools show`: one tool as the model gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from grokkit.cli.documents import print_json
from grokkit.cli.say import say
from grokkit.cli.tools.sources import Sources, source_options

if TYPE_CHECKING:
    from grokkit.tools import Registry
    from grokkit.tools.entries import AnyTool


@click.command("show", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name")
@source_options
def command(
    *,
    name: str,
    modules: tuple[str, ...],
    mcp: tuple[str, ...],
    openapi: tuple[str, ...],
    no_plugins: bool,
    as_json: bool,
) -> None:
    """Show the tool NAME: its definition as JSON, and what was changed in its schema.

    With --json the notes are in the document, else they go to standard error.
    """
    sources = Sources(modules=modules, mcp=mcp, openapi=openapi, plugins=not no_plugins)
    with sources.registry() as registry:
        tool = _found(name, registry, sources)
    definition = tool.definition()
    print_json({**definition, "effects": tool.effects, "notes": tool.notes} if as_json else definition)
    if not as_json:
        say(f"grokkit: effects: {tool.effects}", dim=True)
        for note in tool.notes:
            say(f"grokkit: note: {note}", dim=True)


def _found(name: str, registry: Registry, sources: Sources) -> AnyTool:
    from grokkit.tools import ToolUnknown

    try:
        return registry[name]
    except ToolUnknown as error:
        command = f"grokkit tools list {sources.options()}".rstrip()
        raise ToolUnknown(error.message, hint=f"`{command}` shows tools by the names they have") from None
