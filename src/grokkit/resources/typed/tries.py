"""What becomes of an answer that should have a type: it is read, or said to be unfit and asked for again, or refused.

To judge an answer waits for nothing: `Tries` is told one and says what comes next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from grokkit.errors import AnswerCutOff, AnswerRefused, AnswerUnfit
from grokkit.tools.refusals import ValueRefused
from grokkit.wire.chat import ChatCompletion
from grokkit.wire.output import parts
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from grokkit.errors import CallRef
    from grokkit.resources.typed.form import Dialect, Form
    from grokkit.wire.answer import Answer

    Turns = str | Sequence[Mapping[str, Any]]

T = TypeVar("T")

_CUT_OFF = {
    "length": "the limit on tokens was reached",
    "max_prompt_tokens": "the prompt grew longer than the model takes",
    "max_time_limit": "the server's time for it was over",
}


@dataclass(frozen=True, kw_only=True)
class Parsed(Generic[T]):
    """A typed answer: `value` is what was asked for."""

    value: T
    answer: Answer
    """The answer that the value was read from, the last one."""
    repairs: int
    """How often the model was told what was wrong with its answer, and answered again."""
    usage: Usage
    """What all tries consumed together; `answer.usage` is the last one's."""

    def __repr__(self) -> str:
        again = f", {self.repairs} repairs" if self.repairs else ""
        return f"<Parsed {self.value!r}{again}, {self.usage.input_tokens} + {self.usage.output_tokens} tokens>"


class Tries(Generic[T]):
    """The tries of one typed answer. `turns` is what to send next: bad answers and complaints come after the rest."""

    def __init__(self, form: Form[T], turns: Turns, repairs: int, *, dialect: Dialect, limit: int | None) -> None:
        self.form = form
        self.turns = turns
        self.made = 0
        self.usage = Usage()
        self._allowed = repairs
        self._dialect: Dialect = dialect
        self._limit = limit
        self.call: CallRef | None = None

    def judge(self, answer: Answer) -> Parsed[T] | None:
        """The typed answer, or `None` when `turns` are to be sent. Raises `AnswerUnfit` when it is at an end."""
        self.usage += answer.usage
        if answer.finish_reason == "content_filter" or refusal_of(answer):
            raise self._refused(answer)
        try:
            value = self.form.read(answer.text)
        except ValueRefused as refused:
            if self.made >= self._allowed or answer.tool_calls or self._cut_off(answer):
                raise self._unfit(answer, refused) from None
            self._ask_again(answer, refused)
            return None
        return Parsed(value=value, answer=answer, repairs=self.made, usage=self.usage)

    async def run(self, ask: Callable[[Turns], Awaitable[Answer]]) -> Parsed[T]:
        """Ask until an answer fits, as often as is allowed."""
        while True:
            parsed = self.judge(await ask(self.turns))
            if parsed is not None:
                return parsed

    def _ask_again(self, answer: Answer, refused: ValueRefused) -> None:
        said = [_said(answer.text, self._dialect)] if answer.text.strip() else []
        asked = [{"role": "user", "content": self.turns}] if isinstance(self.turns, str) else self.turns
        self.turns = [*asked, *said, {"role": "user", "content": self.form.complaint(refused)}]
        self.made += 1

    def _cut_off(self, answer: Answer) -> str | None:
        """Why an answer ended too early, if it did; some servers do not tell, so the limit is compared."""
        visible = answer.usage.output_tokens - answer.usage.reasoning_tokens
        if self._limit is not None and visible >= self._limit:
            return _CUT_OFF["length"]
        return _CUT_OFF.get(answer.finish_reason or "")

    def _refused(self, answer: Answer) -> AnswerRefused:
        words = refusal_of(answer)
        said = f": {words}" if words else ", stopped by the content filter"
        return AnswerRefused(f"the model refused to answer{said}", **self._found(answer))

    def _unfit(self, answer: Answer, refused: ValueRefused) -> AnswerUnfit:
        found = self._found(answer)
        why = self._cut_off(answer)
        if why is not None:
            length = len(answer.text)
            return AnswerCutOff(f"the answer was cut off after {length} characters of text: {why}", **found)
        if answer.tool_calls:
            names = ", ".join(call.name for call in answer.tool_calls)
            hint = "parse runs no functions: run an agent with into=..., or leave the tools out"
            return AnswerUnfit(f"the model wants {names} called and gave no answer", hint=hint, **found)
        again = f", nor did {self.made} repairs help" if self.made else ""
        message = f"the answer does not fit {self.form.name}{again}: {refused.message}"
        return AnswerUnfit(message, faults=refused.faults, **found)

    def _found(self, answer: Answer) -> dict[str, Any]:
        return {
            "text": answer.text,
            "answer": answer,
            "usage": self.usage,
            "call": self.call,
            "request_id": answer.request_id,
            "client_request_id": answer.client_request_id,
        }


def _said(text: str, dialect: Dialect) -> dict[str, Any]:
    """What the model said, as the next request repeats it."""
    if dialect == "chat":
        return {"role": "assistant", "content": text}
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def refusal_of(answer: Answer) -> str:
    """The words of a refusal, which are not part of an answer's text; empty when there is none."""
    if isinstance(answer.wire, ChatCompletion):
        choices = answer.wire.choices
        return (choices[0].message.refusal if choices else None) or ""
    held = [part for item in answer.wire.output if item.get("type") == "message" for part in parts(item, "content")]
    words = [part.get("refusal") for part in held if part.get("type") == "refusal"]
    return " ".join(word for word in words if isinstance(word, str))
