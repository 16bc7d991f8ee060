"""What is done with schemas that Grok would refuse, against the simulator's rules."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokkit.testing.simulator.schema_rules import unfit
from grokkit.tools.fit import fit, fit_arguments
from grokkit.tools.fitting import Unfit
from grokkit.tools.keywords import KEYWORDS, Keyword, keyword_table

PAGE = Path(__file__).parents[2] / "docs" / "tools.md"
REFUSED_HERE = "ToolUnfit"


@pytest.mark.parametrize("row", KEYWORDS, ids=lambda row: row.name)
def test_the_table_says_of_each_keyword_what_the_server_does(row: Keyword) -> None:
    problem = unfit(row.example)

    assert (problem is not None) is (row.standing == "rejected")


@pytest.mark.parametrize("row", KEYWORDS, ids=lambda row: row.name)
def test_what_the_table_says_is_done_is_done(row: Keyword) -> None:
    given = copy.deepcopy(row.example)

    if row.done.startswith("`ToolUnfit`"):
        with pytest.raises(Unfit, match="#"):
            fit(given)
        return
    fitted = fit(given)

    assert given == row.example
    assert unfit(fitted.json) is None
    assert bool(fitted.notes) is ("note" in row.done)
    assert (fitted.json == row.example) is row.done.startswith("sent")


def test_the_guide_shows_this_very_table() -> None:
    assert keyword_table() in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (
            {"type": "array", "items": [{}], "additionalItems": {"type": "null"}},
            {"type": "array", "prefixItems": [{}], "items": {"type": "null"}},
        ),
        (
            {"type": "array", "prefixItems": [{}, {}], "items": False},
            {"type": "array", "prefixItems": [{}, {}], "maxItems": 2},
        ),
        ({"type": "array", "items": True}, {"type": "array", "items": {}}),
        ({"type": "number", "maximum": 3, "exclusiveMaximum": True}, {"type": "number", "exclusiveMaximum": 3}),
        ({"type": "number", "minimum": 3, "exclusiveMinimum": False}, {"type": "number", "minimum": 3}),
        (
            {"type": "string", "nullable": True, "title": "A"},
            {"title": "A", "anyOf": [{"type": "string"}, {"type": "null"}]},
        ),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "null"}, {"type": "null"}),
        ({"anyOf": [True, {"type": "null"}]}, {"anyOf": [{}, {"type": "null"}]}),
        (
            {"type": "object", "properties": {"a/b": {"$ref": "#/properties/c"}, "c": {"type": "null"}}},
            {"type": "object", "properties": {"a/b": {"type": "null"}, "c": {"type": "null"}}},
        ),
        (
            {"$ref": "#/definitions/a~1b", "definitions": {"a/b": {"const": None}}},
            {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": None}}},
        ),
    ],
)
def test_a_schema_is_rewritten(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert fit(given).json == made


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"properties": {"a": {"enum": []}}}, "#/properties/a: enum is empty"),
        ({"properties": {"a": False}, "required": ["a"]}, "#: the property a is required and false"),
        ({"anyOf": [{"$ref": "#/$defs/gone"}]}, "#/anyOf/0: the reference #/$defs/gone leads nowhere"),
        ({"$ref": "https://example.com/a.json"}, "leads out of this schema"),
        ({"items": "string"}, "#/items: expected a schema"),
        ({"required": [1]}, "#: required must list names"),
        ({"minLength": True}, "#: minLength must be a whole number, got True"),
    ],
)
def test_what_cannot_be_mended_is_refused_with_its_place(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Unfit) as refused:
        fit(given)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {"$ref": "#/$defs/A", "$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}}}},
        {"$ref": "#/$defs/A", "$defs": {"A": {"items": {"$ref": "#/$defs/B"}}, "B": {"items": {"$ref": "#/$defs/A"}}}},
        {"properties": {"self": {"$ref": "#"}}},
        {"properties": {"a": {"items": {"$ref": "#/properties/b"}}, "b": {"items": {"$ref": "#/properties/a"}}}},
    ],
)
def test_a_schema_that_contains_itself_is_cut_where_it_repeats(given: dict[str, Any]) -> None:
    fitted = fit(given)

    assert "contains itself" in fitted.notes[0]
    assert _ends(fitted.json, fitted.json)


def _ends(part: Any, root: dict[str, Any]) -> bool:
    if isinstance(part, list):
        return all(_ends(each, root) for each in part)
    if not isinstance(part, dict):
        return True
    if "$ref" in part:
        return _ends(root["$defs"][part["$ref"].removeprefix("#/$defs/")], root)
    return all(_ends(each, root) for name, each in part.items() if name != "$defs")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"properties": {}},
        {"anyOf": [{"type": "object"}, {"$ref": "#/$defs/A"}], "$defs": {"A": {"type": "object"}}},
    ],
)
def test_arguments_are_an_object_or_a_union_of_objects(given: dict[str, Any]) -> None:
    assert unfit(fit_arguments(given).json, of_tool=True) is None


@pytest.mark.parametrize("given", [{"type": "string"}, {"anyOf": [{"type": "object"}, {"type": "null"}]}])
def test_arguments_that_are_no_object_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Unfit, match="are an object"):
        fit_arguments(given)


PARTS = st.deferred(lambda: st.booleans() | SCHEMAS)
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["object", "array", "string", "integer"]),
    "properties": st.dictionaries(st.sampled_from("abc"), PARTS, max_size=2),
    "required": st.lists(st.sampled_from("abc"), max_size=1),
    "items": PARTS | st.lists(PARTS, max_size=2),
    "anyOf": st.lists(PARTS, max_size=2),
    "additionalProperties": PARTS,
    "enum": st.lists(st.integers(0, 1), max_size=2, unique=True),
    "minimum": st.integers(0, 2) | st.none(),
    "exclusiveMinimum": st.booleans() | st.integers(0, 2),
    "minContains": st.integers(0, 2),
    "pattern": st.sampled_from(["a", r"\ba", "^(?=a)"]),
    "nullable": st.booleans(),
    "$ref": st.sampled_from(["#", "#/$defs/A", "#/properties/a"]),
}
SCHEMAS = st.deferred(
    lambda: st.lists(st.sampled_from(sorted(MEMBERS)), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: MEMBERS[name] for name in names})
    )
)


@settings(deadline=None, max_examples=300)
@given(SCHEMAS, SCHEMAS)
def test_any_schema_is_made_fit_or_refused(schema: dict[str, Any], definition: dict[str, Any]) -> None:
    whole = {**schema, "$defs": {"A": definition}}

    try:
        fitted = fit(whole)
    except Unfit:
        return

    assert unfit(fitted.json) is None
    assert fit(fitted.json).json == fitted.json
    assert jsonschema_rs.validator_for(fitted.json)
