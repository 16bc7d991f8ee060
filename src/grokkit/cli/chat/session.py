"""A conversation at the terminal. Ctrl-C stops an answer, never the program; Ctrl-D leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.cli import failure, notes
from grokkit.cli.chat.answering import Stopped, stream
from grokkit.cli.chat.display import display
from grokkit.cli.chat.reader import Reader
from grokkit.cli.chat.report import remark, report
from grokkit.cli.chat.slash import COMMANDS, run_command, split_command
from grokkit.cli.say import say
from grokkit.errors import GrokError

if TYPE_CHECKING:
    from grokkit import Grok, Usage
    from grokkit.cli.chat.answering import Answered
    from grokkit.cli.chat.manner import Manner
    from grokkit.cli.chat.talk import Talk
    from grokkit.cli.verbosity import Verbosity


class Session:
    """What lasts from one question to the next."""

    def __init__(self, grok: Grok, talk: Talk, manner: Manner, verbosity: Verbosity, *, plain: bool) -> None:
        self.manner = manner
        self.talk = talk
        self.usage: Usage | None = None
        self._grok = grok
        self._verbosity = verbosity
        self._plain = plain

    @property
    def model(self) -> str:
        """The model that the next question goes to."""
        return self.manner.model or self._grok.config.model

    def run(self) -> None:
        """Talk until the person leaves."""
        reader = Reader(list(COMMANDS))
        say(f"{self.model} · /help lists what you can do, Ctrl-D leaves", dim=True)
        while True:
            try:
                self._turn(reader.read())
            except KeyboardInterrupt:
                say("")
            except EOFError:
                say("")
                return
            notes.tell()

    def _turn(self, text: str) -> None:
        command = split_command(text)
        try:
            if command is not None:
                run_command(self, *command)
            elif text.strip():
                self.ask(text)
        except GrokError as error:
            failure.show(error, self._verbosity)

    def ask(self, text: str) -> None:
        """Ask, show the answer, and remember both; a question without any answer is forgotten. Raises as calls do."""
        try:
            answered = stream(self.talk.ask(text, self.manner), display(plain=self._plain))
        except Stopped as stopped:
            self.talk.stopped(stopped.text)
            say("stopped" if stopped.text else "stopped; the question is forgotten", dim=True)
        else:
            self.talk.answered(answered.answer)
            self._account_for(answered)

    def _account_for(self, answered: Answered) -> None:
        usage = answered.answer.usage
        self.usage = usage if self.usage is None else self.usage + usage
        if (words := remark(answered)) is not None:
            say(words, color="yellow")
        if self._verbosity.level:
            for line in report(answered):
                say(line, dim=True)
        say("")
