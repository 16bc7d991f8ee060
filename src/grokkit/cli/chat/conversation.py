"""What was said so far, as the items that the next call sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grokkit.wire.answer import Answer

    Item = dict[str, Any]


@dataclass(frozen=True)
class Conversation:
    """The items of all turns, in order. Frozen: a turn gives a new one, and an abandoned one leaves no trace.

    >>> asked = Conversation().ask("Hi")
    >>> asked.answer_text("Hello!").items[-1]
    {'role': 'assistant', 'content': 'Hello!'}
    >>> asked.turns
    1
    """

    items: tuple[Item, ...] = ()

    @property
    def turns(self) -> int:
        """How many questions were asked."""
        return sum(item.get("role") == "user" for item in self.items)

    def ask(self, text: str) -> Conversation:
        """The conversation with one more question."""
        return Conversation((*self.items, {"role": "user", "content": text}))

    def answer(self, answer: Answer) -> Conversation:
        """The conversation with its answer: the server's own items, unchanged, reasoning included."""
        output = getattr(answer.wire, "output", None)
        return Conversation((*self.items, *output)) if output else self.answer_text(answer.text)

    def answer_text(self, text: str) -> Conversation:
        """The conversation with an answer of which only the text is known."""
        return Conversation((*self.items, {"role": "assistant", "content": text})) if text else self

    def without_last_turn(self) -> tuple[Conversation, str | None]:
        """The conversation before the last question, and that question."""
        asked = [index for index, item in enumerate(self.items) if item.get("role") == "user"]
        if not asked:
            return self, None
        return Conversation(self.items[: asked[-1]]), str(self.items[asked[-1]]["content"])
