"""Vectors of texts: deterministic, and nearer to each other the more words and parts of words texts share."""

from __future__ import annotations

import functools
import math
import re
import zlib

DIMENSIONS = 1024

_WORD = re.compile(r"\w+")
_PREFIX = re.compile(r"^(?:query|passage): ")
_PART = 3
_PARTS_WEIGH = 0.8


def words(text: str) -> list[str]:
    """The words of a text, in lower case.

    >>> words("Rain in Oslo!")
    ['rain', 'in', 'oslo']
    """
    return _WORD.findall(text.casefold())


@functools.lru_cache(maxsize=4096)
def vector(text: str, dimensions: int = DIMENSIONS) -> tuple[float, ...]:
    """A vector of length 1.

    >>> near, far = vector("The cat sleeps"), vector("Quarterly revenue")
    >>> cosine(vector("A cat sleeps"), near) > cosine(vector("A cat sleeps"), far)
    True
    """
    found = [0.0] * dimensions
    for word in words(_PREFIX.sub("", text)) or [text]:
        _add(found, word, 1.0)
        marked = f"^{word}$"
        parts = [marked[start : start + _PART] for start in range(len(marked) - _PART + 1)]
        for part in parts:
            _add(found, f"part:{part}", _PARTS_WEIGH)
    length = math.sqrt(sum(value * value for value in found)) or 1.0
    return tuple(value / length for value in found)


def cosine(left: tuple[float, ...], right: tuple[float, ...]) -> float:
    """How near two vectors are: 1 for the same direction."""
    return math.fsum(a * b for a, b in zip(left, right, strict=True))


def _add(found: list[float], feature: str, weight: float) -> None:
    mark = zlib.crc32(feature.encode("utf-8", "replace"))
    found[mark % len(found)] += weight if mark & 0x80000000 else -weight
