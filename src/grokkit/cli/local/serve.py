"""`grokkit local serve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from grokkit.cli.say import say
from grokkit.cli.stopping import stoppable
from grokkit.cli.verbosity import Verbosity, verbose_option

if TYPE_CHECKING:
    from grokkit.local import Engine

LOOK_EVERY = 0.5

EXAMPLE = """\
It speaks /v1/chat/completions and /v1/responses, and takes any key:
  curl {url}/chat/completions -H 'Content-Type: application/json' \\
    -d '{{"messages": [{{"role": "user", "content": "Hello"}}]}}'
  grokkit chat --local "Hello"      (finds it by itself, as Grok.local() does)
Ctrl-C stops it."""


@click.command("serve", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("model", required=False, metavar="[GGUF]")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="The port; a free one by default.")
@click.option("--context-window", type=click.IntRange(min=1), default=2048, show_default=True, help="Tokens of a call.")
@click.option("--parallel", type=click.IntRange(min=1), default=4, show_default=True, help="Calls at one time.")
@click.option("--threads", type=click.IntRange(min=1), help="Processor threads to use.")
@verbose_option("Let llama.cpp write its log to standard error; -vv also tracebacks.")
@click.pass_obj
def command(
    verbosity: Verbosity,
    *,
    model: str | None,
    port: int,
    context_window: int,
    parallel: int,
    threads: int | None,
) -> int:
    """Run a model for other programs, until Ctrl-C. Its address is printed on standard output.

    Without a GGUF file it is the small model that `grokkit local pull` fetches.
    """
    from grokkit import local

    with (
        stoppable(),
        local.start(
            model,
            context_window=context_window,
            parallel=parallel,
            threads=threads,
            port=port,
            log=verbosity.level > 0,
            reuse=False,
        ) as engine,
    ):
        return _serve(engine)


def _serve(engine: Engine) -> int:
    from grokkit import local

    me = engine.describe()
    local.publish(me)
    try:
        click.echo(engine.base_url)
        say(f"{engine.model} is ready. " + EXAMPLE.format(url=engine.base_url), dim=True)
        while (status := engine.wait(LOOK_EVERY)) is None:
            continue
    except KeyboardInterrupt:
        say("stopped", dim=True)
        return 0
    finally:
        local.withdraw(me)
    say(f"grokkit: the engine ended by itself (exit status {status}); -v shows its log", bold=True, color="red")
    return 1
