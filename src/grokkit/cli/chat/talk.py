"""Where the turns of a chat are: in this process alone, or in a session that lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from grokkit import models
from grokkit.cli.chat.conversation import Conversation
from grokkit.cli.say import harmless, say
from grokkit.sessions.turn import item_text

if TYPE_CHECKING:
    from grokkit import Answer, Grok, Session, Stream
    from grokkit.cli.chat.manner import Manner


class Talk(Protocol):
    """The turns so far, and the one that is being asked."""

    def ask(self, text: str, manner: Manner) -> Stream:
        """The answer to one more question, not open yet."""
        ...

    def answered(self, answer: Answer) -> None:
        """The answer is here."""
        ...

    def stopped(self, text: str) -> None:
        """The answer was stopped after so much of it."""
        ...

    def take_back(self) -> str | None:
        """Take the last turn back, and give its question; `None` when there is none that was a text."""
        ...

    def clear(self) -> None:
        """Begin anew."""
        ...


class Passing:
    """A conversation that ends with the program."""

    def __init__(self, grok: Grok) -> None:
        self._grok = grok
        self._said = Conversation()
        self._asked = self._said

    def ask(self, text: str, manner: Manner) -> Stream:
        """See `Talk.ask`. Reasoning is wanted in the form that can be sent back, where the model reasons."""
        self._asked = self._said.ask(text)
        thinks = models.is_reasoning(manner.model or self._grok.config.model, manner.effort)
        fields = manner.remembering(thoughts=thinks is True).parameters()
        return self._grok.responses.stream(input=self._asked.items, model=manner.model, **fields)

    def answered(self, answer: Answer) -> None:
        """See `Talk.answered`."""
        self._said = self._asked.answer(answer)

    def stopped(self, text: str) -> None:
        """See `Talk.stopped`."""
        self._said = self._asked.answer_text(text) if text else self._said

    def take_back(self) -> str | None:
        """See `Talk.take_back`."""
        self._said, question = self._said.without_last_turn()
        return question

    def clear(self) -> None:
        """See `Talk.clear`."""
        self._said = Conversation()


class Kept:
    """A session: it keeps each turn itself, whole or cut off, and what is taken back stays in its store."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def ask(self, text: str, manner: Manner) -> Stream:
        """See `Talk.ask`."""
        return self.session.stream(text, model=manner.model, **manner.parameters())

    def answered(self, answer: Answer) -> None:
        """See `Talk.answered`."""

    def stopped(self, text: str) -> None:
        """See `Talk.stopped`."""

    def take_back(self) -> str | None:
        """See `Talk.take_back`. Raises what the store raises."""
        last = self.session.history()[-1:]
        question = "\n".join(text for turn in last for item in turn.input if (text := item_text(item)))
        if question:
            self.session.rewind()
        return question or None

    def clear(self) -> None:
        """See `Talk.clear`. Raises what the store raises."""
        if turns := len(self.session.history()):
            self.session.rewind(turns)


_MOST_SHOWN = 400


def tell_of(session: Session) -> None:
    """Say which session it is, how long it is, and what was said last."""
    history = session.history()
    info = session.info()
    title = f" ({info.title})" if info.title else ""
    turns = f"{len(history)} turn{'' if len(history) == 1 else 's'}" if history else "new"
    say(harmless(f"session {session.name}{title}: {turns}"), dim=True)
    for turn in history[-1:]:
        said = harmless(turn.said)
        say(said if len(said) <= _MOST_SHOWN else f"{said[:_MOST_SHOWN].rstrip()} …", dim=True)
