"""Values of any type fit its schema and come back; what is changed is refused by schema and decoder, or by neither."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import enum
import keyword
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, Required, TypedDict
from uuid import UUID

import attrs
import jsonschema_rs
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grokkit.tools import ArgumentsRefused, ValueRefused, decoder_of, schema_of, tool


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Kind(NamedTuple):
    """A type, and values of it."""

    type: Any
    values: st.SearchStrategy[Any]


MOMENTS = st.datetimes(timezones=st.just(UTC)).filter(lambda moment: moment.year > 999)
LEAVES = [
    Kind(str, st.text(st.characters(codec="utf-8"), max_size=8)),
    Kind(int, st.integers(-(2**63), 2**64 - 1)),
    Kind(float, st.floats(allow_nan=False, allow_infinity=False)),
    Kind(bool, st.booleans()),
    Kind(None, st.none()),
    Kind(Literal["a", 1, True] | None, st.sampled_from(["a", 1, True, None])),
    Kind(Colour, st.sampled_from(Colour)),
    Kind(Size, st.sampled_from(Size)),
    Kind(date, st.dates(date(1000, 1, 1))),
    Kind(datetime, MOMENTS),
    Kind(time, st.times()),
    Kind(timedelta, st.timedeltas(timedelta(-9999), timedelta(9999))),
    Kind(UUID, st.uuids()),
    Kind(Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    Kind(bytes, st.binary(max_size=8)),
    Kind(Annotated[int, msgspec.Meta(ge=0, lt=3)], st.integers(0, 2)),
    Kind(Annotated[float, msgspec.Meta(gt=-1, le=1)], st.floats(-0.99, 1)),
    Kind(Annotated[str, msgspec.Meta(min_length=1, max_length=3)], st.text("ab1", min_size=1, max_size=3)),
    Kind(Annotated[str, msgspec.Meta(pattern="^[a-c]+$")], st.text("abc", min_size=1, max_size=3)),
    Kind(Annotated[list[int], msgspec.Meta(min_length=1, max_length=2)], st.lists(st.just(1), min_size=1, max_size=2)),
]
NAMES = st.from_regex("[a-z][a-z_]{0,5}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))


def _hashable(kind: Kind) -> bool:
    return kind in LEAVES[:-1]


def _optional(kind: Kind) -> Kind:
    return Kind(kind.type and kind.type | None, st.none() | kind.values)


def _list(kind: Kind) -> Kind:
    return Kind(list[kind.type], st.lists(kind.values, max_size=3))


def _dict(kind: Kind) -> Kind:
    return Kind(dict[str, kind.type], st.dictionaries(LEAVES[0].values, kind.values, max_size=3))


def _dict_by_number(kind: Kind) -> Kind:
    return Kind(dict[int, kind.type], st.dictionaries(st.integers(-99, 99), kind.values, max_size=3))


def _tuple(kind: Kind) -> Kind:
    return Kind(tuple[kind.type, ...], st.lists(kind.values, max_size=3).map(tuple))


def _pair(kind: Kind) -> Kind:
    return Kind(tuple[kind.type, int], st.tuples(kind.values, LEAVES[1].values))


def _set(kind: Kind) -> Kind:
    if not _hashable(kind):
        return _list(kind)
    return Kind(frozenset[kind.type], st.frozensets(kind.values, max_size=3))


def _dataclass(fields: dict[str, Kind]) -> Kind:
    made = dataclasses.make_dataclass("Data", [(name, kind.type) for name, kind in fields.items()])
    return Kind(made, st.builds(made, **{name: kind.values for name, kind in fields.items()}))


def _attrs(fields: dict[str, Kind]) -> Kind:
    made = attrs.make_class("Attrs", {name: attrs.field(type=kind.type) for name, kind in fields.items()})
    return Kind(made, st.builds(made, **{name: kind.values for name, kind in fields.items()}))


def _struct(fields: dict[str, Kind]) -> Kind:
    made = msgspec.defstruct("Struct", [(name, kind.type) for name, kind in fields.items()], tag="this")
    return Kind(made, st.builds(made, **{name: kind.values for name, kind in fields.items()}))


def _typed_dict(fields: dict[str, Kind]) -> Kind:
    first = next(iter(fields))
    marked = {name: (Required if name == first else NotRequired)[kind.type] for name, kind in fields.items()}
    made = TypedDict("Typed", marked)
    others = {name: kind.values for name, kind in fields.items() if name != first}
    return Kind(made, st.fixed_dictionaries({first: fields[first].values}, optional=others))


def _named_tuple(fields: dict[str, Kind]) -> Kind:
    made = NamedTuple("Named", [(name, kind.type) for name, kind in fields.items()])
    return Kind(made, st.builds(made, **{name: kind.values for name, kind in fields.items()}))


def _union(kinds: tuple[Kind, Kind]) -> Kind:
    one, other = kinds
    return Kind(one.type | list[other.type], one.values | st.lists(other.values, max_size=2))


def _deeper(kinds: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    single = st.sampled_from([_optional, _list, _dict, _dict_by_number, _tuple, _pair, _set])
    record = st.sampled_from([_dataclass, _attrs, _struct, _typed_dict, _named_tuple])
    objects = st.sampled_from([kind for kind in LEAVES if kind.type in {str, int, bool, date, Colour}])
    return (
        st.builds(lambda make, kind: make(kind), single, kinds)
        | st.builds(lambda make, fields: make(fields), record, st.dictionaries(NAMES, kinds, min_size=1, max_size=3))
        | st.tuples(objects, kinds).map(_union)
    )


KINDS = st.recursive(st.sampled_from(LEAVES), _deeper, max_leaves=5)
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text("a1-:TZ=", max_size=4)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2))


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


def _mutated(data: st.DataObject, value: Any) -> Any:
    """The value with one thing replaced, removed or added somewhere."""
    path = data.draw(st.sampled_from(_places(value)))
    whole = copy.deepcopy([value])
    parent, key = whole, 0
    for step in path:
        parent, key = parent[key], step
    what = data.draw(st.sampled_from(["replace", "remove", "add"]))
    held = parent[key]
    if what == "remove" and path:
        del parent[key]
    elif what == "add" and isinstance(held, dict):
        held[data.draw(NAMES)] = data.draw(JSON)
    elif what == "add" and isinstance(held, list):
        held.append(data.draw(JSON))
    else:
        parent[key] = data.draw(JSON)
    return whole[0] if whole else None


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_value_fits_the_schema_of_its_type_and_comes_back_equal(data: st.DataObject) -> None:
    kind = data.draw(KINDS)
    value = data.draw(kind.values)
    text = msgspec.json.encode(value)

    decoded = decoder_of(kind.type)(text)

    jsonschema_rs.validator_for(schema_of(kind.type).json, validate_formats=True).validate(msgspec.json.decode(text))
    assert decoded == value
    assert type(decoded) is type(value)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_changed_value_is_refused_by_schema_and_decoder_or_by_neither(data: st.DataObject) -> None:
    kind = data.draw(KINDS)
    given = _mutated(data, msgspec.json.decode(msgspec.json.encode(data.draw(kind.values))))
    validator = jsonschema_rs.validator_for(schema_of(kind.type).json, validate_formats=True)

    assert _is_decoded(kind.type, given) is validator.is_valid(given)


def _is_decoded(type_: Any, value: Any) -> bool:
    try:
        decoder_of(type_)(msgspec.json.encode(value))
    except ValueRefused:
        return False
    return True


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_arguments_are_decoded_or_refused_and_nothing_else_happens(data: st.DataObject) -> None:
    kind = data.draw(KINDS)

    def of_one(value: kind.type, other: int = 1) -> None: ...

    of_one.__annotations__["value"] = kind.type
    made = tool(of_one)
    text = data.draw(st.text() | JSON.map(lambda value: msgspec.json.encode(value).decode()))
    wrapped = data.draw(st.sampled_from(["{}", '{{"value": {}}}', '{{"value": {}, "other": 2}}']))

    with contextlib.suppress(ArgumentsRefused):
        assert isinstance(made.decode(wrapped.format(text) if wrapped != "{}" else text), dict)
