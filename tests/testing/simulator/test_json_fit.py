"""Values made for schemas fit them, whatever the schema."""

from __future__ import annotations

import random
import re
import time
import uuid
from datetime import date, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.testing.simulator.hints import Hints
from grokkit.testing.simulator.json_fit import fitting
from grokkit.testing.simulator.pattern_text import text_for
from grokkit.testing.simulator.schema_rules import unfit

if TYPE_CHECKING:
    from collections.abc import Callable


def made(schema: dict[str, Any], text: str = "") -> Any:
    return fitting(schema, Hints(text), "seed")


@given(st.integers(-1000, 1000), st.integers(0, 50), st.text(max_size=40))
def test_integers_keep_their_bounds(least: int, span: int, text: str) -> None:
    value = made({"type": "integer", "minimum": least, "maximum": least + span}, text)

    assert isinstance(value, int)
    assert least <= value <= least + span


@given(st.integers(-100, 100), st.integers(2, 50), st.text(max_size=40))
def test_open_bounds_are_not_reached(least: int, span: int, text: str) -> None:
    schema = {"type": "integer", "exclusiveMinimum": least, "exclusiveMaximum": least + span}

    assert least < made(schema, text) < least + span


@given(st.floats(-1e6, 1e6), st.floats(0.5, 1e3))
def test_numbers_keep_their_open_bounds(least: float, span: float) -> None:
    value = made({"type": "number", "exclusiveMinimum": least, "exclusiveMaximum": least + span})

    assert least < value < least + span


@pytest.mark.parametrize("schema", [{"exclusiveMinimum": 1e9}, {"exclusiveMaximum": -1e9}, {"minimum": 0.5}])
def test_numbers_keep_a_bound_on_one_side(schema: dict[str, float]) -> None:
    value = made({"type": "number", **schema})

    assert schema.get("exclusiveMinimum", -1e300) < value < schema.get("exclusiveMaximum", 1e300)
    assert value >= schema.get("minimum", value)


@given(st.integers(1, 40), st.integers(0, 5), st.text(max_size=60))
def test_texts_keep_their_length(least: int, span: int, text: str) -> None:
    value = made({"type": "string", "minLength": least, "maxLength": least + span}, text)

    assert least <= len(value) <= least + span


@given(st.integers(0, 6), st.integers(0, 4))
def test_arrays_keep_their_size(least: int, span: int) -> None:
    value = made({"type": "array", "items": {"type": "boolean"}, "minItems": least, "maxItems": least + span})

    assert least <= len(value) <= least + span


@given(st.integers(0, 8))
def test_objects_have_enough_fields(least: int) -> None:
    value = made({"type": "object", "minProperties": least, "additionalProperties": {"type": "integer"}})

    assert len(value) >= least
    assert all(isinstance(part, int) for part in value.values())


@pytest.mark.parametrize(
    ("format_", "parse"),
    [
        ("date", date.fromisoformat),
        ("date-time", datetime.fromisoformat),
        ("uuid", uuid.UUID),
        ("ipv4", IPv4Address),
        ("ipv6", IPv6Address),
        ("email", lambda text: re.fullmatch(r"\S+@\S+\.\S+", text)),
        ("uri", lambda text: re.fullmatch(r"https://\S+", text)),
        ("time", lambda text: re.fullmatch(r"\d\d:\d\d:\d\dZ", text)),
    ],
)
def test_formats_are_kept(format_: str, parse: Callable[[str], object]) -> None:
    assert parse(made({"type": "string", "format": format_}))


@pytest.mark.parametrize(
    "pattern",
    [
        "[A-Z]{3}-\\d{4}",
        "(red|green|blue)",
        "^a+b*c?$",
        "[^0-9]{2,5}",
        "\\w+@\\w+\\.(com|org)",
        "(?:x|y){2,}",
        ".{10}",
        "#[0-9a-fA-F]{6}",
        "\\+?\\d{1,3}( \\d{2,4})+",
    ],
)
def test_patterns_are_kept(pattern: str) -> None:
    for seed in range(20):
        text = text_for(pattern, random.Random(seed))

        assert text is not None
        assert re.fullmatch(pattern, text, re.DOTALL)


