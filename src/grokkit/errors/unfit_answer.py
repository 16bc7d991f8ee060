"""An answer came, and it has not the type that was asked for."""

from typing import TYPE_CHECKING, Unpack

from grokkit.errors.bad_call import BadCall
from grokkit.errors.root import Details

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.tools.shapes.shape import Fault
    from grokkit.wire.answer import Answer
    from grokkit.wire.usage import Usage


class AnswerUnfit(BadCall):
    """No answer of the model has the type that was asked for.

    `text` is what the model said last, `faults` what is wrong with it and where, `answer` all of the last answer,
    `usage` what all tries consumed together.
    """

    hint = "say more in the descriptions of the fields, ask for a simpler type or a stronger model, or raise repairs="

    def __init__(
        self,
        message: str,
        *,
        text: str = "",
        faults: "Sequence[Fault]" = (),
        answer: "Answer | None" = None,
        usage: "Usage | None" = None,
        **details: Unpack[Details],
    ) -> None:
        super().__init__(message, **details)
        self.text = text
        self.faults = tuple(faults)
        self.answer = answer
        self.usage = usage


class AnswerCutOff(AnswerUnfit):
    """The answer ended before it was whole; `text` is what had been said."""

    hint = "raise max_output_tokens (max_completion_tokens in chat), or ask for less at a time"


class AnswerRefused(AnswerUnfit):
    """The model refused to answer, or a filter stopped it; `text` is what had been said."""

    hint = "change what is asked; the same call will be refused again"
