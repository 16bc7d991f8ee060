"""What is said of a value that does not fit: what was expected, what was found, and never a secret."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from types import UnionType
from typing import Any

from grokkit.masking import mask_keys

LONGEST_QUOTED = 16
SHORTEST_KEY = 20
LARGEST_QUOTED = 1e15

_TOKEN_LIKE = re.compile(r"(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[\w+/=-]{20,}")
_WORDS_LIKE = re.compile(r"[a-z]{1,16}([_-][a-z]{1,16}){1,4}")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_QUERY = re.compile(r"(://[^\s?#]*[?#])\S+")


class Unfit(Exception):
    """A value is not what its setting takes; the message says what is expected and what was found."""

    def __init__(self, words: str, *, hint: str | None = None, key: str | None = None) -> None:
        super().__init__(words)
        self.hint = hint
        self.key = key
        """The name within the value, a table, at which it does not fit."""

    def bare(self) -> "Unfit":
        """The same without the traceback, whose frames hold the value."""
        return Unfit(str(self), hint=self.hint, key=self.key)


def redact(text: str) -> str:
    """The text without anything that looks like a key, a password or a long token, and without the queries of URLs.

    >>> redact("no such key: xai-abcdefgh")
    'no such key: xai-***'
    >>> redact("no such key: 0a1b2c3d4e5f6a7b8c9d0e1f")
    'no such key: ***'
    """
    return _TOKEN_LIKE.sub("***", _QUERY.sub(r"\1***", _CREDENTIALS.sub("***@", mask_keys(text))))


def found(value: object) -> str:
    """Words for a value in an error message: its kind, and itself only where it can be no secret.

    >>> found("fast")
    "the text 'fast'"
    >>> found("a text too long to be quoted")
    'a text of 28 characters'
    """
    if value is None or isinstance(value, bool):
        return str(value).lower()
    words = (say(value) for kind, say in _WORDS if isinstance(value, kind))
    return next(words, f"an object of type {type(value).__name__}")


def quoted(name: str) -> str:
    """A name in quotes, or only its length where it may be a key in the wrong place.

    >>> quoted("retry_budget_total"), quoted("8fJ2kQ0zLw9xYt5uRm3v")
    ("'retry_budget_total'", 'a name of 20 characters')
    """
    plain = len(name) <= LONGEST_QUOTED or (len(name) < SHORTEST_KEY and _WORDS_LIKE.fullmatch(name))
    return repr(name) if plain and redact(name) == name else f"a name of {len(name)} characters"


def _found_text(value: str) -> str:
    if not value.strip():
        return "blank text" if value else "an empty text"
    if len(value) > LONGEST_QUOTED or redact(value) != value:
        return f"a text of {len(value)} characters"
    return f"the text {value!r}"


def _found_number(value: float) -> str:
    if abs(value) < LARGEST_QUOTED:
        return f"the number {value:.12g}"
    return "not-a-number" if isinstance(value, float) and math.isnan(value) else "a number out of range"


_WORDS: tuple[tuple[type | UnionType, Callable[[Any], str]], ...] = (
    (str, _found_text),
    (int | float, _found_number),
    (timedelta, lambda value: f"{value.total_seconds():.6g} seconds"),
    (date, lambda _: "a date"),
    (Mapping, lambda _: "a table"),
    (Sequence, lambda _: "a list"),
)
