"""Faults as they are written in files and options: names and kinds of values checked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.faults import Fault, make_fault
from grokkit.testing.simulator.nearest import check_names

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "bool": ("true or false", (bool,)),
    "int": ("a whole number", (int,)),
    "float": ("a number", (int, float)),
    "str": ("a text", (str,)),
    "Latency": ("seconds, or a distribution such as uniform:0.1,0.4", (int, float, str)),
    "float | str | datetime": ("seconds, a date or a text", (int, float, str, datetime)),
}


def checked_fault(fields: Mapping[str, Any]) -> Fault:
    """The fault with these fields. Raises `Misused` for an unknown one, `ValueError` for a value of another kind.

    >>> checked_fault({"cut_at_byte": "soon"})
    Traceback (most recent call last):
    ValueError: cut_at_byte takes a whole number, not 'soon'
    """
    check_names("fault", fields, Fault.__struct_fields__)
    for name, value in fields.items():
        said, kinds = _KINDS.get(Fault.__annotations__[name].removesuffix(" | None"), ("", ()))
        is_truth = isinstance(value, bool) and bool not in kinds
        if kinds and (is_truth or not isinstance(value, kinds)):
            raise ValueError(f"{name} takes {said}, not {value!r}")
    return make_fault(dict(fields))
