"""Request bodies read into the struct an endpoint declares; what does not fit is refused in the server's own words."""

from __future__ import annotations

import re
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from grokkit.testing.simulator.position import end_of
from grokkit.testing.simulator.refusal import Refusal, invalid, undeserialisable

T = TypeVar("T")

_PLACE = re.compile(r" - at `(?:key in )?\$(.*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_KIND = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_BOUND = re.compile(r"Expected `[^`]+` (?:of length |matching regex )?(.+)")
_EXPECTED = {
    "str": "a string",
    "int": "i32",
    "float": "f32",
    "bool": "a boolean",
    "object": "a map",
    "array": "a sequence",
}


def read_json(content: bytes, content_type: str) -> Any:
    """A body as a value. Raises the API's 415 and 400."""
    if "json" not in content_type.partition(";")[0].lower():
        raise Refusal.text(415, "Expected request with `Content-Type: application/json`")
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal.text(400, f"Failed to parse the request body as JSON: {_first_line(error)}") from error


def read_as(value: object, content: bytes, kind: type[T]) -> T:
    """A decoded body as the struct it has to be: 422 for a missing or wrong field, 400 for one out of bounds."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), value, content, kind) from error


def _refusal(message: str, value: object, content: bytes, kind: object) -> Refusal:
    place = _PLACE.search(message)
    steps = [name or int(index) for name, index in _STEP.findall(place[1])] if place and "..." not in place[1] else []
    problem = _PLACE.sub("", message)
    found = _value_at(value, steps)
    where = _written(steps)
    if (bound := _BOUND.fullmatch(problem)) and not _KIND.fullmatch(problem):
        return invalid(f"Invalid value for `{where}`: must be {bound[1]}")
    text = _in_their_words(problem, found, _type_at(kind, steps))
    line, column = end_of(content, steps)
    return undeserialisable(f"{where}: {text}" if where else text, line=line, column=column)


def _in_their_words(problem: str, found: object, kind: object) -> str:
    if missing := _MISSING.fullmatch(problem):
        return f"missing field `{missing[1]}`"
    if wrong := _KIND.fullmatch(problem):
        names = [name for name in wrong[1].split(" | ") if name != "null"]
        return f"invalid type: {shown(found)}, expected {' or '.join(_EXPECTED.get(name, name) for name in names)}"
    variants = ", ".join(f"`{variant}`" for variant in _variants(kind))
    if variants and isinstance(found, str):
        return f"unknown variant `{found}`, expected one of {variants}"
    return f"invalid value: {shown(found)}"


def shown(value: object) -> str:
    """A value as a deserialiser names it.

    >>> shown("x"), shown(5), shown([])
    ('string "x"', 'integer `5`', 'sequence')
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else f"boolean `{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"{'integer' if isinstance(value, int) else 'floating point'} `{value}`"
    if isinstance(value, str):
        return f'string "{value[:80]}"'
    return "map" if isinstance(value, dict) else "sequence"


def _variants(kind: object) -> tuple[object, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(variant for part in get_args(kind) for variant in _variants(part))


def _type_at(kind: object, steps: list[str | int]) -> object:
    for step in steps:
        inner = [_step_into(part, step) for part in _parts(kind)]
        known = [part for part in inner if part is not None]
        if not known:
            return None
        kind = known[0]
    return kind


def _parts(kind: object) -> tuple[object, ...]:
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)


def _step_into(kind: object, step: str | int) -> object:
    if isinstance(step, int):
        return next(iter(get_args(kind)), None)
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return None
    return get_type_hints(kind).get(step)


def _value_at(value: Any, steps: list[str | int]) -> object:
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _written(steps: list[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
