"""The structs of Chat Completions: what a request may hold, what a reply gives."""

from __future__ import annotations

import msgspec
import pytest

from grokkit.wire.chat import ChatCompletion, ChatRequest, DeferredChat


def test_a_request_can_be_checked_with_its_type() -> None:
    body = {"model": "grok-4.3", "messages": [{"role": "user", "content": "Hi"}], "stop": "END", "seed": None}

    assert msgspec.convert(body, ChatRequest) == body
    with pytest.raises(msgspec.ValidationError, match="temperature"):
        msgspec.convert(body | {"temperature": "hot"}, ChatRequest)


def test_a_reply_without_anything_has_a_value_in_each_field() -> None:
    empty = msgspec.json.decode(b"{}", type=ChatCompletion)

    assert (empty.id, empty.choices, empty.usage, empty.citations) == ("", [], None, None)


def test_a_finish_reason_that_nobody_knows_is_passed_on() -> None:
    reply = msgspec.json.decode(b'{"choices":[{"finish_reason":"bored","message":{}}]}', type=ChatCompletion)

    assert reply.choices[0].finish_reason == "bored"


def test_a_deferred_request_gives_a_ticket() -> None:
    assert msgspec.json.decode(b'{"request_id":"u-1"}', type=DeferredChat).request_id == "u-1"
