"""`grokkit chat`: one answer, or a conversation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Unpack

import click

from grokkit.cli.chat.options import manner_options
from grokkit.cli.client import Server, server_options
from grokkit.cli.verbosity import Verbosity, verbose_option

if TYPE_CHECKING:
    from grokkit import Grok, Session
    from grokkit.cli.chat.manner import Manner
    from grokkit.cli.chat.options import MannerOptions

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


@click.command("chat", cls=_Chat, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("prompt", nargs=-1)
@click.option(
    LOCAL, metavar="[PATH]", help="Ask a small model on this machine; PATH is a .gguf file (--local=PATH takes any)."
)
@click.option("--session", "kept", metavar="NAME", help="Go on with the conversation of this name, and keep it.")
@manner_options
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
    local: str | None,
    kept: str | None,
    plain: bool,
    as_json: bool,
    no_stream: bool,
    profile: str | None,
    base_url: str | None,
    timeout: float | None,
    **answered: Unpack[MannerOptions],
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
    manner = Manner(**answered)
    with server.client() if local is None else server.local_client(local or None) as grok:
        session = None if kept is None else grok.session(kept)
        if asked is not None:
            _answer(session or grok, asked, manner, verbosity, plain=plain, as_json=as_json, no_stream=no_stream)
            return
        converse(grok, session, manner, verbosity, plain=plain)


def converse(grok: Grok, session: Session | None, manner: Manner, verbosity: Verbosity, *, plain: bool) -> None:
    """Have a conversation, in a session where one is given."""
    from grokkit.cli.chat.session import Session as Sitting
    from grokkit.cli.chat.talk import Kept, Passing, tell_of

    if session is not None:
        tell_of(session)
    Sitting(grok, Passing(grok) if session is None else Kept(session), manner, verbosity, plain=plain).run()


def refuse_without_terminal() -> None:
    """Raise `click.UsageError` where nobody can have a conversation."""
    from grokkit.cli.say import person_is_there

    if not person_is_there():
        raise click.UsageError("a conversation needs a terminal on both ends: give a prompt, or pipe it in")


def _refuse_session(*, as_json: bool, no_stream: bool) -> None:
    if as_json or no_stream:
        raise click.UsageError("a conversation always streams as text: give a prompt with --json and --no-stream")
    refuse_without_terminal()


def _answer(
    asking: Grok | Session,
    asked: str,
    manner: Manner,
    verbosity: Verbosity,
    *,
    plain: bool,
    as_json: bool,
    no_stream: bool,
) -> None:
    from grokkit.cli.chat.answering import Stopped, stream, whole
    from grokkit.cli.chat.display import display, show_whole
    from grokkit.cli.chat.report import remark, report
    from grokkit.cli.say import say
    from grokkit.sessions import TurnNotSaved

    fields = manner.parameters()
    try:
        if no_stream:
            answered = whole(lambda: asking.ask(asked, model=manner.model, **fields))
            show_whole(answered.answer, plain=plain, as_json=as_json)
        else:
            opened = asking.stream(asked, model=manner.model, **fields)
            answered = stream(opened, display(plain=plain, as_json=as_json))
    except Stopped as stopped:
        raise KeyboardInterrupt from stopped
    except TurnNotSaved as error:
        if no_stream and error.answer is not None:
            show_whole(error.answer, plain=plain, as_json=as_json)
        raise
    sys.stdout.flush()
    if (words := remark(answered)) is not None and not as_json:
        say(f"grokkit: {words}", color="yellow")
    for line in report(answered) if verbosity.level else ():
        say(line, dim=True)
