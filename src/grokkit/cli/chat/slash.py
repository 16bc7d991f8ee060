"""What a person can say to the session itself: words that begin with a slash."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from grokkit.cli.chat.report import cost, tokens
from grokkit.cli.chat.talk import Kept
from grokkit.cli.say import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.cli.chat.session import Session

KEYS = """\
A line that ends in \\ goes on in the next; \"\"\" begins and ends a message of many lines.
Ctrl-C stops the answer, Ctrl-D leaves."""


def split_command(text: str) -> tuple[str, str] | None:
    """The command and its argument, or `None` for a message: a path such as `/etc/hosts` is one.

    >>> split_command("/model grok-4.3")
    ('/model', 'grok-4.3')
    >>> split_command("/etc/hosts is what?") is None
    True
    """
    stripped = text.strip()
    name, _, argument = stripped.partition(" ")
    if not name.startswith("/") or "/" in name[1:] or "\n" in name:
        return None
    return name, argument.strip()


def run_command(session: Session, name: str, argument: str) -> None:
    """Do what the command says, or say which one is nearest."""
    known = COMMANDS.get(name)
    if known is not None:
        known[0](session, argument)
        return
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    say(f"there is no {name}; " + (f"did you mean {near[0]}?" if near else "/help lists what there is"))


def _help(_session: Session, _: str) -> None:
    for name, (_run, argument, about) in COMMANDS.items():
        say(f"  {f'{name} {argument}'.strip():<18} {about}")
    say(KEYS)


def _model(session: Session, name: str) -> None:
    if name:
        session.manner = session.manner.with_model(name)
    say(f"model: {session.model}")


def _system(session: Session, text: str) -> None:
    if text:
        session.manner = session.manner.with_system(None if text == "none" else text)
    say(f"system prompt: {session.manner.system or 'none'}")


def _effort(session: Session, effort: str) -> None:
    if effort:
        session.manner = session.manner.with_effort(None if effort == "default" else effort)
    say(f"reasoning effort: {session.manner.effort or 'the default of the model'}")


def _usage(session: Session, _: str) -> None:
    usage = session.usage
    say(", ".join(filter(None, (tokens(usage), cost(usage)))) if usage else "nothing was answered yet")


def _retry(session: Session, _: str) -> None:
    question = session.talk.take_back()
    if question is None:
        say("there is no question to ask again")
        return
    session.ask(question)


def _clear(session: Session, _: str) -> None:
    session.talk.clear()
    say("the conversation begins anew")


def _title(session: Session, text: str) -> None:
    if not isinstance(session.talk, Kept):
        say("this conversation is not kept: grokkit chat --session NAME keeps one")
        return
    kept = session.talk.session
    info = kept.describe(title=text) if text else kept.info()
    say(f"session {info.name}: {info.title or 'no title'}")


def _exit(_session: Session, _: str) -> None:
    raise EOFError


COMMANDS: dict[str, tuple[Callable[[Session, str], None], str, str]] = {
    "/help": (_help, "", "this list"),
    "/model": (_model, "[NAME]", "show the model, or go on with another"),
    "/system": (_system, "[TEXT]", "show the system prompt, or set it; none takes it away"),
    "/effort": (_effort, "[LEVEL]", "show the reasoning effort, or set it; default leaves it to the model"),
    "/usage": (_usage, "", "tokens and cost of this session"),
    "/retry": (_retry, "", "ask the last question again"),
    "/clear": (_clear, "", "forget the conversation"),
    "/title": (_title, "[TEXT]", "show the name and title of a session that is kept, or set the title"),
    "/exit": (_exit, "", "leave (Ctrl-D does too)"),
}
COMMANDS["/quit"] = (_exit, "", "the same")
