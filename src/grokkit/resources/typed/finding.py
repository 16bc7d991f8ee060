"""Where the JSON is in an answer: mostly it is all of it, yet some servers fence it, or let the model think first."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_THINKS = ("<think>", "<thinking>")
_THOUGHT_ENDS = re.compile(r"</think(?:ing)?>")
_FENCED = re.compile(r"^[ \t]*```(?:json)?[ \t]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE | re.IGNORECASE)
_LINE = re.compile(r"^[ \t]*(?=[\[{])", re.MULTILINE)
_value_at = json.JSONDecoder().raw_decode


def candidates(text: str) -> Iterator[str]:
    r"""What may be the JSON of an answer, the likeliest first; the answer as it stands comes first of all.

    >>> list(candidates('Sure:\n```json\n{"a": 1}\n```'))[1]
    '{"a": 1}'
    """
    said = text.strip()
    yield said
    thought = _THOUGHT.match(said)
    rest = said[thought.end() :].strip() if thought is not None else said
    if thought is not None:
        yield rest
    yield from (match[1].strip() for match in reversed(list(_FENCED.finditer(rest))))
    if (line := _LINE.search(rest)) is not None:
        try:
            _, end = _value_at(rest, line.end())
        except (ValueError, RecursionError):
            return
        yield rest[line.end() : end]


class Opening:
    r"""Looks for the place where the JSON begins in an answer that arrives in pieces; each is looked through once.

    >>> opening = Opening()
    >>> [opening.feed(piece) for piece in ("<think>{}</th", "ink> Well, {maybe}\n``", '`json\n{"a"')]
    ['', '', '{"a"']
    """

    def __init__(self) -> None:
        self._held = ""
        self._may_think = True
        self._thinks = False

    def feed(self, piece: str) -> str:
        """The JSON as far as it has come; empty while it has not begun."""
        text = self._held + piece
        if self._may_think:
            text = text.lstrip()
            self._thinks = text.startswith(_THINKS)
            self._may_think = not self._thinks and any(tag.startswith(text) for tag in _THINKS)
        if self._may_think:
            self._held = text
            return ""
        return self._past_thought(text) if self._thinks else self._past_words(text)

    def _past_thought(self, text: str) -> str:
        ends = _THOUGHT_ENDS.search(text)
        if ends is None:
            self._held = text[-len("</thinking>") :]
            return ""
        self._thinks = False
        return self._past_words(text[ends.end() :])

    def _past_words(self, text: str) -> str:
        found = _LINE.search(text)
        if found is not None:
            return text[found.end() :]
        line = text[text.rfind("\n") + 1 :]
        self._held = "" if not line.strip() else "."  # within a line it does not begin, whatever the line says
        return ""
