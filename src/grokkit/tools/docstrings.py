"""Docstrings taken apart: what a function does and what each parameter means, in Google, NumPy and Sphinx style."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

_OF_PARAMETERS = {"args", "arguments", "parameters", "params", "attributes", "keyword args", "keyword arguments"}
_OTHERS = frozenset(
    {"returns", "return", "yields", "yield", "raises", "raise", "warns", "warnings", "examples", "example", "notes"}
    | {"note", "see also", "references", "other parameters", "methods", "todo"}
)
_TITLE = re.compile(r"^([A-Za-z][A-Za-z ]*):\s*(.*)$")
_ITEM = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\)\s*)?:\s*(.*)$")
_IN_ONE_LINE = re.compile(r"^(.*\S)?\s+(Args:\s+\w+:\s.*)$")
_INLINE = re.compile(r"(?:^|[.;,]\s+)(\w+):\s+")
_SPHINX = re.compile(r"^:(\w+)\s*([^:]*):\s*(.*)$")
_OF_SPHINX = {"param", "parameter", "arg", "argument", "key", "keyword"}
_RULE = re.compile(r"^\s*-{3,}\s*$")
_NUMPY_ITEM = re.compile(r"^\*{0,2}(\w+(?:\s*,\s*\w+)*)\s*(?::.*)?$")


@dataclass(slots=True)
class Documented:
    """What a docstring says."""

    description: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def read_docstring(text: str | None) -> Documented:
    """What the docstring says of the whole, and of each parameter that it names.

    >>> documented = read_docstring("Forecast for a city.  Args: city: its name. days: how many.")
    >>> documented.description, documented.parameters
    ('Forecast for a city.', {'city': 'its name.', 'days': 'how many.'})
    """
    lines = [part for line in _lines(text or "") for part in _broken(line)]
    documented = Documented()
    prose: list[str] = []
    while lines:
        size, parameters = _section(lines)
        documented.parameters |= parameters
        prose += [] if size else lines[:1]
        del lines[: size or 1]
    documented.description = re.sub(r"\n{3,}", "\n\n", "\n".join(prose)).strip()
    return documented


def _lines(text: str) -> list[str]:
    """The lines without their common margin; what follows a title in the very first line keeps one."""
    lines = inspect.cleandoc(text).splitlines()
    found = _TITLE.match(lines[0]) if lines else None
    if found and not found[2] and found[1].lower() in _OF_PARAMETERS and not _indented(lines[1:]):
        return [lines[0], *(f"    {line}" for line in lines[1:])]
    return lines


def _broken(line: str) -> list[str]:
    """A line of prose that ends in `Args: name: text` is two."""
    found = _IN_ONE_LINE.match(line)
    return [found[1].rstrip(), found[2]] if found and found[1] else [line]


def _section(lines: list[str]) -> tuple[int, dict[str, str]]:
    """How many of the first lines are a section (0: they are prose), and the parameters it describes."""
    for style in (_sphinx, _numpy, _google):
        size, parameters = style(lines)
        if size:
            return size, parameters
    return 0, {}


def _sphinx(lines: list[str]) -> tuple[int, dict[str, str]]:
    found = _SPHINX.match(lines[0])
    if not found:
        return 0, {}
    size = 1 + _indented(lines[1:])
    names = found[2].split()[-1:] if found[1] in _OF_SPHINX else []
    return size, {name.lstrip("*"): _joined([found[3], *lines[1:size]]) for name in names}


def _numpy(lines: list[str]) -> tuple[int, dict[str, str]]:
    if not _is_numpy_title(lines, 0):
        return 0, {}
    numbers = range(2, len(lines))
    size = next((number for number in numbers if _is_numpy_title(lines, number)), len(lines))
    return size, _numpy_items(lines[2:size]) if lines[0].strip().lower() in _OF_PARAMETERS else {}


def _is_numpy_title(lines: list[str], number: int) -> bool:
    ruled = number + 1 < len(lines) and _RULE.match(lines[number + 1]) is not None
    return ruled and lines[number].strip().lower() in _OF_PARAMETERS | _OTHERS


def _numpy_items(lines: list[str]) -> dict[str, str]:
    items: dict[str, str] = {}
    while lines:
        found = _NUMPY_ITEM.match(lines[0])
        size = 1 + _indented(lines[1:])
        for name in found[1].split(",") if found else ():
            items[name.strip()] = _joined(lines[1:size])
        del lines[:size]
    return items


def _google(lines: list[str]) -> tuple[int, dict[str, str]]:
    found = _TITLE.match(lines[0])
    title = found[1].lower() if found else ""
    if not found or title not in _OF_PARAMETERS | _OTHERS:
        return 0, {}
    size = 1 + _indented(lines[1:])
    if title not in _OF_PARAMETERS:
        return (size, {}) if size > 1 or not found[2] else (0, {})
    return size, _inline(found[2]) if found[2] else _google_items(lines[1:size])


def _google_items(lines: list[str]) -> dict[str, str]:
    body = inspect.cleandoc("\n".join(["", *lines])).splitlines()
    items: dict[str, str] = {}
    while body:
        found = _ITEM.match(body[0])
        size = 1 + _indented(body[1:])
        if found:
            items[found[1]] = _joined([found[2], *body[1:size]])
        del body[:size]
    return items


def _inline(text: str) -> dict[str, str]:
    """Parameters in one line: `city: its name. days: how many.`"""
    starts = list(_INLINE.finditer(text))
    ends = [*(start.start() + 1 for start in starts[1:]), len(text)]
    return {start[1]: text[start.end() : end].strip() for start, end in zip(starts, ends, strict=True)}


def _indented(lines: list[str]) -> int:
    """How many lines are indented, with the empty ones between them."""
    size = 0
    for number, line in enumerate(lines, 1):
        if line.startswith((" ", "\t")):
            size = number
        elif line.strip():
            break
    return size


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
