"""What a reply says beyond the fields that this version knows, kept beside them in `extra`."""

from collections.abc import Iterable
from typing import Any

import msgspec


class Extended(msgspec.Struct, kw_only=True):
    """A struct whose `extra` holds the fields that it has no name for."""

    extra: dict[str, Any] = {}


def objects(value: object) -> list[dict[str, Any]]:
    """The objects in a decoded list; none when it is no list.

    >>> objects([{"a": 1}, None, "b"]), objects("text")
    ([{'a': 1}], [])
    """
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def keep_extra(struct: msgspec.Struct, raw: dict[str, Any]) -> None:
    """Fill in `extra`, in this struct and in those inside it, from the object that it was read from."""
    names = struct.__struct_fields__
    if isinstance(struct, Extended):
        struct.extra = {name: value for name, value in raw.items() if name not in names or name == "extra"}
    for name in names:
        inner, inner_raw = getattr(struct, name), raw.get(name)
        if isinstance(inner, msgspec.Struct) and isinstance(inner_raw, dict):
            keep_extra(inner, inner_raw)
        elif isinstance(inner, list):
            _keep_each(inner, objects(inner_raw))


def _keep_each(structs: Iterable[object], raws: list[dict[str, Any]]) -> None:
    for struct, raw in zip(structs, raws, strict=False):
        if isinstance(struct, msgspec.Struct):
            keep_extra(struct, raw)
