"""Where the JSON is in an answer: mostly it is all of it, yet some servers fence it, or let the model think first."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_THOUGHT = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_THINKS = re.compile(r"\s*<(?:t(?:h(?:i(?:n(?:k(?:i(?:n(?:g)?)?)?)?)?)?)?)?(?:$|>)")
_FENCED = re.compile(r"^[ \t]*```(?:json)?[ \t]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE | re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*```(?:json)?[ \t]*\n\s*(?=[\[{])", re.MULTILINE | re.IGNORECASE)
_LINE = re.compile(r"^[ \t]*(?=[\[{])", re.MULTILINE)
_DIRECT = re.compile(r"\s*(?=[\[{])")
_value_at = json.JSONDecoder().raw_decode


def candidates(text: str) -> Iterator[str]:
    r"""What may be the JSON of an answer, the likeliest first; the answer as it stands comes first of all.

    >>> list(candidates('Sure:\n```json\n{"a": 1}\n```'))[1]
    '{"a": 1}'
    """
    said = text.strip()
    yield said
    rest = _THOUGHT.sub("", said, count=1).strip()
    if rest != said:
        yield rest
    yield from (match[1].strip() for match in reversed(list(_FENCED.finditer(rest))))
    if (line := _LINE.search(rest)) is not None:
        try:
            _, end = _value_at(rest, line.end())
        except (ValueError, RecursionError):
            return
        yield rest[line.end() : end]


def begins_at(text: str) -> int | None:
    r"""Where the JSON begins in an answer that is still arriving; `None` while that is open.

    >>> begins_at('{"a"'), begins_at("```json\n{"), begins_at("Well, {maybe}"), begins_at("<think>{}</think> {")
    (0, 8, None, 18)
    """
    start = thought.end() if (thought := _THOUGHT.match(text)) is not None else 0
    if start == 0 and _THINKS.match(text):
        return None
    for pattern in (_DIRECT.match, _FENCE.search, _LINE.search):
        if (found := pattern(text, start)) is not None:
            return found.end()
    return None