def test_a_pattern_and_a_length_are_both_kept() -> None:
    assert len(made({"type": "string", "pattern": "[a-z]+", "minLength": 30, "maxLength": 40})) in range(30, 41)


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"const": "fixed"}, "", "fixed"),
        ({"enum": ["red", "green"]}, "I like green", "green"),
        ({"enum": [1, 2]}, "", 1),
        ({"type": "null"}, "", None),
        ({"type": "boolean"}, "", True),
        ({"type": ["null", "integer"]}, "7 days", 7),
        ({"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 5}]}, "", 5),
        ({"oneOf": [{"type": "string"}]}, 'say "word"', "word"),
        ({"allOf": [{"type": "integer", "minimum": 3}]}, "", 3),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer", "minimum": 9}}}, "", 9),
        ({"type": "array", "prefixItems": [{"const": 1}, {"const": "a"}]}, "", [1, "a"]),
        ({"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 2, "uniqueItems": True}, "", ["a", "b"]),
        ({"type": "integer", "multipleOf": 5, "minimum": 7}, "", 10),
    ],
)
def test_keywords_are_kept(schema: dict[str, Any], text: str, value: Any) -> None:
    assert made(schema, text) == value


def test_a_schema_that_contains_itself_comes_to_an_end() -> None:
    tree = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    }

    value = made({**tree, "required": ["name", "children"]})

    assert isinstance(value["children"], list)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": [{"$ref": "#"}]},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 2},
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "object", "minProperties": 10**9},
        {"type": "string", "pattern": "((x{1000}){1000}){1000}"},
        {"type": "object", "properties": {f"p{n}": {"$ref": "#"} for n in range(60)}},
    ],
)
def test_schemas_without_end_come_to_one(schema: dict[str, Any]) -> None:
    began = time.perf_counter()

    made(schema)

    assert time.perf_counter() - began < 5


def test_a_schema_that_is_too_deep_is_refused() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(5000):
        schema = {"type": "array", "items": schema}

    assert "too deeply" in (unfit(schema) or "")


def test_values_are_taken_from_the_prompt() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "born": {"type": "string", "format": "date"},
            "mail": {"type": "string", "format": "email"},
        },
        "required": ["name", "age", "born", "mail"],
    }

    value = made(schema, "Ada Lovelace, age 36, born 1815-12-10, ada@example.org")

    assert value == {"name": "Ada Lovelace", "age": 36, "born": "1815-12-10", "mail": "ada@example.org"}


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"enum": []}, "#: enum must not be empty"),
        ({"properties": {"a": {"anyOf": []}}}, "#/properties/a: anyOf must not be empty"),
        ({"properties": {"a": 1}}, "#/properties/a: expected an object"),
        ({"items": {"maxContains": 2}}, "#/items: maxContains is not supported"),
        ({"items": [{}, {}]}, "#: items must be a schema"),
        ({"pattern": "(?=a)"}, "#: pattern uses"),
    ],
)
def test_schemas_that_the_server_refuses_are_told(schema: dict[str, Any], problem: str) -> None:
    assert problem in (unfit(schema) or "")


def test_a_good_schema_is_not_refused() -> None:
    assert unfit({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [False, True]},
        {"type": "array", "items": True},
        {"prefixItems": [{"type": "integer"}, False]},
        {"allOf": [True, {"type": "integer"}]},
        {"$defs": {"anything": True}, "type": "object", "properties": {"a": {"$ref": "#/$defs/anything"}}},
        {"type": "object", "additionalProperties": True, "not": False},
    ],
)
def test_true_and_false_are_schemas_and_values_fit_them(schema: dict[str, Any]) -> None:
    assert unfit(schema) is None
    made(schema)


def test_a_property_that_is_true_or_false_is_for_tools_only() -> None:
    schema = {"type": "object", "properties": {"any": True, "none": False}, "required": ["any"]}

    assert unfit(schema) == "Invalid schema at #/properties/any: a property must not be true"
    assert unfit(schema, of_tool=True) is None
    assert list(made(schema)) == ["any"]


def test_values_for_boolean_schemas_are_of_what_stands_beside_them() -> None:
    assert made({"anyOf": [True], "type": "integer"}, "7") == 7
    assert made({"prefixItems": [{"type": "integer"}, False, {"type": "string"}]}, "7") == [7]
    assert made({"allOf": [True, {"type": "boolean"}]}) is True
