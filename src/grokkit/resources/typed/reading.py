"""A typed answer while it is read from a stream: what each event adds, and what becomes of it at the end. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from grokkit.errors import AnswerUnfit, Misused
from grokkit.resources.typed.finding import Opening
from grokkit.resources.typed.form import HELD
from grokkit.resources.typed.growth import Growth
from grokkit.wire.events import TextDelta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.errors import CallRef
    from grokkit.resources.typed.partial import Partial
    from grokkit.resources.typed.tries import Parsed, Tries
    from grokkit.wire.answer import Answer
    from grokkit.wire.events import StreamEvent

T = TypeVar("T")


class Reading(Generic[T]):
    """What both faces know of a typed stream. A repair begins it anew."""

    def __init__(self, tries: Tries[T]) -> None:
        self.tries = tries
        self.partial: Partial[T] | None = None
        self._result: Parsed[T] | None = None
        self._growth: Growth | None = None
        self._opening = Opening()
        self._agreed = 0
        """How many of the items that were handed out are known to stand in the repaired answer too."""

    def take(self, event: StreamEvent) -> Partial[T] | None:
        """What is certain after this event, if it said something of the value."""
        if type(event) is not TextDelta or event.choice != 0:
            return None
        piece = event.text
        if self._growth is None:
            piece = self._begin(piece)
        if self._growth is None or not piece:
            return None
        if not self._growth.feed(piece):
            return None
        self.partial = self._growth.view()
        return self.partial

    def end(self, answer: Answer, call: CallRef) -> bool:
        """Whether this answer is the last one; if not, `tries.turns` are to be sent. Raises `AnswerUnfit`."""
        self.tries.call = call
        self._result = self.tries.judge(answer)
        if self._result is None:
            self.partial, self._growth, self._opening, self._agreed = None, None, Opening(), 0
        return self._result is not None

    @property
    def result(self) -> Parsed[T]:
        """The typed answer. Raises `Misused` while there is none."""
        if self._result is None:
            raise Misused(
                "the stream is not at its end, so there is no result yet",
                hint="read it to its end, or call done(); partial is what is certain so far",
            )
        return self._result

    @property
    def complete(self) -> bool:
        """Whether the typed answer is here."""
        return self._result is not None

    def items(self, field: str | None, given: Sequence[Any]) -> Sequence[Any]:
        """The items that are whole and come after those that were given out.

        Raises `AnswerUnfit` when a repaired answer has others in their place.
        """
        whole = self._growth.items(field) if self._growth is not None else ()
        if self.tries.made:
            both = slice(self._agreed, min(len(whole), len(given)))
            if list(whole[both]) != list(given[both]):
                raise AnswerUnfit(
                    "the model repaired its answer, and changed items that had been handed out already",
                    hint="done() reads on to the whole value; repairs=0 raises at the first answer that does not fit",
                )
            self._agreed = both.stop
        return whole[len(given) :]

    def _begin(self, piece: str) -> str:
        """Look for the beginning of the JSON; what follows it."""
        json, form = self._opening.feed(piece), self.tries.form
        if json:
            held = form.wrapped and json.startswith("{")
            self._growth = Growth(form.inner if form.wrapped else form.shape, HELD if held else None)
        return json
