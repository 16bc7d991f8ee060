"""Reads a TOML, YAML or JSON file, and tells on which line of it a value stands."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

from grokkit.errors import ConfigInvalid, ExtraMissing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Place: TypeAlias = tuple[str | int, ...]
"""The names and numbers that lead to a value: `("on", 1, "reply", "text")`."""

_REMEDY = "correct the file, and start again"
_KINDS = {".toml", ".yaml", ".yml", ".json"}
_LINE_OF_TOML = re.compile(r"line (\d+)")


class Document:
    """A file that was read: its values, and where they stand."""

    def __init__(self, path: Path, text: str, values: dict[str, Any]) -> None:
        self.path = path
        self.values = values
        self._text = text

    def where(self, place: Place) -> str:
        """Words for a place: the file, its line where that is known, the names that lead there."""
        lines = _toml_lines if self.path.suffix == ".toml" else _yaml_lines
        found = lines(self._text)
        known = [found[place[:length]] for length in range(len(place), 0, -1) if place[:length] in found]
        return f"{self.path}{f':{known[0]}' if known else ''}: {told(place)}"


def told(place: Place) -> str:
    """The names that lead to a place; numbers count from 1.

    >>> told(("on", 1, "reply", "text"))
    'on 2, reply.text'
    """
    words = ""
    for step in place:
        words += f" {step + 1}," if isinstance(step, int) else f"{' ' if words.endswith(',') else '.'}{step}"
    return words.strip(".,")


def read(path: Path) -> Document:
    """The file. Raises `ConfigInvalid`, with the line, when it cannot be read, and `ExtraMissing` without PyYAML."""
    if path.suffix not in _KINDS:
        raise ConfigInvalid(f"{path}: a script is called .toml, .yaml, .yml or .json", hint=_REMEDY)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigInvalid(f"{path}: cannot be read: {error.strerror}", hint=_REMEDY) from error
    except UnicodeDecodeError as error:
        raise ConfigInvalid(f"{path}: is not UTF-8 text", hint=_REMEDY) from error
    values = {".toml": _toml, ".json": _json}.get(path.suffix, _yaml)(path, text)
    if not isinstance(values, dict):
        raise ConfigInvalid(
            f"{path}:1: a script is a table with `on`, `faults`, `limit`, `outage` or `credit` in it", hint=_REMEDY
        )
    return Document(path, text, values)


def _toml(path: Path, text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE_OF_TOML.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise ConfigInvalid(f"{path}:{line}: is not TOML: {error}", hint=_REMEDY) from error


def _json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigInvalid(f"{path}:{error.lineno}: is not JSON: {error.msg}", hint=_REMEDY) from error


def _yaml(path: Path, text: str) -> Any:
    if find_spec("yaml") is None:
        raise ExtraMissing(f"{path} is a YAML file, and PyYAML is not installed", extra="yaml")
    import yaml

    try:
        return _named(yaml.safe_load(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise ConfigInvalid(
            f"{path}{f':{mark.line + 1}' if mark else ''}: is not YAML: {problem}", hint=_REMEDY
        ) from error


def _named(value: Any) -> Any:
    """The value with texts for names: an unquoted `on` is a truth value in YAML."""
    if isinstance(value, dict):
        return {"on" if name is True else str(name): _named(item) for name, item in value.items()}
    return [_named(item) for item in value] if isinstance(value, list) else value


def _toml_lines(text: str) -> Mapping[Place, int]:
    """The lines of tables and of keys that stand at the beginning of a line."""
    lines: dict[Place, int] = {}
    counts: dict[str, int] = {}
    table: Place = ()
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[\[\s*([\w-]+)\s*\]\]", line):
            name = header[1]
            counts[name] = counts.get(name, -1) + 1
            table = (name, counts[name])
            lines.setdefault((name,), number)
        elif header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            names = header[1].split(".")
            first: Place = (names[0], counts[names[0]]) if names[0] in counts else (names[0],)
            table = (*first, *names[1:])
        elif key := re.match(r"\s*([\w.-]+)\s*=", line):
            names = key[1].split(".")
            for length in range(1, len(names) + 1):
                lines.setdefault((*table, *names[:length]), number)
            continue
        else:
            continue
        lines.setdefault(table, number)
    return lines


def _yaml_lines(text: str) -> Mapping[Place, int]:
    """The lines of all values, of JSON too."""
    if find_spec("yaml") is None:
        return {}
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return {}
    lines: dict[Place, int] = {}
    _walk(root, (), lines)
    return lines


def _walk(node: Any, place: Place, lines: dict[Place, int]) -> None:
    if isinstance(node.value, str):
        return
    for number, item in enumerate(node.value):
        key, value = item if isinstance(item, tuple) else (item, item)
        inner: Place = (*place, key.value if isinstance(item, tuple) and isinstance(key.value, str) else number)
        lines[inner] = key.start_mark.line + 1
        _walk(value, inner, lines)
