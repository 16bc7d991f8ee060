"""What the schema of each kind of type looks like, and what it reads."""

from __future__ import annotations

import collections
import dataclasses
import enum
import re
from datetime import UTC, datetime, time
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NewType, TypedDict, TypeVar

import annotated_types
import attrs
import msgspec
import pydantic
import pydantic.dataclasses
import pytest
from typing_extensions import Doc, ReadOnly, TypeAliasType

from grokkit.tools import ToolUnfit, ValueRefused, decoder_of, schema_of

T = TypeVar("T")
UserId = NewType("UserId", int)
Names = TypeAliasType("Names", list[str])


@dataclasses.dataclass
class Box(Generic[T]):
    value: T
    start: dataclasses.InitVar[int] = 3
    tags: list[str] = dataclasses.field(default_factory=list, metadata={"description": "words"})
    made: bool = dataclasses.field(default=True, init=False)


@attrs.define
class Hidden:
    _secret: int
    parts: list[int] = attrs.field(factory=list)


class Row(msgspec.Struct, rename="camel", array_like=True, tag=True):
    my_x: int
    y: str = "a"


class Cat(msgspec.Struct, rename="camel", tag_field="kind", tag="cat"):
    my_x: int


class Dog(msgspec.Struct, tag_field="kind", tag="dog"):
    name: str


class Fixed(TypedDict, total=False):
    id: ReadOnly[int]


class Positive(msgspec.Struct):
    x: int

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x must not be below 0")


@pydantic.dataclasses.dataclass
class Checked:
    a: int = pydantic.Field(ge=3, description="three or more")


class Odd(enum.Enum):
    ORIGIN = (0, 0)
    FAR = (9, 9)


class Nobody(enum.Enum):
    pass


def _brief(value: object) -> str:
    """A name that is the same each time: a repr may have the address of a function."""
    return re.sub(" at 0x[0-9a-f]+", "", str(value))


def one_more(text: str) -> int:
    return int(text) + 1


