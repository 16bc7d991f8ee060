"""`grokkit chat`: one answer, or a conversation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from grokkit.cli.client import Server, server_options
from grokkit.cli.verbosity import Verbosity, verbose_option

if TYPE_CHECKING:
    from grokkit import Grok
    from grokkit.cli.chat.manner import Manner

LOCAL = "--local"
WEIGHTS = ".gguf"


class _Chat(click.Command):
    """`--local` takes a path only where one follows: in `--local "Hello"` the words are the prompt."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _with_local_path(args))


def _with_local_path(args: list[str]) -> list[str]:
    if LOCAL not in args or "--" in args[: args.index(LOCAL)]:
        return args
    at = args.index(LOCAL)
    path, rest = args[at + 1 : at + 2], args[at + 2 :]
    if path and path[0].lower().endswith(WEIGHTS):
        return [*args[:at], f"{LOCAL}={path[0]}", *rest]
    return [*args[:at], f"{LOCAL}=", *path, *rest]


def _complete_model(_ctx: click.Context, _parameter: click.Parameter, start: str) -> list[str]:
    from grokkit.models import KNOWN

    return [model.id for model in KNOWN if model.retired_on is None and model.id.startswith(start)]


@click.command("chat", cls=_Chat, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("prompt", nargs=-1)
@click.option("-m", "--model", metavar="NAME", shell_complete=_complete_model, help="The model to ask.")
@click.option("-s", "--system", metavar="TEXT", help="The system prompt.")
@click.option(
    LOCAL, metavar="[PATH]", help="Ask a small model on this machine; PATH is a .gguf file (--local=PATH takes any)."
)
@click.option("--temperature", type=click.FloatRange(0, 2), metavar="0..2", help="How freely words are chosen.")
@click.option("--max-tokens", type=click.IntRange(min=1), metavar="N", help="The most tokens of the answer.")
@click.option("--effort", metavar="LEVEL", help="Reasoning effort: none, low, medium, high, xhigh (by model).")
@click.option("--plain", is_flag=True, help="Plain text on a terminal too, no Markdown.")
@click.option(
    "--json", "as_json", is_flag=True, help="Each event as JSON, one a line; with --no-stream the whole reply."
)
@click.option("--no-stream", is_flag=True, help="Wait for the whole answer.")
@verbose_option("Tokens, cost, ids and times on standard error; -vv also tracebacks and the log.")
@server_options
@click.pass_obj
def command(
    verbosity: Verbosity,
    *,
    prompt: tuple[str, ...],
    model: str | None,
    system: str | None,
    local: str | None,
    temperature: float | None,
    max_tokens: int | None,
    effort: str | None,
    plain: bool,
    as_json: bool,
    no_stream: bool,
    profile: str | None,
    base_url: str | None,
    timeout: float | None,
) -> None:
    """Ask a model. The answer streams to standard output; without a prompt, have a conversation.

    What is piped in is put below the PROMPT; `-` reads standard input in any case.
    """
    from grokkit.cli.chat.manner import Manner
    from grokkit.cli.chat.prompt import read_prompt

    asked = read_prompt(prompt)
    if asked is None:
        _refuse_session(as_json=as_json, no_stream=no_stream)
    server = Server(profile=profile, base_url=base_url, timeout=timeout)
    manner = Manner(model=model, system=system, temperature=temperature, max_tokens=max_tokens, effort=effort)
    with server.client() if local is None else server.local_client(local or None) as grok:
        if asked is not None:
            _answer(grok, asked, manner, verbosity, plain=plain, as_json=as_json, no_stream=no_stream)
            return
        from grokkit.cli.chat.session import Session

        Session(grok, manner, verbosity, plain=plain).run()


def _refuse_session(*, as_json: bool, no_stream: bool) -> None:
    from grokkit.cli.say import person_is_there

    if as_json or no_stream:
        raise click.UsageError("a conversation always streams as text: give a prompt with --json and --no-stream")
    if not person_is_there():
        raise click.UsageError("a conversation needs a terminal on both ends: give a prompt, or pipe it in")


def _answer(
    grok: Grok, asked: str, manner: Manner, verbosity: Verbosity, *, plain: bool, as_json: bool, no_stream: bool
) -> None:
    from grokkit.cli.chat.answering import Stopped, stream, whole
    from grokkit.cli.chat.display import display, show_whole
    from grokkit.cli.chat.report import remark, report
    from grokkit.cli.say import say

    try:
        if no_stream:
            answered = whole(grok, asked, manner)
            show_whole(answered.answer, plain=plain, as_json=as_json)
        else:
            answered = stream(grok, asked, manner, display(plain=plain, as_json=as_json))
    except Stopped as stopped:
        raise KeyboardInterrupt from stopped
    sys.stdout.flush()
    if (words := remark(answered)) is not None and not as_json:
        say(f"grokkit: {words}", color="yellow")
    for line in report(answered) if verbosity.level else ():
        say(line, dim=True)
