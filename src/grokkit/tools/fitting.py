"""The single steps of making a schema fit: each changes one thing in place, and says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grokkit.tools.keywords import FORMATS, MOST, NEVER_IN_PATTERNS

DROPPED_WORDS = frozenset({"$schema", "$comment", "$id", "discriminator"})
"""Words about the schema itself, and OpenAPI's of its branches, which say nothing to the model that they do not."""
_BEST_EFFORT = (
    "not", "if", "uniqueItems", "contains", "propertyNames", "patternProperties", "dependentRequired",
    "dependentSchemas", "dependencies", "unevaluatedProperties", "unevaluatedItems", "contentEncoding",
)  # fmt: skip
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions"), ((dict,), "an object")),
    **dict.fromkeys(("required", "enum", "anyOf", "oneOf", "allOf", "prefixItems"), ((list,), "an array")),
    **dict.fromkeys(("pattern", "format", "$ref"), ((str,), "a string")),
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), ((int, float), "a number")
    ),
    **dict.fromkeys(MOST, ((int,), "a whole number")),
    "type": ((str, list), "a string or an array of strings"),
}


class Unfit(TypeError):
    """A type or schema has nothing that Grok would take."""


def _without_nulls(schema: dict[str, Any]) -> list[str]:
    empty = [name for name, value in schema.items() if value is None and name not in {"const", "default"}]
    for name in empty:
        del schema[name]
    return [f"{name} was null and is left out" for name in empty]


def _with_null(schema: dict[str, Any]) -> list[str]:
    if schema.pop("nullable", None) is not True:
        return []
    words: dict[str, Any] = {name: schema.pop(name) for name in ("title", "description", "default") if name in schema}
    inner = dict(schema)
    schema.clear()
    schema.update(words, anyOf=[inner, {"type": "null"}])
    return ["nullable became anyOf with null"]


def _numeric_bounds(schema: dict[str, Any]) -> list[str]:
    notes = []
    for name, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if not isinstance(schema.get(name), bool):
            continue
        if schema.pop(name) and inclusive in schema:
            schema[name] = schema.pop(inclusive)
        notes.append(f"{name} as true or false (draft 4) became a number")
    return notes


def _tuples(schema: dict[str, Any]) -> list[str]:
    notes = []
    if isinstance(schema.get("items"), list):
        schema["prefixItems"] = schema.pop("items")
        rest = schema.pop("additionalItems", None)
        if rest is not None:
            schema["items"] = rest
        notes.append("items as array became prefixItems")
    if schema.get("prefixItems") == []:
        del schema["prefixItems"]
    if schema.get("items") is False:
        del schema["items"]
        length = len(schema.get("prefixItems", ()))
        schema["maxItems"] = min(length, schema.get("maxItems", length))
    return notes


def _counts(schema: dict[str, Any]) -> list[str]:
    dropped = [name for name in ("minContains", "maxContains") if name in schema]
    for name in dropped:
        del schema[name]
    return [f"{name} is refused by Grok and left out; it is checked when the value comes" for name in dropped]


def _patterns(schema: dict[str, Any]) -> list[str]:
    pattern = schema.get("pattern")
    if not isinstance(pattern, str):
        return []
    signs = [sign for sign in NEVER_IN_PATTERNS if sign in pattern]
    if signs:
        del schema["pattern"]
        what = NEVER_IN_PATTERNS[signs[0]]
        return [f"the pattern has a {what}, which Grok refuses: left out, and checked when the value comes"]
    whole = pattern.startswith("^") and pattern.endswith("$")
    return [] if whole else [f"Grok makes text that matches {pattern} as a whole, not in part"]


def _properties(schema: dict[str, Any]) -> list[str]:
    given = schema.get("properties")
    if not isinstance(given, dict):
        return []
    never = [name for name, part in given.items() if part is False]
    asked = [name for name in never if name in (schema.get("required") or ())]
    if asked:
        raise Unfit(f"the property {asked[0]} is required and false: nothing fits it")
    anything = [name for name, part in given.items() if part is True]
    schema["properties"] = {name: {} if part is True else part for name, part in given.items() if part is not False}
    return [
        *(f"the property {name} was true and became {{}}" for name in anything),
        *(f"the property {name} was false and is left out" for name in never),
    ]


def open_objects(schema: dict[str, Any]) -> list[str]:
    """An object of which nothing is said holds anything; by Grok's default it would hold nothing."""
    says = ("properties", "additionalProperties", "patternProperties", "$ref", "anyOf", "oneOf", "allOf")
    if schema.get("type") != "object" or any(name in schema for name in says):
        return []
    schema["additionalProperties"] = True
    return ["additionalProperties is true now: by Grok's default an object without properties stays empty"]


def _kept_in_part(schema: dict[str, Any]) -> list[str]:
    """What is sent as it is, and not always kept."""
    names = [name for name in _BEST_EFFORT if name in schema]
    names += [f"{name} above {most}" for name, most in MOST.items() if _above(schema.get(name), most)]
    if schema.get("format", FORMATS[0]) not in FORMATS:
        names.append(f"format {schema['format']}")
    if len(schema.get("allOf") or ()) > 1:
        names.append("allOf with several members")
    notes = [f"{name} is kept by Grok as well as it can, and checked when the value comes" for name in names]
    return notes + (["oneOf means anyOf to Grok"] if "oneOf" in schema else [])


def _above(bound: object, most: int) -> bool:
    return isinstance(bound, int) and bound > most


Step = Callable[[dict[str, Any]], list[str]]
MENDING: tuple[Step, ...] = (_without_nulls, _with_null, _numeric_bounds, _tuples)
"""These say the same in the words of draft 2020-12."""
STEPS: tuple[Step, ...] = (*MENDING, _counts, _patterns, _properties, open_objects, _kept_in_part)
"""All of them, some of which leave out what Grok refuses."""


def check(schema: dict[str, Any]) -> None:
    """Raises `Unfit` for what Grok refuses and no rewriting mends."""
    for name in ("enum", "anyOf", "oneOf"):
        if schema.get(name) == []:
            raise Unfit(f"{name} is empty: nothing fits it, and Grok refuses it")
    for name, (kinds, what) in _KINDS.items():
        value = schema.get(name)
        if name in schema and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise Unfit(f"{name} must be {what}, got {value!r}")
    if not all(isinstance(name, str) for name in schema.get("required", ())):
        raise Unfit("required must list names")
