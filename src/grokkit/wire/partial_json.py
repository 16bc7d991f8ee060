"""The best value of a JSON text that is still growing: what is certain, and nothing that may yet change.

Strings show as far as they are certain (half an escape and half a surrogate pair are held back), objects and
arrays as far as they are filled, numbers and literals once they are complete, keys once they have a value.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_DEPTH: Final = 512
MAX_NUMBER_LENGTH: Final = 4300

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_ATOM: Final = re.compile(r"[-+.0-9A-Za-z]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_START_OF_NUMBER: Final = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.|(?:\.[0-9]+)?(?:[eE](?:[-+]?[0-9]*))?)?)?")
_LITERALS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}

# The first half of a surrogate pair is certain only when the text tells whether the second half follows.
_CERTAIN_STRING: Final = re.compile(
    r"""(?: [^"\\\x00-\x1f]++
          | \\["\\/bfnrt]
          | \\u(?![dD][89abAB])[0-9a-fA-F]{4}
          | \\u[0-9a-fA-F]{4}(?= [^\\] | \\[^u] | \\u[0-9a-fA-F]{4} )
        )*+""",
    re.VERBOSE,
)
_HELD_BACK: Final = re.compile(r"(?:\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?")

_Container: TypeAlias = "list[object] | dict[str, object]"
_Step: TypeAlias = "Callable[[PartialJSON, str, int], int]"


class Missing(Enum):
    """The type of `MISSING`, the value of a text that has none yet; it is falsy."""

    MISSING = "MISSING"

    def __repr__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing.MISSING


def partial_json(text: str) -> object:
    r"""The best value of a JSON text whose end may be missing, or `MISSING` when none is certain yet.

    Raises `ValueError` when the text is not the start of any JSON text, nests deeper than `MAX_DEPTH` levels,
    or has a number of more than `MAX_NUMBER_LENGTH` characters.

    >>> partial_json('{"city": "Os')
    {'city': 'Os'}
    >>> partial_json('{"text": "caf\\u00'), partial_json('{"days": [1, 2'), partial_json("12")
    ({'text': 'caf'}, {'days': [1]}, MISSING)
    """
    return PartialJSON().feed(text)


class PartialJSON:
    """The best value so far of a JSON text that arrives in pieces; all pieces together cost linear time.

    The objects and arrays of the value are the growing ones themselves: read them, and copy what you keep.

    >>> arguments = PartialJSON()
    >>> arguments.feed('{"city": "Os')
    {'city': 'Os'}
    >>> arguments.feed('lo", "days": 1')
    {'city': 'Oslo'}
    >>> arguments.feed('4}'), arguments.complete
    ({'city': 'Oslo', 'days': 14}, True)
    """

    __slots__ = ("_consumed", "_held", "_in_string", "_is_key", "_key", "_open", "_root", "_step", "_string")

    def __init__(self) -> None:
        self._root: list[object] = []
        self._open: list[_Container] = [self._root]
        self._step: _Step = PartialJSON._value
        self._key = ""
        self._string = ""
        self._in_string = False
        self._is_key = False
        self._held = ""
        self._consumed = 0

    @property
    def value(self) -> object:
        """The best value so far, or `MISSING`."""
        return self._root[0] if self._root else MISSING

    @property
    def complete(self) -> bool:
        """Whether the text so far is a whole JSON text (a number alone never is, as more digits may come)."""
        return len(self._open) == 1 and self._step is PartialJSON._next and not self._in_string

    @property
    def open(self) -> Sequence[list[object] | dict[str, object]]:
        """The objects and arrays that are not at their end, outermost first."""
        return self._open[1:]

    @property
    def in_text(self) -> bool:
        """Whether the last value in the innermost of them is a string that is not at its end."""
        return self._in_string and not self._is_key

    def feed(self, delta: str) -> object:
        """The best value after one more piece of text; raises `ValueError` as `partial_json` does."""
        text = self._held + delta
        position = 0
        try:
            while position < len(text):
                advance = self._more_string if self._in_string else self._more_structure
                after = advance(text, position)
                if after == position:
                    break
                position = after
        finally:
            self._held = text[position:]
            self._consumed += position
        return self.value

    def _more_structure(self, text: str, position: int) -> int:
        start = _end(_SPACE, text, position)
        return self._step(self, text, start) if start < len(text) else start

    def _more_string(self, text: str, position: int) -> int:
        end = _end(_CERTAIN_STRING, text, position)
        closed = text.startswith('"', end)
        if not closed and not _HELD_BACK.fullmatch(text, end):
            raise self._unexpected(text[end], end)
        if end > position:
            self._extend_string(_unescaped(text[position:end]))
        if closed:
            self._close_string()
        return end + closed

    def _extend_string(self, piece: str) -> None:
        # With no second reference CPython extends a string in place, which keeps a long one linear.
        string, self._string = self._string, ""
        if not self._is_key:
            self._replace("")
        string += piece
        self._string = string
        if not self._is_key:
            self._replace(string)

    def _open_string(self, *, is_key: bool) -> None:
        self._string = ""
        self._in_string = True
        self._is_key = is_key

    def _close_string(self) -> None:
        self._in_string = False
        if self._is_key:
            self._key = self._string
            self._step = PartialJSON._colon
        self._string = ""

    def _value(self, text: str, position: int) -> int:
        character = text[position]
        if character == '"':
            self._put("")
            self._open_string(is_key=False)
        elif character == "{":
            self._enter({}, PartialJSON._first_key)
        elif character == "[":
            self._enter([], PartialJSON._first_value)
        else:
            return self._number_or_literal(text, position)
        return position + 1

    def _number_or_literal(self, text: str, position: int) -> int:
        end = _end(_ATOM, text, position)
        atom = text[position:end]
        if len(atom) > MAX_NUMBER_LENGTH:
            raise ValueError(f"not readable as JSON: a number of more than {MAX_NUMBER_LENGTH} characters")
        if atom in _LITERALS:
            self._put(_LITERALS[atom])
        elif end == len(text) and _may_go_on(atom):
            return position
        elif _NUMBER.fullmatch(atom):
            self._put(json.loads(atom))
        else:
            raise self._unexpected(atom[:20] or text[position], position)
        return end

    def _first_value(self, text: str, position: int) -> int:
        return self._leave(position) if text[position] == "]" else self._value(text, position)

    def _first_key(self, text: str, position: int) -> int:
        return self._leave(position) if text[position] == "}" else self._next_key(text, position)

    def _next_key(self, text: str, position: int) -> int:
        if text[position] != '"':
            raise self._unexpected(text[position], position)
        self._open_string(is_key=True)
        return position + 1

    def _colon(self, text: str, position: int) -> int:
        if text[position] != ":":
            raise self._unexpected(text[position], position)
        self._step = PartialJSON._value
        return position + 1

    def _next(self, text: str, position: int) -> int:
        in_object = isinstance(self._open[-1], dict)
        if len(self._open) > 1 and text[position] == ("}" if in_object else "]"):
            return self._leave(position)
        if len(self._open) == 1 or text[position] != ",":
            raise self._unexpected(text[position], position)
        self._step = PartialJSON._next_key if in_object else PartialJSON._value
        return position + 1

    def _enter(self, container: _Container, step: _Step) -> None:
        if len(self._open) > MAX_DEPTH:
            raise ValueError(f"not readable as JSON: nested deeper than {MAX_DEPTH} levels")
        self._put(container)
        self._open.append(container)
        self._step = step

    def _leave(self, position: int) -> int:
        self._open.pop()
        self._step = PartialJSON._next
        return position + 1

    def _put(self, value: object) -> None:
        container = self._open[-1]
        if isinstance(container, dict):
            container[self._key] = value
        else:
            container.append(value)
        self._step = PartialJSON._next

    def _replace(self, value: object) -> None:
        container = self._open[-1]
        if isinstance(container, dict):
            container[self._key] = value
        else:
            container[-1] = value

    def _unexpected(self, found: str, position: int) -> ValueError:
        return ValueError(f"not JSON: unexpected {found!r} at character {self._consumed + position}")


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _may_go_on(atom: str) -> bool:
    """Whether this is a number, which more digits may always follow, or the start of one or of a literal."""
    starts_literal = any(literal.startswith(atom) for literal in _LITERALS)
    return bool(atom) and (starts_literal or _START_OF_NUMBER.fullmatch(atom) is not None)


def _unescaped(string: str) -> str:
    if "\\" not in string:
        return string
    unescaped: str = json.loads(f'"{string}"')
    return unescaped
