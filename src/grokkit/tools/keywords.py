"""What Grok does with each keyword of JSON Schema, and what is done about it here: one table, which the docs show."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

Standing = Literal["accepted", "best effort", "rejected"]

MOST = {
    "minLength": 2048,
    "maxLength": 2048,
    "minItems": 256,
    "maxItems": 256,
    "minProperties": 64,
    "maxProperties": 64,
}
"""Bounds above these are taken and not enforced."""
FORMATS = ("date", "time", "date-time", "email", "uuid", "ipv4", "ipv6", "uri")
NEVER_IN_PATTERNS = {
    "(?=": "look-ahead",
    "(?!": "negative look-ahead",
    "(?<=": "look-behind",
    "(?<!": "negative look-behind",
    r"\b": "word boundary",
    r"\p{": "Unicode class",
    r"\1": "back-reference",
    r"\2": "back-reference",
}


class Keyword(NamedTuple):
    """One row of the table: an example schema, how it stands with Grok, what is done with it."""

    name: str
    example: dict[str, Any]
    standing: Standing
    done: str


_OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}}
_AS_IT_IS = "sent as it is"
_NOTED = "sent, with a note; checked when the value comes"
_REFUSED = "`ToolUnfit` when the tool is made"

KEYWORDS: tuple[Keyword, ...] = (
    *(
        Keyword(f"`type: {kind}`", {"type": kind}, "accepted", _AS_IT_IS)
        for kind in ("string", "number", "integer", "boolean", "null", "array")
    ),
    Keyword("`type: object`, `properties`", _OBJECT, "accepted", _AS_IT_IS),
    Keyword(
        "`type: object` without `properties`",
        {"type": "object"},
        "accepted",
        "`additionalProperties: true` is added, with a note: without it only `{}` could be sent",
    ),
    Keyword("`required`", {**_OBJECT, "required": ["a"]}, "accepted", _AS_IT_IS),
    Keyword("`additionalProperties`", {**_OBJECT, "additionalProperties": False}, "accepted", _AS_IT_IS),
    Keyword("`enum`", {"enum": ["a", 1]}, "accepted", _AS_IT_IS),
    Keyword("`const`", {"const": "a"}, "accepted", _AS_IT_IS),
    Keyword("`anyOf`", {"anyOf": [{"type": "string"}, {"type": "null"}]}, "accepted", _AS_IT_IS),
    Keyword(
        "`oneOf`", {"oneOf": [{"type": "string"}, {"type": "null"}]}, "accepted", "sent, with a note: it means `anyOf`"
    ),
    Keyword("`allOf` with one member", {"allOf": [{"type": "string"}]}, "accepted", _AS_IT_IS),
    Keyword("`$ref`, `$defs`", {"$ref": "#/$defs/A", "$defs": {"A": {"type": "string"}}}, "accepted", _AS_IT_IS),
    Keyword("`items`", {"type": "array", "items": {"type": "string"}}, "accepted", _AS_IT_IS),
    Keyword("`prefixItems`", {"type": "array", "prefixItems": [{"type": "string"}]}, "accepted", _AS_IT_IS),
    *(
        Keyword(f"`{name}`", {"type": "number", name: 3}, "accepted", _AS_IT_IS)
        for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
    ),
    *(
        Keyword(f"`{name}` up to {most}", {"type": kind, name: most}, "accepted", _AS_IT_IS)
        for name, most, kind in (
            ("minLength", 2048, "string"),
            ("maxLength", 2048, "string"),
            ("minItems", 256, "array"),
            ("maxItems", 256, "array"),
        )
    ),
    *(
        Keyword(f"`{name}` up to 64", {"type": "object", "additionalProperties": True, name: 64}, "accepted", _AS_IT_IS)
        for name in ("minProperties", "maxProperties")
    ),
    Keyword("`pattern`", {"type": "string", "pattern": "^[a-z]+$"}, "accepted", "sent; Grok matches the whole text"),
    *(Keyword(f"`format: {name}`", {"type": "string", "format": name}, "accepted", _AS_IT_IS) for name in FORMATS),
    *(
        Keyword(f"`{name}`", {"type": "string", name: value}, "accepted", "sent; words for the model, not enforced")
        for name, value in (("title", "A"), ("description", "a"), ("default", "a"), ("examples", ["a"]))
    ),
    *(
        Keyword(f"`{name}` above its limit", {"type": kind, name: most + 1}, "best effort", _NOTED)
        for name, most, kind in (("maxLength", 2048, "string"), ("maxItems", 256, "array"))
    ),
    Keyword("other `format`s", {"type": "string", "format": "hostname"}, "best effort", _NOTED),
    Keyword(
        "`allOf` with several members",
        {"allOf": [_OBJECT, {"type": "object", "properties": {"b": {}}}]},
        "best effort",
        _NOTED,
    ),
    Keyword("`not`", {"not": {"type": "string"}}, "best effort", _NOTED),
    Keyword("`if`, `then`, `else`", {"if": {"type": "string"}, "then": {"minLength": 2}}, "best effort", _NOTED),
    *(
        Keyword(
            f"`{name}`",
            {"type": kind, **({"additionalProperties": True} if kind == "object" else {}), name: value},
            "best effort",
            _NOTED,
        )
        for name, kind, value in (
            ("uniqueItems", "array", True),
            ("contains", "array", {"type": "string"}),
            ("propertyNames", "object", {"pattern": "^a"}),
            ("patternProperties", "object", {"^a": {"type": "string"}}),
            ("dependentRequired", "object", {"a": ["b"]}),
            ("dependentSchemas", "object", {"a": {"required": ["b"]}}),
            ("unevaluatedProperties", "object", False),
            ("unevaluatedItems", "array", False),
            ("contentEncoding", "string", "base64"),
        )
    ),
    Keyword(
        "`$ref` to itself",
        {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}}},
        "best effort",
        "raw schemas: cut where it repeats (`{}`), with a note; types: " + _REFUSED,
    ),
    Keyword("`enum: []`", {"enum": []}, "rejected", _REFUSED),
    Keyword("`anyOf: []`, `oneOf: []`", {"anyOf": []}, "rejected", _REFUSED),
    Keyword(
        "a property that is `true`",
        {"type": "object", "properties": {"a": True}},
        "rejected",
        "becomes `{}`, with a note",
    ),
    Keyword(
        "a property that is `false`",
        {"type": "object", "properties": {"a": False}},
        "rejected",
        "left out, with a note; `ToolUnfit` when it is required",
    ),
    Keyword(
        "`items` as array",
        {"type": "array", "items": [{"type": "string"}]},
        "rejected",
        "becomes `prefixItems`, with a note",
    ),
    *(
        Keyword(
            f"`{name}`", {"type": "array", name: 1}, "rejected", "left out, with a note; checked when the value comes"
        )
        for name in ("minContains", "maxContains")
    ),
    *(
        Keyword(
            f"`pattern` with {what} (`{sign}`)",
            {"type": "string", "pattern": _pattern},
            "rejected",
            "left out, with a note; checked when the value comes",
        )
        for sign, what, _pattern in (
            ("(?=", "look-ahead", "(?=a)a"),
            ("(?!", "negative look-ahead", "(?!a)b"),
            ("(?<=", "look-behind", "(?<=a)b"),
            ("(?<!", "negative look-behind", "(?<!a)b"),
            (r"\b", "word boundary", r"\ba"),
            (r"\p{", "Unicode class", r"\p{L}"),
            (r"\1", "back-reference", r"(a)\1"),
        )
    ),
    Keyword(
        "`exclusiveMinimum: true` (draft 4)",
        {"type": "number", "minimum": 3, "exclusiveMinimum": True},
        "rejected",
        "becomes `exclusiveMinimum: 3`, with a note",
    ),
    Keyword(
        "`nullable: true` (OpenAPI 3.0)",
        {"type": "string", "nullable": True},
        "best effort",
        "becomes `anyOf` with `null`, with a note",
    ),
    Keyword("a keyword that is `null`", {"type": "object", "properties": None}, "rejected", "left out, with a note"),
    Keyword("a keyword of the wrong type", {"required": "a"}, "rejected", _REFUSED),
)


def keyword_table() -> str:
    """The table as Markdown.

    >>> print(keyword_table().splitlines()[2])
    | `type: string` | `{"type": "string"}` | accepted | sent as it is |
    """
    rows = (f"| {row.name} | `{json.dumps(row.example)}` | {row.standing} | {row.done} |" for row in KEYWORDS)
    return "\n".join(["| keyword | example | Grok | grokkit |", "|---|---|---|---|", *rows])