class Perhaps(msgspec.Struct):
    note: str | msgspec.UnsetType = msgspec.UNSET


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (Box[int], '{"value": 3}', Box(3)),
        (Box[list[str]], '{"value": ["a"], "start": 1, "tags": ["b"]}', Box(["a"], 1, ["b"])),
        (Hidden, '{"secret": 1}', Hidden(1)),
        (Row, '["Row", 1]', Row(1)),
        (Cat | Dog, '{"kind": "cat", "myX": 1}', Cat(1)),
        (Fixed, "{}", {}),
        (Checked, '{"a": 3}', Checked(3)),
        (Annotated[int, pydantic.BeforeValidator(one_more)], '"2"', 3),
        (UserId, "3", 3),
        (Names, '["a"]', ["a"]),
        (dict[UserId, int], '{"1": 2}', {1: 2}),
        (dict[Literal["a", "b"], int], '{"a": 2}', {"a": 2}),
        (collections.deque[int], "[1]", collections.deque([1])),
        (tuple, '[1, "a"]', (1, "a")),
        (tuple[()], "[]", ()),
        (Perhaps, "{}", Perhaps()),
        (Perhaps, '{"note": "a"}', Perhaps("a")),
        (Path, '"notes/a.txt"', Path("notes/a.txt")),
        (IPv4Address, '"192.0.2.1"', IPv4Address("192.0.2.1")),
        (str | IPv6Address, '"2001:db8::1"', IPv6Address("2001:db8::1")),
        (Odd, '"FAR"', Odd.FAR),
        (int | float, "3.0", 3.0),
        (float | int, "3", 3),
        (str | datetime, '"2026-01-01T00:00:00Z"', datetime(2026, 1, 1, tzinfo=UTC)),
        (Annotated[time, msgspec.Meta(tz=True)], '"12:30:00Z"', time(12, 30, tzinfo=UTC)),
    ],
    ids=_brief,
)
def test_values_are_read(type_: Any, text: str, value: object) -> None:
    decoded = decoder_of(type_)(text)

    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("type_", "text", "said"),
    [
        (Cat | Dog, '{"kind": "cow"}', 'kind: expected one of "cat", "dog", got "cow"'),
        (Cat | Dog, "{}", "got nothing"),
        (Checked, '{"a": 2}', "a: Input should be greater than or equal to 3"),
        (list[Positive], '[{"x": 1}, {"x": -1}]', "[1]: x must not be below 0"),
        (Annotated[int | None, msgspec.Meta(ge=3)], "2", "must be at least 3, got 2"),
        (Annotated[int, annotated_types.Interval(ge=1, lt=4)], "4", "must be below 4"),
        (Annotated[str, annotated_types.Len(1, 2)], '"abc"', "must be at most 2 characters long"),
        (Annotated[float, msgspec.Meta(multiple_of=0.1)], "0.25", "a multiple of 0.1"),
        (Annotated[Any, msgspec.Meta(ge=3)], '"a"', "cannot be compared with its bounds"),
        (int | str, "[]", "expected a number or a string or an integer, got an array []"),
        (int | list[int], '["a"]', '[0]: expected an integer, got the string "a"'),
        (list[int], '"' + "a" * 99 + '"', "..."),
        (datetime, '"2026-01-01T00:00:00"', "expected a date and time with offset"),
        (bool, "1", "expected true or false, got the integer 1"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_with_its_place(type_: Any, text: str, said: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        decoder_of(type_)(text)

    assert said in refused.value.message


@pytest.mark.parametrize(
    ("type_", "schema"),
    [
        (Annotated[int, pydantic.Field(ge=3, description="n")], {"type": "integer", "minimum": 3, "description": "n"}),
        (Annotated[int, Doc("a number")], {"type": "integer", "description": "a number"}),
        (Annotated[int, "first", "second"], {"type": "integer", "description": "second"}),
        (
            Annotated[int, msgspec.Meta(extra_json_schema={"x": 1}, title="A")],
            {"type": "integer", "title": "A", "x": 1},
        ),
        (dict, {"type": "object", "additionalProperties": True}),
        (int | None | int, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (int | Any, {}),
    ],
    ids=str,
)
def test_schemas_say_what_annotations_say(type_: Any, schema: dict[str, Any]) -> None:
    assert schema_of(type_).json == schema


def test_the_branches_of_a_pydantic_union_are_told_apart_by_themselves() -> None:
    """What pydantic says of them besides refers to definitions that are not there."""

    class One(pydantic.BaseModel):
        kind: Literal["one"]

    class Two(pydantic.BaseModel):
        kind: Literal["two"]

    class Both(pydantic.BaseModel):
        either: Annotated[One | Two, pydantic.Field(discriminator="kind")]

    either = schema_of(Both).json["properties"]["either"]

    assert "discriminator" not in either
    assert [branch["properties"]["kind"]["const"] for branch in either["oneOf"]] == ["one", "two"]


def test_what_is_used_twice_is_defined_once() -> None:
    schema = schema_of(tuple[Dog, Dog, Cat]).json

    assert list(schema["$defs"]) == ["Dog"]
    assert schema["prefixItems"][0] == {"$ref": "#/$defs/Dog"}
    assert schema["prefixItems"][2]["type"] == "object"


def test_classes_of_the_same_name_are_told_apart() -> None:
    one = dataclasses.make_dataclass("Same", [("a", int)])
    other = dataclasses.make_dataclass("Same", [("b", int)])

    schema = schema_of(tuple[one, one, other, other]).json

    assert [list(part["properties"]) for part in schema["$defs"].values()] == [["a"], ["b"]]


def test_fields_of_a_class_are_described_and_have_their_defaults() -> None:
    properties = schema_of(Box[int]).json["properties"]

    assert properties == {
        "value": {"type": "integer"},
        "start": {"type": "integer", "default": 3},
        "tags": {"description": "words", "type": "array", "items": {"type": "string"}},
    }
    assert "default" not in schema_of(Hidden).json["properties"]["parts"]


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        (complex, "complex has no JSON form: use a dataclass"),
        (type[int], "has no JSON form"),
        (dict[float, int], "cannot have"),
        (set[list[int]], "cannot be kept in a set"),
        (Literal[b"a"], "has no JSON form"),
        (Nobody, "Grok refuses an empty enum"),
        (Annotated[str, pydantic.Field(pattern="[")], "is no regular expression"),
        ("Text", "is text that names nothing known"),
        (tuple[int, *tuple[str, ...]], "use two fields"),
        ([int], "a list is written list[int]"),
        ({"type": "object"}, "a value of the type dict is no type"),
    ],
    ids=str,
)
def test_types_without_a_json_form_are_refused(type_: Any, said: str) -> None:
    for make in (schema_of, decoder_of):
        with pytest.raises(ToolUnfit) as refused:
            make(type_)
        assert said in str(refused.value)


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        (Annotated[str, msgspec.Meta(pattern=r"\bgrok")], "the pattern has a word boundary"),
        (Annotated[str, msgspec.Meta(pattern="grok")], "Grok makes text that matches grok as a whole"),
        (Annotated[str, msgspec.Meta(max_length=5000)], "maxLength above 2048"),
        (Odd, "members of Odd are offered by name"),
        (dict[int, str], "propertyNames"),
    ],
    ids=str,
)
def test_what_grok_does_not_enforce_is_noted(type_: Any, said: str) -> None:
    assert any(said in note for note in schema_of(type_).notes)
