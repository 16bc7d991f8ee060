"""What is said when values do not fit their types, and when a function cannot be a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from grokkit.errors import BadCall, Misused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.errors import Details
    from grokkit.tools.shapes.shape import Fault

_MOST_FAULTS = 8


class ValueRefused(BadCall):
    """A value does not fit its type; `faults` says what is wrong and where, the message says all of it.

    The message is written for the reader who made the value: a model can mend what it names.
    """

    hint = "send the value again with what the message names put right"
    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, what: str, faults: Sequence[Fault], **details: Unpack[Details]) -> ValueRefused:
        """The refusal of `what` ("the arguments of weather"), listing its faults."""
        refused = cls(_listed(what, faults), **details)
        refused.faults = tuple(faults)
        return refused


class ArgumentsRefused(ValueRefused):
    """The arguments of a tool call do not fit: the function was not called. The message is fit for the model."""

    hint = "give the message to the model as the call's result: it can make the call again, put right"


class ToolUnfit(Misused):
    """A function, type or schema cannot be offered to the model; `param` names the parameter when it is one."""

    hint = "docs/tools.md lists the types and schema keywords that can be offered"


def _listed(what: str, faults: Sequence[Fault]) -> str:
    lines = [f"- {fault}" for fault in faults[:_MOST_FAULTS]]
    rest = len(faults) - len(lines)
    more = [f"- and {rest} more"] if rest else []
    return "\n".join([f"{what} cannot be used:", *lines, *more])
