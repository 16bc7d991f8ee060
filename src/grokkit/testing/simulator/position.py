"""Where in a JSON text a value ends: deserialisers say line and column of what they dislike."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANK = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder().raw_decode


def end_of(content: bytes, steps: Sequence[str | int]) -> tuple[int, int]:
    """Line and column of the last character of the value at the end of these steps; of the deepest one there is.

    >>> end_of(b'{"a":[1,"two"]}', ["a", 1])
    (1, 13)
    """
    text = content.decode("utf-8", "replace")
    start = _blank(text, 0)
    try:
        for step in steps:
            start = _member(text, start, step)
        end = _decode(text, start)[1]
    except (ValueError, LookupError, RecursionError):
        end = len(text)
    return text.count("\n", 0, end) + 1, end - (text.rfind("\n", 0, end) + 1)


def _member(text: str, start: int, step: str | int) -> int:
    at = _blank(text, start + 1)
    index = 0
    while text[at] not in "]}":
        name: object = index
        if isinstance(step, str):
            name, at = _decode(text, at)
            at = _blank(text, _blank(text, at) + 1)
        if name == step:
            return at
        at = _blank(text, _decode(text, at)[1])
        at = _blank(text, at + 1) if text[at] == "," else at
        index += 1
    raise LookupError(step)


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
