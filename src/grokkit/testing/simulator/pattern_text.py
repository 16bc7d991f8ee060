"""A text that fits a regular expression, for the expressions that structured output enforces."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_FEW = 3
_LONGEST = 8_192
_PRINTABLE = [chr(code) for code in range(33, 127)]
_CATEGORIES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": "abcdefghijklmnopqrstuvwxyz0123456789",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": "abcdefgh",
    "CATEGORY_NOT_WORD": "-. ",
    "CATEGORY_NOT_SPACE": "abcdefgh0123",
}


def text_for(pattern: str, draw: random.Random, least: int = 0, most: int | None = None) -> str | None:
    """A text that fits a pattern from end to end, of the wanted length; `None` when none was found.

    >>> import random
    >>> text_for("[A-Z]{3}-\\\\d{4}", random.Random(1))
    'SZY-4177'
    """
    try:
        tree = importlib.import_module("re._parser").parse(pattern)
        compiled = re.compile(pattern, re.DOTALL)
    except (re.error, RecursionError, OverflowError):
        return None
    for extra in (0, 0, 1, 2, 4, 8, 16, 32, 64, 128):
        try:
            made = _sequence(tree, draw, max(extra, _needed(extra, least)))
        except ValueError:
            return None
        fitting = compiled.fullmatch(made) and len(made) >= least and (most is None or len(made) <= most)
        if fitting:
            return made
    return None


def _needed(extra: int, least: int) -> int:
    return least if extra == 1 else 0


def _sequence(parts: Any, draw: random.Random, extra: int) -> str:
    return "".join(_part(str(kind), value, draw, extra) for kind, value in parts)


def _part(kind: str, value: Any, draw: random.Random, extra: int) -> str:
    maker = _MAKERS.get(kind)
    return maker(value, draw, extra) if maker else ""


def _repeated(value: Any, draw: random.Random, extra: int) -> str:
    least, most, inner = int(value[0]), int(value[1]), value[2]
    times = min(most, max(least, extra or draw.randint(least, min(most, least + _FEW))))
    made = ""
    for _ in range(times):
        made += _sequence(inner, draw, 0)
        if len(made) > _LONGEST:
            raise ValueError("the pattern wants more than anybody would read")
    return made


def _one_of(choices: Any, draw: random.Random) -> str:
    letters: list[str] = []
    negated = False
    for kind, value in choices:
        name = str(kind)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            letters.append(chr(value))
        elif name == "RANGE":
            letters += [chr(code) for code in range(value[0], min(value[1], value[0] + 200) + 1)]
        elif name == "CATEGORY":
            letters += _CATEGORIES[str(value)]
    if negated:
        letters = [letter for letter in _PRINTABLE if letter not in letters]
    return draw.choice(letters)


def _other_than(value: int) -> str:
    return next(letter for letter in "xyz" if ord(letter) != value)


_MAKERS: dict[str, Callable[[Any, random.Random, int], str]] = {
    "LITERAL": lambda value, _draw, _extra: chr(value),
    "NOT_LITERAL": lambda value, _draw, _extra: _other_than(value),
    "ANY": lambda _value, _draw, _extra: "x",
    "IN": lambda value, draw, _extra: _one_of(value, draw),
    "BRANCH": lambda value, draw, extra: _sequence(draw.choice(value[1]), draw, extra),
    "SUBPATTERN": lambda value, draw, extra: _sequence(value[-1], draw, extra),
    "MAX_REPEAT": _repeated,
    "MIN_REPEAT": _repeated,
    "POSSESSIVE_REPEAT": _repeated,
}
