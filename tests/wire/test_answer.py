"""One shape of answer for both dialects."""

from __future__ import annotations

from typing import Any

import pytest

from grokkit.wire.answer import Origin, chat_answer, response_answer
from grokkit.wire.events import Citation, ToolCall
from grokkit.wire.usage import Prices

ORIGIN = Origin(request_id="req-1", client_request_id="c-1", prices=lambda _: Prices(input=2, cached_input=1, output=6))


def completion(message: dict[str, Any], **beside: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": beside.pop("finish_reason", "stop")}
    return {"id": "u", "model": "grok-4.3", "choices": [choice], **beside}


def response(*output: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {"id": "r", "model": "grok-4.3", "status": "completed", "output": [*output], **beside}


def message(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [*parts]}


def text(words: str, *urls: str) -> dict[str, Any]:
    return {"type": "output_text", "text": words, "annotations": [{"type": "url_citation", "url": url} for url in urls]}


def test_both_dialects_give_the_same_answer() -> None:
    call = {"name": "weather", "arguments": '{"city":"Oslo"}'}
    chat = chat_answer(
        completion(
            {
                "content": "Hi",
                "reasoning_content": "Hm",
                "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
            },
            usage={"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 5, "cost_in_usd_ticks": 9}
            | {"completion_tokens_details": {"reasoning_tokens": 1}},
            citations=["https://x.ai"],
        ),
        ORIGIN,
    )
    responded = response_answer(
        response(
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]},
            {"type": "function_call", "call_id": "call_1", **call},
            message(text("Hi", "https://x.ai")),
            usage={"input_tokens": 3, "output_tokens": 2, "total_tokens": 5, "cost_in_usd_ticks": 9}
            | {"output_tokens_details": {"reasoning_tokens": 1}},
        ),
        ORIGIN,
    )

    for name in ("text", "tool_calls", "reasoning", "citations", "usage", "model", "finish_reason", "request_id"):
        assert getattr(chat, name) == getattr(responded, name)
    assert str(chat) == chat.text == "Hi"
    assert chat.tool_calls == [ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo"}')]
    assert chat.finish_reason == "tool_calls"
    assert (chat.request_id, chat.client_request_id) == ("req-1", "c-1")


def test_a_cost_that_the_server_does_not_say_is_estimated() -> None:
    answer = chat_answer(completion({}, usage={"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}), ORIGIN)

    assert (answer.usage.cost_ticks, answer.usage.estimated) == (12, True)


@pytest.mark.parametrize(
    ("status", "details", "reason"),
    [
        ("completed", None, "stop"),
        ("incomplete", {"reason": "max_output_tokens"}, "length"),
        ("incomplete", {"reason": "max_prompt_tokens"}, "max_prompt_tokens"),
        ("incomplete", None, "incomplete"),
        ("failed", None, "failed"),
        ("cancelled", {}, "cancelled"),
        ("in_progress", None, None),
        (None, None, None),
        (5, [], None),
    ],
)
@pytest.mark.filterwarnings("ignore::grokkit.wire.strays.SchemaStrayed")
def test_why_a_response_ended(status: Any, details: Any, reason: str | None) -> None:
    assert response_answer(response(status=status, incomplete_details=details), ORIGIN).finish_reason == reason


@pytest.mark.parametrize("said", ["stop", "length", "content_filter", "end_turn", "bored", None])
def test_why_a_completion_ended_is_what_the_server_said(said: str | None) -> None:
    assert chat_answer(completion({"content": "Hi"}, finish_reason=said), ORIGIN).finish_reason == said


def test_texts_and_sources_of_all_messages_are_in_their_order() -> None:
    answer = response_answer(response(message(text("A", "u1"), text("B")), message(text("C", "u2", "u1"))), ORIGIN)

    assert answer.text == "ABC"
    assert answer.citations == [Citation(url=url) for url in ("u1", "u2", "u1")]


def test_a_call_without_an_id_is_named_after_its_place() -> None:
    calls = [{"function": {"name": "f", "arguments": {"a": 1}}}] * 2

    answer = chat_answer(completion({"tool_calls": calls}), ORIGIN)

    assert [(call.id, call.arguments) for call in answer.tool_calls] == [("call_0", '{"a":1}'), ("call_1", '{"a":1}')]


@pytest.mark.parametrize("raw", [{}, {"choices": []}, {"choices": [{}]}, {"choices": None, "usage": None}])
def test_a_completion_without_anything_is_an_empty_answer(raw: dict[str, Any]) -> None:
    answer = chat_answer(raw, ORIGIN)

    assert (answer.text, answer.tool_calls, answer.reasoning, answer.citations) == ("", [], "", [])
    assert answer.finish_reason is None


def test_what_nobody_knows_is_in_raw() -> None:
    raw = response(new={"a": 1})

    assert response_answer(raw, ORIGIN).raw is raw


def test_an_answer_shows_itself_in_one_line() -> None:
    answer = chat_answer(completion({"content": "x" * 200}), ORIGIN)

    assert repr(answer) == f"<Answer {'x' * 59 + '…'!r}, grok-4.3, 0 + 0 tokens>"
