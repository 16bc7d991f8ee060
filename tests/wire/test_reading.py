"""What strays from the schema costs itself and nothing else."""

from __future__ import annotations

import json
import warnings
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.errors import ReplyUnreadable
from grokkit.wire import strays
from grokkit.wire.answer import Origin, chat_answer, response_answer
from grokkit.wire.chat import ChatChunk, ChatCompletion
from grokkit.wire.listings import LanguageModelList, ModelCard
from grokkit.wire.reading import Reader, read_object
from grokkit.wire.responses import Response, ResponseEvent
from grokkit.wire.strays import SchemaStrayed

CALL = {"id": "c", "index": 0, "type": "function", "function": {"name": "f", "arguments": "{}"}}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1}}
MESSAGE = {"role": "assistant", "content": "Hi", "reasoning_content": "Hm", "refusal": None, "tool_calls": [CALL]}
HEAD = {"id": "u", "object": "x", "created": 1, "model": "grok-4.3", "usage": USAGE, "citations": ["https://x.ai"]}
BESIDE = {"index": 0, "finish_reason": "stop", "logprobs": {"content": [{"token": "Hi", "logprob": -0.5}]}}
COMPLETION = HEAD | {"choices": [BESIDE | {"message": MESSAGE}, BESIDE | {"index": 1, "message": MESSAGE}]}
CHUNK = HEAD | {"choices": [BESIDE | {"delta": MESSAGE}]}
PART = {"type": "output_text", "text": "Hi", "annotations": [{"type": "url_citation", "url": "https://x.ai"}]}
RESPONSE = {
    "id": "r",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "grok-4.3",
    "output": [
        {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "Hm"}]},
        {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "message", "id": "m", "role": "assistant", "content": [PART]},
    ],
    "usage": {"input_tokens": 3, "input_tokens_details": {"cached_tokens": 1}, "output_tokens": 2},
    "reasoning": {"effort": "low"},
    "tools": [{"type": "web_search"}],
    "top_p": 0.5,
    "error": None,
}
EVENT = {
    "type": "response.output_text.delta",
    "delta": "Hi",
    "item": {"type": "message", "id": "m", "role": "assistant", "content": [PART]},
    "response": RESPONSE,
    "output_index": 1,
}
LISTING = {"models": [{"id": "grok-4.3", "aliases": ["grok"], "prompt_text_token_price": 1, "new": {"a": 1}}]}

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a decoded JSON value, but for the whole."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [found for key, each in inner for found in [(*path, key), *places(each, (*path, key))]]


def replaced(value: Any, path: tuple[str | int, ...], new: object) -> Any:
    whole = holder = json.loads(json.dumps(value))
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = new
    return whole


@pytest.fixture
def _first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strays, "_told", set())


kinds: list[Any] = [
    pytest.param(ChatCompletion, COMPLETION, id="completion"),
    pytest.param(ChatChunk, CHUNK, id="chunk"),
    pytest.param(Response, RESPONSE, id="response"),
    pytest.param(ResponseEvent, EVENT, id="event"),
    pytest.param(LanguageModelList, LISTING, id="listing"),
]


@pytest.mark.filterwarnings("ignore::grokkit.wire.strays.SchemaStrayed")
@pytest.mark.parametrize(("kind", "valid"), kinds)
@given(data=st.data())
def test_any_value_in_any_place_leaves_the_rest_as_it_was(kind: Any, valid: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(places(valid)))
    odd = replaced(valid, path, data.draw(values))

    found = Reader(kind).read(json.dumps(odd).encode())

    whole = Reader(kind).convert(valid)
    for name in kind.__struct_fields__:
        if name != path[0]:
            assert getattr(found, name) == getattr(whole, name)


@pytest.mark.filterwarnings("ignore::grokkit.wire.strays.SchemaStrayed")
@pytest.mark.parametrize(("read", "valid"), [(chat_answer, COMPLETION), (response_answer, RESPONSE)])
@given(data=st.data())
def test_an_answer_is_read_whatever_a_field_holds(read: Any, valid: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(places(valid)))
    odd = replaced(valid, path, data.draw(values))

    answer = read(odd, Origin())

    plain = read(valid, Origin())
    if path[0] not in {"choices", "output"}:
        assert (answer.text, answer.tool_calls, answer.reasoning) == (plain.text, plain.tool_calls, plain.reasoning)
    assert answer.raw is odd


@pytest.mark.usefixtures("_first_time")
def test_a_stray_is_told_of_once_for_its_place() -> None:
    reader = Reader(ChatCompletion)
    odd = json.dumps({"choices": [{"message": {"content": 5}}, {"message": {"content": []}}], "id": 5}).encode()

    with pytest.warns(SchemaStrayed) as told:
        [reader.read(odd) for _ in range(2)]

    assert sorted(str(warning.message).split(" came as ")[0] for warning in told) == [
        "ChatCompletion.choices[].message.content",
        "ChatCompletion.id",
    ]


@pytest.mark.usefixtures("_first_time")
def test_null_and_whole_floats_are_no_strays() -> None:
    odd = b'{"id":null,"choices":null,"created":17.0,"model":"m"}'

    found = Reader(ChatCompletion).read(odd)

    assert (found.id, found.choices, found.created, found.model) == ("", [], 17, "m")


@pytest.mark.usefixtures("_first_time")
def test_what_was_said_is_not_in_the_warning() -> None:
    with pytest.warns(SchemaStrayed) as told:
        Reader(ModelCard).read(b'{"id":["a secret"]}')

    assert "secret" not in str(told[0].message)


def test_a_thousand_strays_cost_no_more_than_themselves() -> None:
    odd = json.dumps({"choices": [1, "a", None] * 1000 + [{"index": 4}], "id": "u"}).encode()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SchemaStrayed)
        found = Reader(ChatCompletion).read(odd)

    assert (found.id, [choice.index for choice in found.choices]) == ("u", [4])


def test_unknown_fields_are_in_extra_at_every_level() -> None:
    found = Reader(LanguageModelList).read(json.dumps(LISTING | {"next": 1, "extra": "x"}).encode())

    assert found.extra == {"next": 1, "extra": "x"}
    assert found.models[0].extra == {"new": {"a": 1}}


def test_extra_stays_with_its_element_where_others_stray() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SchemaStrayed)
        found = Reader(LanguageModelList).read(b'{"models":[1,{"id":"a","x":1},null,{"id":"b","x":2}]}')

    assert [(model.id, model.extra) for model in found.models] == [("a", {"x": 1}), ("b", {"x": 2})]


@pytest.mark.parametrize(
    ("almost", "value"),
    [
        (b'{"a":NaN,"b":[-Infinity]}', {"a": None, "b": [None]}),
        (b'{"a":"\\ud83d"}', {"a": "\ufffd"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a":"\xff"}', {"a": "\ufffd"}),
        (b'{"a":"one\ntwo"}', {"a": "one\ntwo"}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b' \r\n{"a":1} ', {"a": 1}),
        (b'{"a":1e999}', {"a": None}),
    ],
)
def test_json_that_is_almost_json_is_read(almost: bytes, value: object) -> None:
    assert read_object(almost) == value
    assert msgspec.json.decode(msgspec.json.encode(read_object(almost))) == value


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"[]", b"null", b'{"a":', b"{" * 5000, b'{"a":1}{}', b"NaN"])
def test_what_is_no_object_is_unreadable_and_says_how_it_begins(body: bytes) -> None:
    with pytest.raises(ReplyUnreadable) as caught:
        Reader(ChatCompletion).read(body)

    assert repr(body[:80].decode()) in caught.value.message
