"""A JSON value that fits a schema: every keyword that structured output enforces, with values from the prompt."""

from __future__ import annotations

import itertools
import math
import random
import uuid
from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.pattern_text import text_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.testing.simulator.hints import Hints

_DEEP = 4
_DEEPEST = 40
_MOST_VALUES = 2_000
"""After so many values only what is required is made."""
_LONGEST, _MOST_ITEMS, _MOST_FIELDS = 2_048, 256, 64
"""Bounds above these are accepted and not kept, as on the server."""
_KINDS = ("object", "array", "string", "integer", "number", "boolean", "null")
_FREE_TEXT = {
    "answer",
    "text",
    "query",
    "question",
    "message",
    "summary",
    "content",
    "prompt",
    "description",
    "input",
    "body",
}
_SIGNS = {
    "properties": "object",
    "required": "object",
    "minProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "minimum": "number",
    "maximum": "number",
}
_FILLER = "grok kit sample value "
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def fitting(schema: Mapping[str, Any], hints: Hints, seed: str) -> Any:
    """A value that fits the schema; the same for the same seed.

    >>> from grokkit.testing.simulator.hints import Hints
    >>> schema = {"type": "object", "required": ["city", "days"],
    ...           "properties": {"city": {"type": "string"}, "days": {"type": "integer", "maximum": 7}}}
    >>> fitting(schema, Hints("Weather in Oslo for 3 days?"), "")
    {'city': 'Oslo', 'days': 3}
    """
    return _Fitter(schema, hints, random.Random(seed)).value(schema, "", 0)  # noqa: S311 - no secret is made here


