"""Calls and their results: which item answers which, and what stands where a result is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grokkit.sessions.doctor.change import Item

RESULT_OF = {"function_call": "function_call_output", "shell_call": "shell_call_output"}
"""The items that the caller has to answer, and the type of the answer."""
CALL_OF = {result: call for call, result in RESULT_OF.items()}

SYNTHETIC = "[no result was recorded: the call was interrupted, and may or may not have run]"
"""What the model reads in place of a result that nobody has."""
_FAILED = 1


def synthetic(call: Item) -> Item:
    """A marked result for a call that has none.

    >>> synthetic({"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"})["call_id"]
    'c1'
    """
    if call["type"] == "shell_call":
        outcome = {"type": "exit", "exit_code": _FAILED}
        told: object = [{"stdout": "", "stderr": SYNTHETIC, "outcome": outcome}]
    else:
        told = SYNTHETIC
    return {"type": RESULT_OF[call["type"]], "call_id": call["call_id"], "output": told}


def is_synthetic(item: Item) -> bool:
    """Whether this is a result that the doctor put in, and not one that a tool gave.

    >>> is_synthetic({"type": "function_call_output", "call_id": "c1", "output": "21 degrees"})
    False
    """
    output = item.get("output")
    if isinstance(output, list):
        return any(isinstance(part, dict) and part.get("stderr") == SYNTHETIC for part in output)
    return output == SYNTHETIC
