"""Values that arrive in pieces: what is certain at each moment, with its type."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from time import process_time
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit import Partial
from grokkit.resources.typed import Form, plain
from grokkit.resources.typed.form import HELD
from grokkit.resources.typed.growth import Growth


@dataclass
class Line:
    what: str
    cents: Annotated[int, msgspec.Meta(ge=0)]


@dataclass
class Receipt:
    shop: str
    day: date
    lines: list[Line]
    paid: Literal["cash", "card"] = "cash"
    extra: dict[str, list[int]] = field(default_factory=dict)


class Note(TypedDict):
    kind: Literal["note"]
    text: str


class Event(TypedDict):
    kind: Literal["event"]
    day: date


class Model(pydantic.BaseModel):
    shop: str = pydantic.Field(alias="Shop")
    lines: list[Line]


def growing(kind: Any, text: str, *, piece: int = 1) -> list[Any]:
    """What is certain after each piece of a text, where there is more than before."""
    form: Form[Any] = Form(kind)
    growth = Growth(form.inner if form.wrapped else form.shape, HELD if form.wrapped else None)
    pieces = [text[start : start + piece] for start in range(0, len(text), piece)]
    return [plain(growth.view()) for each in pieces if growth.feed(each)]


def last(kind: Any, text: str) -> Any:
    return growing(kind, text)[-1]


def test_whole_parts_have_their_types_and_text_grows() -> None:
    assert last(Receipt, '{"shop": "Cor') == {"shop": "Cor"}
    assert last(Receipt, '{"shop": "Corner", "day": "2026-11-0') == {"shop": "Corner"}
    assert last(Receipt, '{"day": "2026-11-02", "paid": "ca') == {"day": date(2026, 11, 2)}
    assert last(Receipt, '{"lines": [{"what": "Milk", "cents": 12') == {"lines": [{"what": "Milk"}]}
    assert last(Receipt, '{"lines": [{"what": "Milk", "cents": 12}, {"wh') == {"lines": [Line("Milk", 12), {}]}
    assert last(Receipt, '{"extra": {"a": [1], "b": [2, 3') == {"extra": {"a": [1], "b": [2]}}


def test_what_does_not_fit_is_held_back_and_what_comes_after_it_in_a_list() -> None:
    text = (
        '{"paid": "never", "lines": [{"what": "a", "cents": 1}, {"what": "b", "cents": -1}, {"what": "c", "cents": 3}'
    )

    assert last(Receipt, text) == {"lines": [Line("a", 1)]}


def test_of_a_union_the_branch_is_known_by_its_tag() -> None:
    assert last(Note | Event, '{"value": {"kind": "event", "day": "2026-11-02"') == {
        "kind": "event",
        "day": date(2026, 11, 2),
    }
    assert last(list[Note | Event], '{"value": [{"kind": "note", "text": "Hel') == [{"kind": "note", "text": "Hel"}]


def test_of_a_union_the_branch_is_known_by_its_fields() -> None:
    @dataclass
    class Point:
        at: date

    @dataclass
    class Span:
        begin: date

    assert last(Point | Span, '{"value": {"begin": "2026-11-02"') == {"begin": date(2026, 11, 2)}


def test_fields_have_the_names_that_python_gives_them() -> None:
    class Renamed(msgspec.Struct, rename="camel", tag=True):
        feels_like: int

    form = Form(Renamed)
    growth = Growth(form.shape)
    growth.feed('{"type": "Renamed", "feelsLike": 3}')
    partial = growth.view()

    assert partial is not None
    assert partial.feels_like == 3


def test_models_of_pydantic_are_seen_into() -> None:
    assert last(Model, '{"Shop": "Cor') == {"shop": "Cor"}
    assert last(Model, '{"Shop": "Corner", "lines": [{"what": "a", "cents": 1}, {"what": "b"') == {
        "shop": "Corner",
        "lines": [Line("a", 1), {"what": "b"}],
    }


class Aliased(pydantic.BaseModel):
    cents: int = pydantic.Field(ge=0, validation_alias="inCents")
    code: Annotated[str, pydantic.StringConstraints(pattern="^x")] = "x"
    city: str = pydantic.Field(validation_alias=pydantic.AliasChoices("town", "city"), default="")


def test_fields_of_pydantic_have_their_names_and_keep_their_bounds() -> None:
    assert last(Aliased, '{"inCents": 3, "code": "x1", "town": "Os') == {"cents": 3, "code": "x1", "city": "Os"}
    assert last(Aliased, '{"inCents": -3, "code": "y", "town": "Os') == {"city": "Os"}


def test_what_is_not_known_is_shown_as_it_comes() -> None:
    assert last(Any, '{"value": {"a": [1, {"b": "c') == {"a": [1, {"b": "c"}]}


def test_what_is_no_json_ends_the_growth() -> None:
    growth = Growth(Form(Receipt).shape)

    assert growth.feed('{"shop": "Corner", nonsense')
    assert not growth.feed(' "day": "2026-11-02"}')
    assert growth.view() == Partial({"shop": "Corner"})


def test_an_earlier_partial_stays_as_it_was() -> None:
    growth = Growth(Form(list[int]).inner)
    growth.feed("[1, 2, ")
    before = growth.view()
    growth.feed("3, 4]")

    assert plain(before) == [1, 2]
    assert plain(growth.view()) == [1, 2, 3, 4]


class TestPartial:
    RECEIPT = Partial[Receipt]({"shop": "Cor", "lines": Partial({})}, names=("shop", "day", "lines"))

    def test_what_has_not_come_is_none(self) -> None:
        assert self.RECEIPT.day is None
        assert self.RECEIPT["day"] is None
        assert "day" not in self.RECEIPT
        assert list(self.RECEIPT) == ["shop", "lines"]

    def test_what_will_not_come_is_an_error_with_the_nearest_name(self) -> None:
        with pytest.raises(AttributeError, match="did you mean lines"):
            _ = self.RECEIPT.line
        with pytest.raises(KeyError):
            self.RECEIPT["line"]

    def test_a_list_is_found_by_index_and_iterated(self) -> None:
        growth = Growth(Form(list[int]).inner)
        growth.feed("[1, 2, 3, ")
        partial = growth.view()

        assert partial is not None
        assert (len(partial), partial[0], partial[-1], partial[1:], list(partial)) == (3, 1, 3, [2, 3], [1, 2, 3])
        assert 2 in partial
        with pytest.raises(IndexError):
            partial[3]
        with pytest.raises(TypeError):
            partial["a"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(value=st.dictionaries(st.text(max_size=4), JSON, max_size=4), piece=st.integers(1, 7), ascii=st.booleans())
def test_however_a_value_is_cut_it_is_itself_in_the_end(value: dict[str, object], piece: int, ascii: bool) -> None:  # noqa: A002
    seen = growing(dict[str, Any], json.dumps(value, ensure_ascii=ascii), piece=piece)

    assert seen[-1] == value


LINES = st.lists(st.builds(Line, what=st.text(max_size=5), cents=st.integers(0, 999)), max_size=5)
RECEIPTS = st.builds(
    Receipt, shop=st.text(max_size=9), day=st.dates(), lines=LINES, paid=st.sampled_from(["cash", "card"])
)


@given(receipt=RECEIPTS, piece=st.integers(1, 9))
def test_a_part_that_is_whole_never_changes_again(receipt: Receipt, piece: int) -> None:
    text = msgspec.json.encode(receipt).decode()

    seen = growing(Receipt, text, piece=piece)

    whole = {name: getattr(receipt, name) for name in ("shop", "day", "lines", "paid", "extra")}
    assert seen[-1] == whole
    for partial in seen:
        assert receipt.shop.startswith(partial.get("shop", ""))
        assert partial.get("day", receipt.day) == receipt.day
        assert partial.get("paid", receipt.paid) == receipt.paid
        lines = partial.get("lines", [])
        assert all(line == receipt.lines[place] for place, line in enumerate(lines) if isinstance(line, Line))
        assert all(isinstance(line, Line) for line in lines[:-1])


class Tags(TypedDict):
    tags: set[str]
    either: str | list[int]


@pytest.mark.parametrize("piece", [1, 3, 50])
def test_items_of_a_set_are_handed_out_once_each_in_the_order_in_which_they_came(piece: int) -> None:
    text = json.dumps({"tags": [f"tag {number}" for number in range(20)], "either": "abc"})
    growth = Growth(Form(Tags).shape)
    given: list[str] = []
    for start in range(0, len(text), piece):
        growth.feed(text[start : start + piece])
        given += growth.items("tags")[len(given) :]

    assert given == [f"tag {number}" for number in range(20)]
    assert growth.items("either") == ()  # it might have been a list, and is text


@pytest.mark.parametrize(
    "text", ['{"tags": ["a"], "either": [1], "tags": ["b", "c"]}', '{"either": "a", "either": [[]]}']
)
def test_a_key_that_comes_twice_does_no_harm(text: str) -> None:
    assert all(isinstance(each, dict) for each in growing(Tags, text))


def test_keys_of_a_dictionary_are_what_they_will_be() -> None:
    assert last(dict[int, list[str]], '{"1": ["a"], "2": ["b", "c') == {1: ["a"], 2: ["b", "c"]}


def test_two_names_for_one_key_leave_an_earlier_partial_as_it_was() -> None:
    growth = Growth(Form(dict[datetime, int]).shape)
    growth.feed('{"2026-01-01T00:00:00Z": 1, ')
    earlier = growth.view()
    growth.feed('"2026-01-01T01:00:00+01:00": 2, ')

    assert earlier is not None
    assert earlier[datetime(2026, 1, 1, tzinfo=UTC)] == 1
    assert plain(growth.view()) == {datetime(2026, 1, 1, tzinfo=UTC): 2}


@pytest.mark.parametrize("kind", [dict[str, Line], list[Line], list[dict[str, int]]])
def test_a_piece_costs_the_same_however_much_was_there_before(kind: Any) -> None:
    """A copy of what is there, for each piece, would cost some ten times more at the end."""
    few, many = (min(_seconds_an_item(kind, count) for _ in range(3)) for count in (200, 8_000))

    assert many < few * 4


def _seconds_an_item(kind: Any, count: int) -> float:
    items = [{"what": "milk", "cents": 5} if kind != list[dict[str, int]] else {"a": 1} for _ in range(count)]
    keyed = {f"key {number}": item for number, item in enumerate(items)}
    text = json.dumps(keyed if kind == dict[str, Line] else items)
    form: Form[Any] = Form(kind)
    growth = Growth(form.inner)
    began = process_time()
    for start in range(0, len(text), 8):
        if growth.feed(text[start : start + 8]):
            growth.view()
    return (process_time() - began) / count
