"""What a type is to the model: the fields of a request, and the value in a text."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import attrs
import msgspec
import pydantic
import pytest

from grokkit.errors import Misused
from grokkit.resources.typed import Form, form_of
from grokkit.testing.simulator.schema_rules import unfit
from grokkit.tools import ToolUnfit, ValueRefused


class Unit(enum.Enum):
    KELVIN = "K"
    CELSIUS = "C"


@dataclass
class AsDataclass:
    city: str
    day: date
    unit: Unit = Unit.KELVIN


class AsTypedDict(TypedDict):
    city: str
    degrees: float


class AsStruct(msgspec.Struct, tag="forecast", rename="camel"):
    feels_like: int


@attrs.define
class AsAttrs:
    city: str


class AsModel(pydantic.BaseModel):
    city: str
    days: list[int]


class AsTuple(NamedTuple):
    city: str
    days: int


CASES: list[tuple[Any, str, object]] = [
    (AsDataclass, '{"city": "Oslo", "day": "2026-11-02"}', AsDataclass("Oslo", date(2026, 11, 2))),
    (AsTypedDict, '{"city": "Oslo", "degrees": 3}', {"city": "Oslo", "degrees": 3.0}),
    (AsStruct, '{"type": "forecast", "feelsLike": 3}', AsStruct(3)),
    (AsAttrs, '{"city": "Oslo"}', AsAttrs("Oslo")),
    (AsModel, '{"city": "Oslo", "days": [1]}', AsModel(city="Oslo", days=[1])),
    (AsTuple, '{"value": ["Oslo", 3]}', AsTuple("Oslo", 3)),
    (Unit, '{"value": "C"}', Unit.CELSIUS),
    (Literal["hot", "cold"], '{"value": "cold"}', "cold"),
    (int, '{"value": 3}', 3),
    (str, '{"value": "three"}', "three"),
    (date | None, '{"value": null}', None),
    (list[AsAttrs], '{"value": [{"city": "Oslo"}]}', [AsAttrs("Oslo")]),
    (AsAttrs | AsTypedDict, '{"value": {"city": "Oslo", "degrees": 3}}', {"city": "Oslo", "degrees": 3.0}),
    (dict[str, int], '{"oslo": 3}', {"oslo": 3}),
    (Annotated[int, msgspec.Meta(ge=0, le=10)], '{"value": 10}', 10),
]


@pytest.mark.parametrize(("kind", "text", "value"), CASES, ids=lambda case: str(case)[:40])
def test_a_value_of_every_kind_is_read_and_its_schema_is_one_that_grok_takes(
    kind: Any, text: str, value: object
) -> None:
    form: Form[Any] = Form(kind)

    assert form.read(text) == value
    assert form.schema.json["type"] == "object"
    assert unfit(form.schema.json) is None


def test_both_dialects_are_asked_for_the_same_schema_strictly() -> None:
    form = Form(AsAttrs)

    responses, chat = form.fields("responses"), form.fields("chat")

    described = {"name": "AsAttrs", "schema": form.schema.json, "strict": True}
    assert responses == {"text": {"format": {"type": "json_schema", **described}}}
    assert chat == {"response_format": {"type": "json_schema", "json_schema": described}}


@pytest.mark.parametrize("kind", [list[int], int | str, Literal["a"], dict[str, int]])
def test_what_has_no_name_is_an_answer(kind: Any) -> None:
    assert Form(kind).name == "answer"


def test_what_is_no_object_may_come_without_its_wrapper() -> None:
    assert Form(list[int]).read("[1, 2]") == [1, 2]
    assert Form(int | str).read("3") == 3


def test_a_class_with_a_field_named_as_the_wrapper_is_itself() -> None:
    @dataclass
    class Amount:
        value: int

    assert Form(Amount).read('{"value": 3}') == Amount(3)
    assert Form(Amount | None).read('{"value": {"value": 3}}') == Amount(3)
    assert Form(Amount | None).read('{"value": null}') is None


def test_all_faults_are_told_with_their_places() -> None:
    with pytest.raises(ValueRefused) as caught:
        Form(list[AsTypedDict]).read('{"value": [{"city": 3, "degrees": "hot"}]}')

    assert [str(fault) for fault in caught.value.faults] == [
        "value[0].city: expected a string, got the integer 3",
        'value[0].degrees: expected a number, got the string "hot"',
    ]


def test_bounds_that_the_server_does_not_keep_are_kept_here() -> None:
    form: Form[Any] = Form(Annotated[list[int], msgspec.Meta(max_length=300)])

    assert "maxItems" in form.schema.notes[0]
    with pytest.raises(ValueRefused, match="at most 300 items"):
        form.read(str(list(range(301))))


def test_a_complaint_repeats_the_schema_only_where_there_was_no_json() -> None:
    form = Form(AsAttrs)

    def complaint(text: str) -> str:
        with pytest.raises(ValueRefused) as caught:
            form.read(text)
        return form.complaint(caught.value)

    assert "JSON Schema" in complaint("Sorry, what?")
    assert "JSON Schema" in complaint("  ")
    assert "JSON Schema" not in complaint('{"city": 3}')
    assert "city: expected a string" in complaint('{"city": 3}')


def test_a_type_without_a_json_form_is_refused_with_what_to_use() -> None:
    with pytest.raises(ToolUnfit, match="an answer cannot be object_without_fields") as caught:
        Form(type("object_without_fields", (), {}))

    assert caught.value.param == "into"


def test_a_form_is_made_once() -> None:
    assert form_of(AsAttrs) is form_of(AsAttrs)
    assert form_of(list[AsAttrs]) is form_of(list[AsAttrs])


def test_types_that_cannot_be_kept_have_forms_too() -> None:
    kind: Any = Annotated[int, ["no", "hash"]]

    assert form_of(kind).read('{"value": 1}') == 1


class TestListField:
    def test_it_is_the_value_itself_or_its_only_list(self) -> None:
        assert Form(list[int]).list_field(None) is None
        assert Form(AsModel).list_field(None) == "days"
        assert Form(AsModel).list_field("days") == "days"

    def test_where_there_is_none_or_no_such_one_the_lists_are_told(self) -> None:
        with pytest.raises(Misused, match="AsAttrs has no list whose items"):
            Form(AsAttrs).list_field(None)
        with pytest.raises(Misused, match="AsModel has no list city") as caught:
            Form(AsModel).list_field("city")
        assert caught.value.hint == "its lists are days"
