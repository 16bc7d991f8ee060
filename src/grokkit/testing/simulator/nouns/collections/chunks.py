"""A document cut into the pieces that are searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT: dict[str, Any] = {
    "bytes_configuration": {"max_chunk_size_bytes": 4000, "chunk_overlap_bytes": 800},
    "strip_whitespace": True,
    "inject_name_into_chunks": False,
}
UNITS = ("chars", "tokens", "bytes")


def cut(text: str, name: str, configuration: Mapping[str, Any]) -> list[str]:
    """The chunks of a text, each beginning with the end of the one before.

    >>> cut("abcdef", "a.txt", {"chars_configuration": {"max_chunk_size_chars": 4, "chunk_overlap_chars": 1}})
    ['abcd', 'def']
    """
    unit = next((unit for unit in UNITS if f"{unit}_configuration" in configuration), "bytes")
    given = configuration.get(f"{unit}_configuration") or DEFAULT["bytes_configuration"]
    size, overlap = given[f"max_chunk_size_{unit}"], given.get(f"chunk_overlap_{unit}", 0)
    pieces = _pieces(text, unit)
    found = [_joined(pieces[start : start + size]) for start in _starts(len(pieces), size, overlap)]
    if configuration.get("strip_whitespace"):
        found = [chunk.strip() for chunk in found]
    named = f"{name}\n" if configuration.get("inject_name_into_chunks") else ""
    return [named + chunk for chunk in found if chunk]


def problem_of(configuration: Mapping[str, Any]) -> str | None:
    """What is wrong with a configuration, if something is."""
    units = [unit for unit in UNITS if configuration.get(f"{unit}_configuration") is not None]
    if len(units) != 1:
        return "chunk_configuration: exactly one of chars_configuration, tokens_configuration, bytes_configuration"
    given = configuration[f"{units[0]}_configuration"]
    size = given.get(f"max_chunk_size_{units[0]}") if isinstance(given, dict) else None
    overlap = given.get(f"chunk_overlap_{units[0]}", 0) if isinstance(given, dict) else 0
    if not isinstance(size, int) or not isinstance(overlap, int) or size < 1:
        return f"chunk_configuration: max_chunk_size_{units[0]} must be a positive integer"
    if not 0 <= overlap < size:
        return f"chunk_configuration: chunk_overlap_{units[0]} must be less than the size of a chunk"
    return None


def _pieces(text: str, unit: str) -> str | bytes | list[str]:
    if unit == "bytes":
        return text.encode("utf-8", "replace")
    return text if unit == "chars" else tokens.pieces(text)


def _joined(pieces: str | bytes | list[str]) -> str:
    if isinstance(pieces, bytes):
        return pieces.decode("utf-8", "ignore")
    return "".join(pieces)


def _starts(length: int, size: int, overlap: int) -> range:
    """Where chunks begin; what only repeats the end of the one before is none."""
    return range(0, max(length - overlap, min(length, 1)), size - overlap)
