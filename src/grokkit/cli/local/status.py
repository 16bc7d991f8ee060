"""`grokkit local status`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from grokkit.cli.verbosity import verbose_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@click.command("status", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@verbose_option()
def command(*, as_json: bool) -> None:
    """Show whether the weights are here, the engine is installed, and one runs already."""
    from grokkit import local

    path, running = local.installed(), local.find()
    state = {
        "weights": None if path is None else str(path),
        "engine_installed": find_spec("xllamacpp") is not None,
        "running": None
        if running is None
        else {"base_url": running.base_url, "model": running.model, "pid": running.pid},
    }
    if as_json:
        from grokkit.cli.documents import print_json

        print_json(state)
        return
    for line in _lines(state):
        click.echo(line)


def _lines(state: Mapping[str, object]) -> Iterator[str]:
    yield f"weights   {state['weights'] or 'not here: grokkit local pull fetches them (93 MB)'}"
    missing = "not installed: pip install 'grokkit[local]'"
    yield f"engine    {'installed (xllamacpp)' if state['engine_installed'] else missing}"
    running = state["running"]
    if isinstance(running, dict):
        yield f"running   {running['base_url']} serves {running['model']} (process {running['pid']})"
    else:
        yield "running   no: grokkit local serve starts one; Grok.local() starts its own"
