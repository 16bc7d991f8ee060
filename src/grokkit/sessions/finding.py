"""Words in what was said, and the place in a listing: the same for every store."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

import msgspec

from grokkit.errors import InvalidRequest

_AROUND = 60


def wanted(words: str) -> list[str]:
    """The words to look for, in the form that `folded` gives texts. Raises `InvalidRequest` when there are none."""
    found = folded(words).split()
    if not found:
        raise InvalidRequest("there is nothing to search for", param="words", hint="give a word or several")
    return found


def folded(text: str) -> str:
    """A text in which case makes no difference."""
    return text.casefold()


def occur(words: list[str], text: str) -> bool:
    """Whether all of the words are in a folded text."""
    return all(word in text for word in words)


def excerpt(text: str, words: list[str]) -> str:
    """The text around the first of the words, in one line.

    >>> excerpt("a " * 50 + "Rain in Oslo" + " z" * 50, ["oslo"])[-40:]
    ' z z z z z z z z z z z z z z z z z z z …'
    """
    line = " ".join(text.split())
    at = max(folded(line).find(words[0]), 0)
    start, end = max(0, at - _AROUND), at + len(words[0]) + _AROUND
    return ("… " if start else "") + line[start:end].strip() + (" …" if end < len(line) else "")


class Place(NamedTuple):
    """Where a page of a listing ended: the last session on it."""

    updated: float
    name: str

    def key(self) -> tuple[float, bytes]:
        """What listings are ordered by, from the greatest on."""
        return self.updated, self.name.encode()


def written(place: Place) -> str:
    """A place as text for callers to hand back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def read_place(text: str) -> Place:
    """The place in such a text. Raises `InvalidRequest` for another text.

    >>> read_place(written(Place(2.5, "support-42")))
    Place(updated=2.5, name='support-42')
    """
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text), type=Place)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise InvalidRequest(
            "this is no place in a listing of sessions", param="after", hint="pass `next` of the page before"
        ) from error
