"""Tools from a JSON Schema: rewritten for Grok, validated as given."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.errors import ExtraMissing
from grokkit.tools import ArgumentsRefused, Tool, ToolContext, ToolUnfit

SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "word": {"type": "string", "pattern": r"^\bgr"},
        "pair": {"type": "array", "items": [{"type": "integer"}, {"type": "string"}]},
        "at": {"type": "string", "format": "date"},
    },
    "required": ["word"],
}


def echo(arguments: dict[str, Any]) -> dict[str, Any]:
    return arguments


async def keyed(arguments: dict[str, Any], context: ToolContext) -> str:
    return f"{arguments} {context.key}"


def test_the_model_gets_the_rewritten_schema_and_the_notes_say_how() -> None:
    made = Tool.from_schema("echo", "Echo.", SCHEMA, echo)

    assert "pattern" not in made.parameters["properties"]["word"]
    assert made.parameters["properties"]["pair"]["prefixItems"] == [{"type": "integer"}, {"type": "string"}]
    assert [note.partition(":")[0] for note in made.notes] == ["#/properties/word", "#/properties/pair"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"word": "dog"}', "word: "),
        ("{}", '"word" is a required property'),
        ('{"word": "grok", "pair": ["a"]}', "pair[0]: "),
        ('{"word": "grok", "at": "never"}', "at: "),
        ("[]", "expected an object"),
    ],
)
def test_arguments_are_validated_against_the_schema_as_given(text: str, said: str) -> None:
    made = Tool.from_schema("echo", "Echo.", SCHEMA, echo)

    with pytest.raises(ArgumentsRefused) as refused:
        made.decode(text)

    assert said in refused.value.message


async def test_it_runs_with_all_arguments_as_one_and_with_the_context_when_asked() -> None:
    made = Tool.from_schema("echo", "Echo.", SCHEMA, echo)
    with_key = Tool.from_schema("keyed", "Keyed.", {}, keyed, effects="read_only", cache_ttl=3)

    assert await made.run(made.decode('{"word": "grok", "other": 1}'), key="k") == {"word": "grok", "other": 1}
    assert await with_key.run(with_key.decode(""), key="k") == "{} k"


@pytest.mark.parametrize(
    ("part", "fitting", "misfit"),
    [
        ({"type": "string", "nullable": True}, "null", "3"),
        ({"type": "number", "minimum": 3, "exclusiveMinimum": True}, "4", "3"),
        ({"type": "array", "items": [{"type": "string"}], "additionalItems": False}, '["a"]', '["a", 1]'),
        ({"type": "array", "contains": {"const": 1}, "maxContains": 1}, "[1, 2]", "[1, 1]"),
        ({"type": "string", "pattern": "^(?!no)"}, '"yes"', '"no"'),
        ({"$ref": "#/definitions/A"}, '{"a": {"a": {}}}', '{"a": {"a": 1}}'),
        ({"type": "object", "required": None}, "{}", "3"),
    ],
)
def test_what_the_model_is_not_told_is_checked_all_the_same(part: dict[str, Any], fitting: str, misfit: str) -> None:
    below = {"type": "object", "properties": {"a": {"$ref": "#/definitions/A"}}}
    schema = {"type": "object", "properties": {"x": part}, "definitions": {"A": below}}
    made = Tool.from_schema("echo", "Echo.", schema, echo)

    assert made.notes
    assert made.decode(f'{{"x": {fitting}}}')
    with pytest.raises(ArgumentsRefused, match="x"):
        made.decode(f'{{"x": {misfit}}}')


class Kit:
    echo = Tool.from_schema("echo", "Echo.", SCHEMA, echo)


async def test_it_is_no_method_where_it_stands_in_a_class() -> None:
    assert await Kit().echo.run({"word": "grok"}, key="k") == {"word": "grok"}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"properties": {"a": {"enum": []}}}, "tool 'echo': #/properties/a: enum is empty"),
        ({"type": "string"}, "the parameters of a tool are an object"),
        ({"properties": {"a": {"type": "text"}}}, "tool 'echo': this is not a JSON Schema"),
    ],
)
def test_schemas_that_cannot_be_used_are_refused(schema: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolUnfit) as refused:
        Tool.from_schema("echo", "Echo.", schema, echo)

    assert said in str(refused.value)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)

    with pytest.raises(ExtraMissing) as missing:
        Tool.from_schema("echo", "Echo.", SCHEMA, echo)

    assert missing.value.extra == "schema"


MADE = Tool.from_schema("echo", "Echo.", SCHEMA, echo)


@given(st.text() | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    with contextlib.suppress(ArgumentsRefused):
        assert isinstance(MADE.decode(text), dict)
