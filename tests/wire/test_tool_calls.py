"""Pieces of tool calls find their call, in whichever way a server names it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.wire.chat import ChatToolCall, FunctionCall
from grokkit.wire.events import ToolCall
from grokkit.wire.tool_calls import ToolCallAssembler

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("weather", "search", "run")

Draw: TypeAlias = "Callable[[st.SearchStrategy[Any]], Any]"

keys = st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=3)
values = st.recursive(
    st.integers() | st.text(max_size=4) | st.sampled_from(["{", "}", '"', "{}", "[{}]"]),
    lambda inner: st.dictionaries(keys, inner, max_size=2) | st.lists(inner, max_size=2),
    max_leaves=4,
)
arguments = st.dictionaries(keys, values, max_size=3).map(json.dumps)


@st.composite
def calls(draw: st.DrawFn) -> list[ToolCall]:
    texts = draw(st.lists(arguments, min_size=1, max_size=4))
    return [
        ToolCall(id=f"call_{place}", name=draw(st.sampled_from(NAMES)), arguments=t) for place, t in enumerate(texts)
    ]


def cut(draw: Draw, text: str) -> list[str]:
    """The text in pieces; the first may be empty, as an announcement is."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def piece(text: str, name: str | None = None, **known: Any) -> ChatToolCall:
    return ChatToolCall(function=FunctionCall(name=name, arguments=text), **known)


def mixed(draw: Draw, rows: list[list[ChatToolCall]]) -> list[ChatToolCall]:
    """All pieces in some order that keeps the order of each call's own; calls begin in their order."""
    left = [list(row) for row in rows]
    begun, found = 0, []
    while any(left):
        open_rows = [row for row in left[: begun + 1] if row]
        row = draw(st.sampled_from(open_rows)) if open_rows else left[begun]
        begun += row is left[begun] if begun < len(left) else 0
        found.append(row.pop(0))
        begun = min(begun, len(left) - 1)
    return found


def assembled(pieces: list[ChatToolCall]) -> list[ToolCall]:
    assembler = ToolCallAssembler()
    for each in pieces:
        assembler.add(each)
    return assembler.done()


def unnamed(called: list[ToolCall]) -> list[tuple[str, str]]:
    return [(call.name, call.arguments) for call in called]


@given(st.data(), calls())
def test_calls_told_apart_by_index_alone(data: st.DataObject, wanted: list[ToolCall]) -> None:
    rows = []
    for index, call in enumerate(wanted):
        first, *rest = cut(data.draw, call.arguments)
        rows.append([piece(first, call.name, index=index), *(piece(text, index=index) for text in rest)])

    pieces = mixed(data.draw, rows)

    assert assembled(pieces) == wanted


@given(st.data(), calls())
def test_calls_told_apart_by_index_may_begin_in_any_order(data: st.DataObject, wanted: list[ToolCall]) -> None:
    pieces = [piece(call.arguments, call.name, index=place, id=call.id) for place, call in enumerate(wanted)]

    assert assembled(data.draw(st.permutations(pieces))) == wanted


@given(st.data(), calls(), st.booleans())
def test_calls_told_apart_by_id_alone(data: st.DataObject, wanted: list[ToolCall], names_repeat: bool) -> None:
    rows = [
        [
            piece(text, call.name if not place or names_repeat else None, id=call.id)
            for place, text in enumerate(cut(data.draw, call.arguments))
        ]
        for call in wanted
    ]

    pieces = mixed(data.draw, rows)

    assert assembled(pieces) == wanted


@given(st.data(), calls())
def test_calls_of_one_index_told_apart_by_their_ids(data: st.DataObject, wanted: list[ToolCall]) -> None:
    rows = [
        [
            piece(text, None if place else call.name, id=call.id, index=0)
            for place, text in enumerate(cut(data.draw, call.arguments))
        ]
        for call in wanted
    ]

    pieces = mixed(data.draw, rows)

    assert assembled(pieces) == wanted


@given(st.data(), calls(), st.booleans())
def test_calls_of_one_index_that_name_their_id_once_come_one_after_another(
    data: st.DataObject, wanted: list[ToolCall], with_index: bool
) -> None:
    index: dict[str, Any] = {"index": 0} if with_index else {}
    pieces = []
    for call in wanted:
        first, *rest = cut(data.draw, call.arguments)
        pieces += [piece(first, call.name, id=call.id, **index), *(piece(text, **index) for text in rest)]

    assert assembled(pieces) == wanted


@given(st.data(), calls())
def test_calls_told_apart_by_nothing_come_one_after_another(data: st.DataObject, wanted: list[ToolCall]) -> None:
    pieces = []
    for call in wanted:
        first, *rest = cut(data.draw, call.arguments)
        pieces += [piece(first, call.name), *(piece(text) for text in rest)]

    assert unnamed(assembled(pieces)) == unnamed(wanted)


@given(calls(), st.sampled_from(["index", "id", "both", "index 0", "nothing"]))
def test_calls_that_come_whole(wanted: list[ToolCall], named_by: str) -> None:
    ways: dict[str, Any] = {
        "index": lambda place, _: {"index": place},
        "id": lambda _, call: {"id": call.id},
        "both": lambda place, call: {"index": place, "id": call.id},
        "index 0": lambda _, call: {"index": 0, "id": call.id},
        "nothing": lambda _, __: {},
    }

    pieces = [piece(call.arguments, call.name, **ways[named_by](place, call)) for place, call in enumerate(wanted)]

    assert assembled(pieces) == wanted


def test_a_new_id_in_every_piece_of_one_index_is_one_call() -> None:
    pieces = [piece('{"a"', "f", index=0, id="x1"), piece(":1", index=0, id="x2"), piece("}", index=0, id="x3")]

    assert assembled(pieces) == [ToolCall(id="x1", name="f", arguments='{"a":1}')]


def test_an_id_that_comes_late_is_the_call_s() -> None:
    assert assembled([piece("{", "f", index=0), piece("}", index=0, id="c")]) == [
        ToolCall(id="c", name="f", arguments="{}")
    ]


def test_a_name_repeated_with_an_empty_last_piece_begins_no_call() -> None:
    assert len(assembled([piece("{}", "f", index=0, id="c"), piece("", "f", index=0)])) == 1


def test_one_id_given_to_two_calls_is_told_apart_by_index() -> None:
    pieces = [
        piece("{", "f", index=0, id="c"),
        piece("{", "f", index=1, id="c"),
        piece("}", index=0),
        piece("}", index=1),
    ]

    assert unnamed(assembled(pieces)) == [("f", "{}"), ("f", "{}")]


@pytest.mark.parametrize(("given_arguments", "text"), [(None, ""), ({"a": 1}, '{"a":1}'), ("{", "{")])
def test_arguments_are_text_whatever_they_came_as(given_arguments: Any, text: str) -> None:
    call = ChatToolCall(id="c", function=FunctionCall(name="f", arguments=given_arguments))

    assert assembled([call])[0].arguments == text


def test_what_else_is_said_of_a_call_is_in_its_raw_form() -> None:
    assembler = ToolCallAssembler()

    assembler.add(piece("{", "f", id="c"), {"type": "custom", "x": "a", "function": {"y": [1]}})
    assembler.add(piece("}"), {"type": "custom", "x": "b", "function": {"y": [2]}})

    function = {"name": "f", "arguments": "{}", "y": [1, 2]}
    assert assembler.raw() == [{"id": "c", "function": function, "type": "custom", "x": "ab"}]
