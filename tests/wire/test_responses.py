"""The items of a response: typed by their type, with what is unknown in `extra`."""

from __future__ import annotations

from typing import Any

import pytest

from grokkit.wire.reading import Reader
from grokkit.wire.responses import (
    ITEMS,
    CompactedResponse,
    CustomToolCall,
    InputItems,
    MessageItem,
    ReasoningItem,
    Response,
    UnknownItem,
    WebSearchCall,
    read_item,
)


@pytest.mark.parametrize("kind", sorted(ITEMS))
def test_each_known_type_has_its_struct_and_keeps_what_it_does_not_know(kind: str) -> None:
    item = read_item({"type": kind, "id": "x_1", "status": "completed", "new": {"a": 1}, "extra": 2})

    assert type(item) is ITEMS[kind].kind
    assert (item.type, item.id, item.status) == (kind, "x_1", "completed")
    assert item.extra == {"new": {"a": 1}, "extra": 2}


def test_an_item_of_an_unknown_type_is_whole_in_extra() -> None:
    item = read_item({"type": "hologram", "id": "h_1", "depth": 3})

    assert isinstance(item, UnknownItem)
    assert (item.type, item.id, item.extra) == ("hologram", "h_1", {"depth": 3})


@pytest.mark.parametrize("kind", [None, 5, ["message"], {}])
@pytest.mark.filterwarnings("ignore::grokkit.wire.strays.SchemaStrayed")
def test_an_item_whose_type_is_no_text_is_unknown(kind: Any) -> None:
    assert isinstance(read_item({"type": kind, "id": "x"}), UnknownItem)


def test_x_search_is_a_custom_tool_call() -> None:
    item = read_item({"type": "custom_tool_call", "name": "x_keyword_search", "input": "{}", "call_id": "xs_call_1"})

    assert isinstance(item, CustomToolCall)
    assert (item.name, item.input, item.call_id) == ("x_keyword_search", "{}", "xs_call_1")


def test_a_web_search_of_2025_has_arguments_in_place_of_an_action() -> None:
    item = read_item({"type": "web_search_call", "arguments": '{"query":"xAI"}', "call_id": "", "name": "web_search"})

    assert isinstance(item, WebSearchCall)
    assert (item.action, item.arguments) == (None, '{"query":"xAI"}')


def test_the_text_of_a_message_is_that_of_its_text_parts() -> None:
    parts = [{"type": "output_text", "text": "Hi"}, {"type": "refusal", "refusal": "no"}, {"type": "output_text"}]

    item = read_item({"type": "message", "content": parts})

    assert isinstance(item, MessageItem)
    assert item.text == "Hi"


def test_the_text_of_reasoning_is_its_paragraphs() -> None:
    summary = [{"type": "summary_text", "text": "In short"}]
    content = [{"type": "reasoning_text", "text": text} for text in ("So", "", "then")]

    item = read_item({"type": "reasoning", "summary": summary, "content": content})

    assert isinstance(item, ReasoningItem)
    assert item.text == "So\n\nthen\n\nIn short"


def test_the_items_of_a_response_are_its_output_typed() -> None:
    output = [{"type": "reasoning", "summary": []}, {"type": "message", "content": []}]

    found = Reader(Response).convert({"output": output})

    assert [type(item) for item in found.items] == [ReasoningItem, MessageItem]
    assert found.output == output


def test_two_items_share_nothing() -> None:
    one, two = (read_item({"type": "message"}) for _ in range(2))

    one.extra["x"] = 1

    assert two.extra == {}


def test_pages_and_compactions_keep_what_they_do_not_know() -> None:
    page = Reader(InputItems).read(b'{"object":"list","data":[{"id":"a"}],"has_more":true,"new":1}')
    compacted = Reader(CompactedResponse).read(b'{"id":"cmp_1","output":[{"type":"compaction"}],"new":2}')

    assert (page.data, page.has_more, page.extra) == ([{"id": "a"}], True, {"new": 1})
    assert (compacted.output, compacted.extra) == ([{"type": "compaction"}], {"new": 2})
