"""A route: which calls it waits for, its answers in their order, and the calls it got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, Unpack

from grokkit.testing.mock.answer_with import Answer, AnswerOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.call import Reply
    from grokkit.testing.mock.matching import Wanted
    from grokkit.testing.mock.recorded import RecordedCall


class Route:
    """What `MockTransport.on` gives: say with `reply` and `then` how it answers; `calls` are those it got."""

    def __init__(self, wanted: Wanted, *, optional: bool) -> None:
        self.wanted = wanted
        self.optional = optional
        self.calls: list[RecordedCall] = []
        self._answers: list[Answer] = []

    def __repr__(self) -> str:
        return f"<Route {self.wanted}, called {_times(len(self.calls))}>"

    def reply(
        self,
        answer: Callable[[RecordedCall], Any] | Reply | str | None = None,
        /,
        *,
        times: int | None = None,
        **options: Unpack[AnswerOptions],
    ) -> Self:
        """Answer with this: a text, a function of the call, a `Reply`, or by name what `AnswerOptions` lists.

        With `times`, that often: then the next answer's turn has come, and after the last one the route
        is at its end. Without, the last answer is given as often as asked, and any other one once.

        Raises `TypeError` for contents that exclude each other, and for a second `reply`.

        >>> from grokkit.testing import MockTransport
        >>> mock = MockTransport()
        >>> mock.on(path="/models").reply(json={"data": []})
        <Route any method /models, called 0 times>
        """
        if self._answers:
            raise TypeError("this route has its reply: add further ones with then()")
        return self.then(answer, times=times, **options)

    def then(
        self,
        answer: Callable[[RecordedCall], Any] | Reply | str | None = None,
        /,
        *,
        times: int | None = None,
        **options: Unpack[AnswerOptions],
    ) -> Self:
        """Answer with this once the answers so far were given. Takes what `reply` takes."""
        self._answers.append(Answer(answer, options, times))
        return self

    def take(self, call: RecordedCall) -> Answer | None:
        """The answer whose turn it is, the call being remembered; `None` when the route is at its end."""
        answer = self._answer_at(len(self.calls))
        if answer is not None:
            self.calls.append(call)
        return answer

    @property
    def is_over(self) -> bool:
        """Whether all answers were given as often as they may be."""
        return self._answer_at(len(self.calls)) is None

    def missing(self) -> str | None:
        """What was expected of this route and did not happen."""
        if self.optional or len(self.calls) >= (wanted := self._expected()):
            return None
        exactly = self._answers and self._answers[-1].times is not None
        how_often = f"{'' if exactly or wanted == 1 else 'at least '}{_times(wanted)}"
        return f"{self.wanted}: expected {how_often}, called {_times(len(self.calls))}"

    def _expected(self) -> int:
        return max(sum(answer.times or 1 for answer in self._answers), 1)

    def _answer_at(self, number: int) -> Answer | None:
        for answer in self._answers:
            is_last = answer is self._answers[-1]
            share = answer.times or (number + 1 if is_last else 1)
            if number < share:
                return answer
            number -= share
        return None


def _times(count: int) -> str:
    return {0: "0 times", 1: "once", 2: "twice"}.get(count, f"{count} times")
