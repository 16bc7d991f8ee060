"""`grokkit simulate`: a simulated xAI API for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from grokkit.cli.say import say
from grokkit.cli.simulate.values import read_fault, read_latency, read_rate_limit, reading
from grokkit.cli.stopping import stoppable
from grokkit.cli.verbosity import Verbosity, verbose_option

if TYPE_CHECKING:
    from datetime import datetime

    from grokkit.cli.simulate.values import RateLimit, WrittenFault
    from grokkit.testing.simulator import Simulator

EXAMPLES = """\
The simulated xAI API is ready. It takes this key, and bills nobody:
  export XAI_API_KEY={key}
  export GROKKIT_BASE_URL={base_url}

  curl {base_url}/chat/completions -H "Authorization: Bearer $XAI_API_KEY" \\
    -H 'Content-Type: application/json' \\
    -d '{{"model": "grok-4.7", "messages": [{{"role": "user", "content": "What is 17*23?"}}]}}'
  OPENAI_BASE_URL=$GROKKIT_BASE_URL OPENAI_API_KEY=$XAI_API_KEY \\
    python -c 'from openai import OpenAI; print(OpenAI().models.list().data[0].id)'
  python -c 'from grokkit import Grok; print(Grok().ask("What is 17*23?"))'

The management API is at {management_url}, its key is {management_key}
Ctrl-C stops it."""


@click.command("simulate", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="The port of the API; a free one by default.")
@click.option("--management-port", type=click.IntRange(0, 65_535), default=0, help="The port of the management API.")
@click.option("--key", help="The API key it takes; by default one that is made of the seed.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same texts and ids.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The API as it was on a day: 2026-04-16."
)
@click.option(
    "--engine",
    type=click.Choice(["rules", "local"]),
    default="rules",
    show_default=True,
    help="What thinks of answers.",
)
@click.option(
    "--script",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="A file of rules (TOML, YAML or JSON). Can be repeated.",
)
@click.option(
    "--latency",
    callback=reading(read_latency),
    metavar="SECONDS",
    help="How long until a reply begins: 0.3, uniform:0.1,0.4, lognormal:0.3,0.5.",
)
@click.option("--pace", type=click.FloatRange(min=0, min_open=True), help="Tokens a second; all at once by default.")
@click.option(
    "--rate-limit",
    callback=reading(read_rate_limit),
    multiple=True,
    metavar="LIMIT",
    help="2/s, 60/min, 100000tokens/min or tier1. Can be repeated.",
)
@click.option(
    "--fault",
    callback=reading(read_fault),
    multiple=True,
    metavar="FAULT",
    help="What goes wrong, and how often: status=503@0.1, hang_up@0.01. Can be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print addresses and keys as one JSON document.")
@verbose_option("Write a line on standard error for each request; -vv also tracebacks and the log.")
@click.pass_obj
def command(
    verbosity: Verbosity,
    *,
    host: str,
    port: int,
    management_port: int,
    key: str | None,
    seed: int,
    as_of: datetime | None,
    engine: Literal["rules", "local"],
    script: tuple[Path, ...],
    latency: float | str | None,
    pace: float | None,
    rate_limit: tuple[RateLimit, ...],
    fault: tuple[WrittenFault, ...],
    as_json: bool,
) -> int:
    """A simulated xAI API for other programs, until Ctrl-C. Its address is printed on standard output.

    It answers as the API does: same endpoints, errors, headers, streams and prices, but no model thinks. Needs
    `pip install 'grokkit[gateway]'`.
    """
    from grokkit.cli.simulate.script_file import play
    from grokkit.testing.simulator import Simulator

    simulator = Simulator(
        seed,
        host=host,
        port=port,
        management_port=management_port,
        key=key,
        as_of=as_of.date() if as_of else None,
        engine=engine,
        latency=latency,
        pace=pace,
    )
    for path in script:
        play(path, simulator)
    for limits in rate_limit:
        simulator.limit(**limits)
    for written in fault:
        simulator.faults(written.probability, **written.fields)
    with stoppable(), simulator:
        return _serve(simulator, as_json=as_json, log=verbosity.level > 0)


def _serve(simulator: Simulator, *, as_json: bool, log: bool) -> int:
    from grokkit.cli.simulate.access import AccessLog

    access = AccessLog(simulator, say if log else None)
    try:
        _announce(simulator, as_json=as_json)
        access.follow()
    except KeyboardInterrupt:
        access.look()
        say("stopped", dim=True)
    return 0


def _announce(simulator: Simulator, *, as_json: bool) -> None:
    from grokkit.cli.documents import print_json

    known: dict[str, Any] = {
        "base_url": simulator.base_url,
        "key": simulator.key,
        "management_url": simulator.management_url,
        "management_key": simulator.management_key,
    }
    say(EXAMPLES.format(**known), dim=True)
    if as_json:
        print_json(known)
    else:
        click.echo(simulator.base_url)
