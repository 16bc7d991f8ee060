"""Bodies that do not fit are refused in the server's own words, with the place."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.testing.simulator.form import read_form
from grokkit.testing.simulator.position import end_of
from grokkit.testing.simulator.reading import read_as
from grokkit.testing.simulator.refusal import Refusal


class Item(msgspec.Struct, kw_only=True):
    """Something within."""

    kind: Literal["a", "b"] | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1


class Body(msgspec.Struct, kw_only=True):
    """Something to read."""

    name: str
    items: list[Item] = []
    ratio: float | None = None
    flag: bool = False
    extra: dict[str, Any] | None = None


def refused(value: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        read_as(value, json.dumps(value).encode(), Body)
    return caught.value.status, caught.value.body.decode()


@pytest.mark.parametrize(
    ("value", "status", "text"),
    [
        ({}, 422, "missing field `name` at line 1 column 2"),
        ({"name": None}, 422, "name: invalid type: null, expected a string at line 1 column 13"),
        ({"name": "x", "ratio": "y"}, 422, 'ratio: invalid type: string "y", expected f32'),
        ({"name": "x", "flag": 1}, 422, "flag: invalid type: integer `1`, expected a boolean"),
        ({"name": "x", "extra": []}, 422, "extra: invalid type: sequence, expected a map"),
        ({"name": "x", "items": {}}, 422, "items: invalid type: map, expected a sequence"),
        (
            {"name": "x", "items": [{}, {"kind": "c"}]},
            422,
            "items[1].kind: unknown variant `c`, expected one of `a`, `b`",
        ),
        ({"name": "x", "items": [{"count": 10}]}, 400, "Invalid value for `items[0].count`: must be <= 9"),
        (
            {"name": "x", "items": [{"count": 1.5}]},
            422,
            "items[0].count: invalid type: floating point `1.5`, expected i32",
        ),
    ],
)
def test_a_field_that_does_not_fit_is_named(value: Any, status: int, text: str) -> None:
    found = refused(value)

    assert found[0] == status
    assert text in found[1]


def test_a_body_that_fits_is_read() -> None:
    assert read_as({"name": "x", "items": [{"kind": "a"}], "unknown": 1}, b"", Body).items[0].kind == "a"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.sampled_from([None, 1]))
def test_the_position_is_the_end_of_the_value(value: Any, indent: int | None) -> None:
    text = json.dumps({"first": [1, {"x": "}]"}], "here": [0, value, 2]}, indent=indent)

    line, column = end_of(text.encode(), ["here", 1])

    lines = text.split("\n")
    upto = "\n".join([*lines[: line - 1], lines[line - 1][:column]])
    assert text.startswith(upto)
    assert upto.endswith(json.dumps(value, indent=indent)[-1])


@given(st.binary(max_size=40))
def test_a_position_is_found_in_anything(content: bytes) -> None:
    line, column = end_of(content, ["a", 0])

    assert line >= 1
    assert column >= 0


def form(*parts: tuple[str, bytes, str | None]) -> bytes:
    pieces = []
    for name, data, filename in parts:
        file = f'; filename="{filename}"' if filename else ""
        head = f'--B\r\ncontent-disposition: form-data; name="{name}"{file}\r\n\r\n'
        pieces.append(head.encode() + data + b"\r\n")
    return b"".join(pieces) + b"--B--\r\n"


@given(st.binary(max_size=200).filter(lambda data: b"--B" not in data))
def test_the_parts_of_a_form_come_in_their_order(data: bytes) -> None:
    parts = read_form(
        form(("expires_after", b"3600", None), ("file", data, "a.bin")), "multipart/form-data; boundary=B"
    )

    assert [(part.name, part.filename) for part in parts] == [("expires_after", None), ("file", "a.bin")]
    assert parts[0].text == "3600"
    assert parts[1].data == data


def test_what_is_no_form_is_a_415() -> None:
    with pytest.raises(Refusal) as caught:
        read_form(b"{}", "application/json")

    assert caught.value.status == 415


def test_a_broken_form_is_a_400() -> None:
    with pytest.raises(Refusal) as caught:
        read_form(b"nothing like a form", "multipart/form-data; boundary=B")

    assert caught.value.status == 400
