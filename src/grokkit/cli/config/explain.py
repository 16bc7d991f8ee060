"""`grokkit config explain`."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from grokkit.cli.client import profile_option
from grokkit.cli.verbosity import verbose_option


@click.command("explain", context_settings={"help_option_names": ["-h", "--help"]})
@profile_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@verbose_option()
def command(*, profile: str | None, as_json: bool) -> None:
    """Show each setting, its value and where it comes from.

    Arguments win over the environment, the environment over the project's file, that over the user's file.
    Secrets are masked.
    """
    from grokkit.config import format_explanation, resolve

    settings = resolve({} if profile is None else {"profile": profile}).explain()
    if as_json:
        from grokkit.cli.documents import print_json

        print_json([asdict(each) for each in settings])
        return
    sys.stdout.write(format_explanation(settings) + "\n")
