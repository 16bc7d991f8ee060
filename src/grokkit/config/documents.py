"""Reads one config file, TOML or YAML, and knows on which line each name stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from grokkit.errors import ConfigInvalid, ExtraMissing

from .layering import sealed
from .tables import Keys, Lines, Table
from .toml_text import parse_toml
from .unfit import Unfit, found, redact
from .yaml_text import parse_yaml

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Document:
    """A config file that was read: its names and (sealed) values, and their lines."""

    path: Path
    table: Mapping[str, object] = field(repr=False)
    lines: Mapping[Keys, int] = field(repr=False)
    """By the names that lead there, in lower case."""

    def where(self, keys: Keys) -> str:
        """Words for the place of a name: the file, the line, the profile."""
        folded = tuple(key.lower() for key in keys)
        known = (folded[:length] for length in range(len(keys), 0, -1))
        line = next((self.lines[path] for path in known if path in self.lines), 1)
        profile = f" [profiles.{redact(keys[1])}]" if keys[0] == "profiles" and len(keys) > 1 else ""
        return f"{self.path}:{line}{profile}"


def read_document(path: Path) -> Document | None:
    """The settings in a file; `None` for a `pyproject.toml` without `[tool.grokkit]`.

    Raises `ConfigInvalid` for a file that cannot be read or understood, `ExtraMissing` for YAML without
    PyYAML.
    """
    outcome = _read(path, _parser(path))
    if isinstance(outcome, Unfit):
        raise ConfigInvalid(f"{path}{outcome}", hint="correct the file, or set GROKKIT_CONFIG=none to read no file")
    if outcome is None:
        return None
    table, lines = outcome
    folded = {tuple(key.lower() for key in keys): line for keys, line in reversed(lines.items())}
    return Document(path, table, folded)


def _parser(path: Path) -> Callable[[str], tuple[Table, Lines]]:
    if path.suffix == ".toml":
        return parse_toml
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigInvalid(f"{path}: a config file is called .toml, .yaml or .yml")
    if find_spec("yaml") is None:
        raise ExtraMissing(f"{path} is a YAML file, and PyYAML is not installed", extra="yaml")
    return parse_yaml


def _read(path: Path, parse: Callable[[str], tuple[Table, Lines]]) -> tuple[Table, Lines] | Unfit | None:
    """The parsed and sealed file, or the `Unfit` that says what is wrong (returned: see `Kind.fit`)."""
    try:
        text = _text(path)
        if path.name == PYPROJECT:
            return _tool_table(text)
        table, lines = parse(text)
    except Unfit as unfit:
        return Unfit(str(unfit))
    return _sealed(table), lines


def _text(path: Path) -> str:
    if path.is_dir():
        raise Unfit(" is a directory, not a file")
    if path.exists() and not path.is_file():
        raise Unfit(" is no regular file")
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Unfit(f":{line}: is not UTF-8 text: save the file as UTF-8") from None
    except FileNotFoundError:
        raise Unfit(" does not exist") from None
    except OSError as error:
        raise Unfit(f" cannot be read: {error.strerror}") from None


def _tool_table(text: str) -> tuple[Table, Lines] | None:
    if "grokkit" not in text:
        return None
    document, lines = parse_toml(text)
    tools = document.get("tool")
    if not isinstance(tools, dict) or "grokkit" not in tools:
        return None
    prefix = ("tool", "grokkit")
    inner = {keys[2:]: line for keys, line in lines.items() if keys[:2] == prefix != keys}
    table = tools["grokkit"]
    if not isinstance(table, dict):
        raise Unfit(f":{lines.get(prefix, 1)}: tool.grokkit is a table of settings; found {found(table)}")
    return _sealed(table), inner


def _sealed(table: Table) -> Table:
    return cast("Table", sealed(table))
