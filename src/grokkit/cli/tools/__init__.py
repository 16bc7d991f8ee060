"""`grokkit tools`: what a model could be offered, from wherever it comes; without a word it lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.cli.group import LazyGroup

if TYPE_CHECKING:
    import click


class _Listing(LazyGroup):
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        helped = bool(args) and args[0] in {"-h", "--help"}
        listing = not args or (args[0].startswith("-") and not helped)
        return super().parse_args(ctx, ["list", *args] if listing else args)


command = _Listing(
    "tools",
    __name__,
    {
        "list": "List the tools: names, effects, and where they come from.",
        "show": "Show one tool as the model gets it, and what was changed in its schema.",
    },
    "Tools of modules, plugins, MCP servers and OpenAPI documents.",
)
