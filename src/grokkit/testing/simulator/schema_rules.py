"""Which JSON Schemas structured output and tools refuse, and what the server says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFUSED_KEYWORDS = ("minContains", "maxContains")
_NEVER_IN_PATTERNS = ("(?=", "(?!", "(?<=", "(?<!", r"\b", r"\p{", r"\1", r"\2")
_SHAPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions"), (dict,)),
    **dict.fromkeys(("required", "enum", "anyOf", "oneOf", "allOf", "prefixItems"), (list,)),
    **dict.fromkeys(("pattern", "format", "$ref"), (str,)),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), (int, float)),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), (int,)),
    "type": (str, list),
}
_OF_SCHEMAS = ("properties", "$defs", "definitions")
_LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")


def unfit(schema: Any, *, of_tool: bool = False) -> str | None:
    """Why a schema is refused, or `None` when it is fine.

    `true` and `false` are schemas too, but not those of an answer's properties; a tool (`of_tool`) may have them.

    >>> unfit({"type": "object", "properties": {"a": {"enum": []}}})
    'Invalid schema at #/properties/a: enum must not be empty'
    >>> unfit({"properties": None})
    'Invalid schema at #: properties has the wrong type'
    """
    try:
        return next(_faults(schema, "#", of_tool=of_tool), None)
    except RecursionError:
        return "Invalid schema: it is nested too deeply"


def _faults(schema: Any, place: str, *, of_tool: bool) -> Iterator[str]:
    if not isinstance(schema, dict):
        yield f"Invalid schema at {place}: expected an object"
        return
    misshapen = [name for name, kinds in _SHAPES.items() if name in schema and not _is_shaped(schema[name], kinds)]
    for problem in (f"{name} has the wrong type" for name in misshapen):
        yield f"Invalid schema at {place}: {problem}"
    for problem in _own(schema):
        yield f"Invalid schema at {place}: {problem}"
    for part, inner in _members(schema, place):
        if not isinstance(part, bool):
            yield from _faults(part, inner, of_tool=of_tool)
        elif not of_tool and inner.startswith(f"{place}/properties/"):
            yield f"Invalid schema at {inner}: a property must not be {str(part).lower()}"


def _members(schema: dict[str, Any], place: str) -> Iterator[tuple[Any, str]]:
    """The schemas within a schema, and where they are."""
    for name in _OF_SCHEMAS:
        members = schema.get(name)
        for key, part in members.items() if isinstance(members, dict) else ():
            yield part, f"{place}/{name}/{key}"
    for name in _LISTS_OF_SCHEMAS:
        for number, part in enumerate(schema.get(name) or ()):
            yield part, f"{place}/{name}/{number}"
    if isinstance(schema.get("items"), dict):
        yield schema["items"], f"{place}/items"


def _is_shaped(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def _own(schema: dict[str, Any]) -> Iterator[str]:
    for name in ("enum", "anyOf", "oneOf"):
        if name in schema and not schema[name]:
            yield f"{name} must not be empty"
    if not all(isinstance(name, str) for name in schema.get("required") or ()):
        yield "required must list names"
    for name in _REFUSED_KEYWORDS:
        if name in schema:
            yield f"{name} is not supported"
    if isinstance(schema.get("items"), list):
        yield "items must be a schema, use prefixItems for tuples"
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and any(part in pattern for part in _NEVER_IN_PATTERNS):
        yield "pattern uses an unsupported construct"
