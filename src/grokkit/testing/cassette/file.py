"""The file of a cassette: read with errors that say where, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import re
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.cassette.failures import CassetteBroken, CassetteUnwritable
from grokkit.testing.cassette.interaction import Tape
from grokkit.testing.cassette.replaying import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from grokkit.testing.cassette.interaction import Interaction

VERSION = 1

_WIDTH = 100
_PLACE = re.compile(r"interactions\[(\d+)\]")
_BEGINNING = re.compile(r'"request"\s*:\s*\{\s*"')
_NEW_LINE = "\n"


class _Line(dict[str, Any]):
    """An object that is written on a line of its own."""


def read(path: Path) -> list[Interaction]:
    """The interactions of a file. Raises `CassetteBroken`, with the line or the place, when it is no cassette."""
    text = _text(path)
    try:
        tape = msgspec.convert(json.loads(text), Tape)
        _refuse_unplayable(tape)
    except json.JSONDecodeError as error:
        raise _broken(path, f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise _broken(path, "it is nested too deeply") from error
    except msgspec.ValidationError as error:
        raise _broken(path, _where(text, error)) from error
    if tape.grokkit_cassette != VERSION:
        raise _broken(path, f"its version is {tape.grokkit_cassette}, and this grokkit reads version {VERSION}")
    return tape.interactions


def write(path: Path, interactions: Sequence[Interaction]) -> None:
    """Put the interactions in the place of what the file holds.

    Raises `CassetteUnwritable`; then nothing has changed.
    """
    content = written(interactions).encode("utf-8", "backslashreplace")
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_bytes(content)
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def check_writable(path: Path) -> None:
    """Raises `CassetteUnwritable` when a recording could not be written: before a call is made for it, and paid."""
    probe = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a directory")
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def written(interactions: Sequence[Interaction]) -> str:
    """The text of the file: fields in a fixed order, one line an event, numbers lists in one line."""
    document: dict[str, Any] = {"grokkit_cassette": VERSION, "interactions": []}
    for interaction in interactions:
        told: dict[str, Any] = msgspec.to_builtins(interaction)
        if "events" in told["response"]:
            told["response"]["events"] = [_Line(event) for event in told["response"]["events"]]
        document["interactions"].append(told)
    return "".join(_lines(document, "")) + "\n"


def _lines(value: object, indent: str) -> Iterator[str]:
    deeper = indent + "  "
    if not isinstance(value, dict | list) or not value or _fits_a_line(value):
        yield json.dumps(value, ensure_ascii=False)
    elif isinstance(value, dict):
        opening = "{\n"
        for name, item in value.items():
            yield f"{opening}{deeper}{json.dumps(name, ensure_ascii=False)}: "
            yield from _lines(item, deeper)
            opening = ",\n"
        yield f"\n{indent}}}"
    else:
        opening = "[\n"
        for item in value:
            yield opening + deeper
            yield from _lines(item, deeper)
            opening = ",\n"
        yield f"\n{indent}]"


def _fits_a_line(value: dict[str, Any] | list[Any]) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, int | float) for item in value) and len(json.dumps(value)) <= _WIDTH
    return isinstance(value, _Line)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise _broken(path, f"it is no UTF-8 text, from byte {error.start} on") from error
    except OSError as error:
        raise CassetteBroken(f"the cassette {path} cannot be read: {error.strerror}") from error


def _refuse_unplayable(tape: Tape) -> None:
    for number, interaction in enumerate(tape.interactions):
        try:
            chunks(interaction.response)
        except ValueError as error:
            raise msgspec.ValidationError(f"{error} - at `$.interactions[{number}].response`") from error


def _where(text: str, error: msgspec.ValidationError) -> str:
    told = str(error).replace("`$.", "`")
    place = _PLACE.search(told)
    begun = [found.start() for found in _BEGINNING.finditer(text)]
    if place is None or int(place[1]) >= len(begun):
        return told
    return f"line {text.count(_NEW_LINE, 0, begun[int(place[1])]) + 1} and what follows: {told}"


def _broken(path: Path, why: str) -> CassetteBroken:
    return CassetteBroken(f"the cassette {path} cannot be used: {why}\ntry: mend it, or delete it and record again")


def _unwritable(path: Path, error: OSError) -> CassetteUnwritable:
    return CassetteUnwritable(
        f"the cassette {path} cannot be written: {error.strerror or error}; what was there before is still there\n"
        "try: make room or choose another path; mode='none' never writes"
    )
