"""The shapes of dictionaries: free keys, keys of a certain form, and keys that are one of a few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.tools.shapes.choices import Choice
from grokkit.tools.shapes.formats import Formatted
from grokkit.tools.shapes.objects import Field, Mapping, Object
from grokkit.tools.shapes.plain import Anything, Integer, Text
from grokkit.tools.shapes.shape import SchemaBook

if TYPE_CHECKING:
    from grokkit.tools.shapes.shape import Shape

_WHOLE = Formatted("a whole number", "-?(0|[1-9][0-9]*)", int)


def mapping_of(key: Any, key_shape: Shape, value: Shape) -> Shape:
    """The shape of `dict[key, value]`; raises `TypeError` for keys that JSON cannot have."""
    if isinstance(key_shape, Choice) and key_shape.kinds == {"string"}:
        fields = [Field(name, value, name, required=False) for name in key_shape.offered]
        return Object(fields, lambda **made: {key_shape.read(name): item for name, item in made.items()})
    if isinstance(key_shape, Text | Anything):
        return Mapping(key_shape, value, key_schema=None)
    if isinstance(key_shape, Integer):
        return Mapping(_WHOLE, value, key_schema=_WHOLE.schema(SchemaBook()))
    if key_shape.kinds == {"string"}:
        return Mapping(key_shape, value, key_schema=key_shape.schema(SchemaBook()))
    said = key.__name__ if isinstance(key, type) else key
    raise TypeError(f"a dictionary cannot have {said} as keys: keys are text in JSON; use str, int, a date or an Enum")
