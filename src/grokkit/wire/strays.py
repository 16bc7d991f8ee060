"""What of a decoded value fits a type: the rest strays from the schema, is left out, and is told of once.

A stray costs the smallest part it sits in: a field, or an element of a list. `null` is no stray: it is how many
servers say that there is nothing.
"""

import types
import warnings
from typing import Any, Union, get_args, get_origin

import msgspec

from grokkit.wire.extra import Extended

_told: set[str] = set()


class SchemaStrayed(UserWarning):
    """A field of a reply had another type than documented and was left out; `.raw` still has it."""


def without_strays(value: object, kind: Any, place: str) -> Any:
    """What fits the type `kind` of this value, as JSON is decoded; `msgspec.UNSET` when nothing does.

    Warns once a process for each place of the schema, `SchemaStrayed`.

    >>> class Point(msgspec.Struct):
    ...     x: int = 0
    ...     y: int = 0
    >>> without_strays({"x": 1, "y": None, "z": []}, Point, "Point")
    {'x': 1, 'z': []}
    """
    if _fits(value, kind):
        return value
    if value is None:
        return msgspec.UNSET
    for option in _options(kind):
        kept = _part_that_fits(value, option, place)
        if kept is not msgspec.UNSET:
            return kept
    _tell_once(place, value)
    return msgspec.UNSET


def _part_that_fits(value: object, kind: Any, place: str) -> Any:
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _object_that_fits(value, kind, place)
    if isinstance(value, list) and get_origin(kind) is list:
        (element,) = get_args(kind)
        fitting = [without_strays(each, element, f"{place}[]") for each in value]
        return [each for each in fitting if each is not msgspec.UNSET]
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    return msgspec.UNSET


def _object_that_fits(value: dict[str, Any], kind: type[msgspec.Struct], place: str) -> dict[str, Any]:
    kinds = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    fitting = {
        name: without_strays(inner, kinds[name], f"{place}.{name}") if name in kinds else inner
        for name, inner in value.items()
        if not (name == "extra" and issubclass(kind, Extended))
    }
    return {name: inner for name, inner in fitting.items() if inner is not msgspec.UNSET}


def _fits(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)


def _tell_once(place: str, value: object) -> None:
    if place in _told:
        return
    _told.add(place)
    message = f"{place} came as {type(value).__name__}, against the schema, and is left out; `.raw` has it"
    warnings.warn(message, SchemaStrayed, stacklevel=2)
