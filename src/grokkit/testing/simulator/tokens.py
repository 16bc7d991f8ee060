"""A tokenizer that needs no vocabulary: words, numbers and punctuation, each with an id that never changes."""

from __future__ import annotations

import functools
import re
import zlib

import msgspec

VOCABULARY = 131_072
_PER_TURN = 3
FOR_THE_ANSWER = 3
PER_IMAGE = 256
_SHORT = 2_000

_PIECE = re.compile(r" ?[^\W\d_]{1,8}|[^\W\d_]{1,8}|\d{1,3}| ?[^\w\s]{1,4}|_+|\s+?(?=\s?\S)|\s+", re.UNICODE)


class Token(msgspec.Struct, frozen=True, gc=False):
    """A piece of text with its number."""

    token_id: int
    string_token: str
    token_bytes: tuple[int, ...]


def pieces(text: str) -> list[str]:
    """The text cut into tokens; joined, they are the text again.

    >>> pieces("Hello world!")
    ['Hello', ' world', '!']
    """
    return _PIECE.findall(text)


def count(text: str) -> int:
    """How many tokens a text has."""
    return _count_of_short(text) if len(text) <= _SHORT else len(_PIECE.findall(text))


@functools.lru_cache(maxsize=4096)
def _count_of_short(text: str) -> int:
    return len(_PIECE.findall(text))


def tokenized(text: str) -> list[Token]:
    """The tokens of a text with their ids.

    >>> tokenized("Hi")[0].token_bytes
    (72, 105)
    """
    return [Token(token_id(piece), piece, tuple(piece.encode("utf-8", "replace"))) for piece in pieces(text)]


def token_id(piece: str) -> int:
    """The number of a token: the same in every process and version."""
    return zlib.crc32(piece.encode("utf-8", "replace")) % VOCABULARY


def of_turn(text: str, images: int = 0) -> int:
    """How many tokens a message takes: its text and images, and a few around them."""
    return count(text) + _PER_TURN + images * PER_IMAGE
