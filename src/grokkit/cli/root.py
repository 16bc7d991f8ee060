"""The table of commands."""

from __future__ import annotations

import click

from grokkit.cli.group import LazyGroup

COMMANDS = {
    "chat": "Ask a model; without a prompt, talk with one.",
    "sessions": "Find, read and go on with conversations.",
    "tools": "List the tools of modules, plugins, MCP servers and OpenAPI documents.",
    "models": "List the models, their prices and limits.",
    "config": "Show where each setting comes from.",
    "doctor": "Look for what keeps calls from working.",
    "local": "Fetch and run the small model for this machine.",
    "cassettes": "Look for recordings that are out of date.",
    "simulate": "Run a simulated xAI API for other programs and tests.",
}

HELP = """\
Grok on the command line.

\b
  grokkit chat "Why is the sky blue?"     stream an answer
  git diff | grokkit chat "Review this"   with what is piped in
  grokkit chat                            a conversation
  grokkit chat --local "Hello"            no key: a small model on this machine

The key is read from XAI_API_KEY or a config file. Text goes to standard output, everything else to standard error.
"""


def _version(ctx: click.Context, _: click.Parameter, wanted: object) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib import metadata

        click.echo(f"grokkit {metadata.version('grokkit')}")
        ctx.exit()


root = LazyGroup("grokkit", "grokkit.cli", COMMANDS, HELP)
root.params.append(
    click.Option(["--version"], is_flag=True, expose_value=False, callback=_version, help="Show the version and exit.")
)
