"""`grokkit doctor`: what keeps calls from working, and what to do about it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from grokkit.cli.client import Server, server_options
from grokkit.cli.say import plain_wanted
from grokkit.cli.verbosity import verbose_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.cli.doctor.finding import Finding

COLORS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "bright_black"}


@click.command("doctor", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@verbose_option()
@server_options
def command(*, as_json: bool, profile: str | None, base_url: str | None, timeout: float | None) -> int:
    """Look for what keeps calls from working: installation, settings, key, network, account.

    Each finding comes with its remedy. The exit status is 1 if any of them is a failure. Nothing is billed.
    """
    findings = _examine(Server(profile=profile, base_url=base_url, timeout=timeout))
    if as_json:
        from grokkit.cli.documents import print_json

        found = list(findings)
        print_json({"healthy": _healthy(found), "findings": found})
    else:
        found = [_show(each) for each in findings]
    return 0 if _healthy(found) else 1


def _examine(server: Server) -> Iterator[Finding]:
    from grokkit.cli.doctor import account, installation, network, settings

    yield from installation.examine()
    config = yield from settings.examine(server)
    if config is None:
        return
    reached = yield from network.examine(config, server.timeout)
    yield from account.examine(server, config, reached=reached)


def _healthy(findings: list[Finding]) -> bool:
    return all(each.verdict != "fail" for each in findings)


def _show(finding: Finding) -> Finding:
    color = None if plain_wanted() else COLORS[finding.verdict]
    mark = click.style(f"{finding.verdict:<4}", fg=color, bold=finding.verdict == "fail")
    click.echo(f"{mark}  {finding.subject:<12} {finding.words}")
    if finding.remedy:
        click.echo("\n".join(f"      {'':<12} {line}" for line in f"try: {finding.remedy}".splitlines()))
    sys.stdout.flush()
    return finding