class _Fitter:
    def __init__(self, root: Mapping[str, Any], hints: Hints, draw: random.Random) -> None:
        self._root = root
        self._hints = hints
        self._draw = draw
        self._made = 0

    def value(self, schema: Any, name: str, depth: int) -> Any:
        schema = self._resolved(schema, depth)
        self._made += 1
        if depth > _DEEPEST or self._made > 10 * _MOST_VALUES:
            return None
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            named = self._hints.one_of(schema["enum"])
            return named if named is not None else schema["enum"][0]
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                rest = {key: value for key, value in schema.items() if key != union}
                return self.value(_merged(rest, self._chosen(schema[union], depth)), name, depth + 1)
        kind = _kind(schema)
        maker = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._number,
            "number": self._number,
        }.get(kind)
        if maker is None:
            return None if kind == "null" else True
        return maker(schema, name, depth)

    def _resolved(self, given: Any, depth: int) -> dict[str, Any]:
        schema: dict[str, Any] = given if isinstance(given, dict) else {} if given is True else {"type": "string"}
        for _ in range(_DEEP * 4):
            if "$ref" in schema:
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = _merged(rest, self._target(schema["$ref"]))
            elif "allOf" in schema and depth > _DEEPEST:
                return {}
            elif "allOf" in schema:
                parts = [self._resolved(part, depth + 1) for part in schema["allOf"]]
                schema = {key: value for key, value in schema.items() if key != "allOf"}
                for part in parts:
                    schema = _merged(schema, part)
            else:
                return schema
        return {}

    def _target(self, reference: str) -> dict[str, Any]:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
        return found if isinstance(found, dict) else {}

    def _chosen(self, branches: list[Any], depth: int) -> dict[str, Any]:
        """The first branch, but where it goes deep: then one that ends."""
        resolved = [self._resolved(branch, depth) for branch in branches if branch is not False] or [{}]
        ends = [branch for branch in resolved if _kind(branch) not in {"object", "array"}]
        said = [branch for branch in resolved if _kind(branch) != "null"]
        return ends[0] if depth >= _DEEP and ends else (said or resolved)[0]

    def _object(self, schema: dict[str, Any], _name: str, depth: int) -> dict[str, Any]:
        given = schema.get("properties", {})
        properties = {name: part for name, part in given.items() if part is not False}
        required = [name for name in schema.get("required", ()) if given.get(name) is not False]
        least = min(schema.get("minProperties", 0), _MOST_FIELDS)
        most = schema.get("maxProperties", math.inf)
        wanted = [name for name in properties if name in required]
        optional = [name for name in properties if name not in required]
        room = most if depth < _DEEP - 1 and self._made < _MOST_VALUES else least
        wanted += optional[: max(int(min(room, len(properties))) - len(wanted), 0)]
        ordered = [name for name in properties if name in wanted] + [
            name for name in required if name not in properties
        ]
        made = {name: self.value(properties.get(name, {}), name, depth + 1) for name in ordered}
        extra = schema.get("additionalProperties")
        while len(made) < least:
            made[f"field_{len(made) + 1}"] = self.value(extra if isinstance(extra, dict) else {}, "", depth + 1)
        return made

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        possible = itertools.takewhile(lambda part: part is not False, schema.get("prefixItems", ()))
        first = [self.value(part, name, depth + 1) for part in possible]
        least = min(schema.get("minItems", 0), _MOST_ITEMS)
        most = schema.get("maxItems", math.inf)
        items = schema.get("items")
        if items is False or (items is None and first):
            return first
        count = max(least, min(2, most) if depth < _DEEP and self._made < _MOST_VALUES else 0)
        made = first[: int(min(most, len(first)))]
        made += [self.value(items or {}, name, depth + 1) for _ in range(count - len(made))]
        return self._distinct(made, items or {}, name, depth) if schema.get("uniqueItems") else made

    def _distinct(self, made: list[Any], items: Any, name: str, depth: int) -> list[Any]:
        distinct: list[Any] = []
        for first in made:
            value = first
            for tries in range(_DEEP * 4):
                if value not in distinct:
                    break
                value = _varied(self.value(items, name, depth + 1), len(distinct) + tries, items)
            distinct.append(value)
        return distinct

    def _string(self, schema: dict[str, Any], name: str, _depth: int) -> str:
        least, most = min(schema.get("minLength", 0), _LONGEST), schema.get("maxLength")
        if "pattern" in schema:
            return text_for(schema["pattern"], self._draw, least, most) or ""
        if "format" in schema:
            made = self._hints.formatted(schema["format"]) or _formatted(schema["format"], self._draw)
            if made is not None:
                return made
        text = self._hints.whole() if name.lower() in _FREE_TEXT else self._hints.text_for(name)
        return _of_length(text or name or "value", least, most)

    def _number(self, schema: dict[str, Any], name: str, _depth: int) -> int | float:
        whole = _kind(schema) == "integer"
        least, most = _bounds(schema, whole=whole)
        step = schema.get("multipleOf") or (1 if whole else 0)
        hint = self._hints.number_for(name)
        for candidate in (hint, 1, 0, least, most, (least + most) / 2, least + 1, most - 1):
            if candidate is None or not math.isfinite(candidate):
                continue
            number = _stepped(candidate, step, least)
            if least <= number <= most and not (number in (least, most) and _is_open(schema, number)):
                return int(number) if whole or number == int(number) else number
        return int(_stepped(least, step, least)) if whole else least


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if kind in _KINDS:
        return str(kind)
    return next((name for sign, name in _SIGNS.items() if sign in schema), "string")


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**other, **one}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**other["properties"], **one["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = list(dict.fromkeys([*one["required"], *other["required"]]))
    return merged


def _bounds(schema: Mapping[str, Any], *, whole: bool) -> tuple[float, float]:
    nudge = 1 if whole else 0
    low = [schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + nudge]
    high = [schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - nudge]
    least, most = max(low), min(high)
    return (
        (math.ceil(least), math.floor(most))
        if whole and math.isfinite(least) and math.isfinite(most)
        else (least, most)
    )


def _is_open(schema: Mapping[str, Any], number: float) -> bool:
    return number in (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"))


def _stepped(number: float, step: float, least: float) -> float:
    if not step:
        return number
    stepped = round(number / step) * step
    return stepped if stepped >= least else math.ceil(least / step) * step


def _of_length(text: str, least: int, most: int | None) -> str:
    while len(text) < least:
        text += " " + _FILLER
    text = text[: max(least, most)] if most is not None else text
    return text[:least] if most is None and least and len(text) > max(least, 200) else text


def _varied(value: Any, number: int, items: Any) -> Any:
    items = items if isinstance(items, dict) else {}
    values = items.get("enum")
    if values:
        return values[number % len(values)]
    if isinstance(value, str) and "pattern" not in items and "format" not in items:
        return f"{value} {number + 1}"
    return value + number if isinstance(value, int | float) and not isinstance(value, bool) else value


def _formatted(format_: str, draw: random.Random) -> str | None:
    numbers = [draw.randint(1, 254) for _ in range(4)]
    made = {
        "date": "2026-11-02",
        "time": "12:30:00Z",
        "date-time": "2026-11-02T12:30:00Z",
        "email": f"{''.join(draw.choices(_LETTERS, k=6))}@example.com",
        "uuid": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
        "ipv4": ".".join(map(str, numbers)),
        "ipv6": "2001:db8::" + ":".join(f"{number:x}" for number in numbers),
        "uri": f"https://example.com/{''.join(draw.choices(_LETTERS, k=6))}",
    }
    return made.get(format_)
