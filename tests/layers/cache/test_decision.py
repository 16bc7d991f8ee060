"""What may be stored: every rule."""

from __future__ import annotations

from typing import Any

import pytest

from grokkit.call import Call
from grokkit.config import Cache
from grokkit.layers.cache.decision import answer_refused, asked, call_refused

CALL = Call(
    method="POST",
    base_url="https://api.x.ai/v1",
    path="/responses",
    operation="responses",
    id="c-1",
    model="grok-4.7",
    body={"input": "Hi", "store": False},
)
MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "Hi", "annotations": []}]}
RESPONSE = {"status": "completed", "error": None, "incomplete_details": None, "output": [MESSAGE], "usage": {}}
CHOICE = {"index": 0, "message": {"content": "Hi", "refusal": None}, "finish_reason": "stop"}
COMPLETION = {"choices": [CHOICE], "usage": {"num_sources_used": 0}}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, None),
        ({"store": False, "temperature": 0}, None),
        ({"temperature": 0.3}, None),
        ({"temperature": 0.31}, "temperature"),
        ({"temperature": None, "n": 3, "seed": 4, "tools": [{"type": "web_search"}]}, None),
        ({"tools": [{"type": "mcp"}]}, "effects"),
        ({"tools": [{"type": "shell"}]}, "effects"),
        ({"store": True}, "conversation"),
        ({"previous_response_id": "r-1"}, "conversation"),
        ({"background": True}, "deferred"),
        ({"deferred": True}, "deferred"),
    ],
)
def test_a_call_may_be_one_that_is_always_made(body: dict[str, Any], why: str | None) -> None:
    assert call_refused(CALL.replace(body=body), body, Cache()) == why


def test_the_limit_of_the_temperature_is_a_setting() -> None:
    warm = {"temperature": 1.2}

    assert call_refused(CALL, warm, Cache(max_temperature=None)) is None
    assert call_refused(CALL, {"temperature": 0.1}, Cache(max_temperature=0)) == "temperature"


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET"},
        {"method": "DELETE"},
        {"model": None},
        {"path": "/images/generations"},
        {"path": "/responses/compact"},
        {"body": b"{}"},
        {"body": None},
    ],
)
def test_other_calls_are_none_of_the_cache_s_business(changes: dict[str, Any]) -> None:
    assert asked(CALL) is CALL.body
    assert asked(CALL.replace(**changes)) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"output": [{"type": "reasoning", "summary": []}, MESSAGE]}, None),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "cut_off"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "filtered"),
        ({"status": "incomplete"}, "cut_off"),
        ({"status": "in_progress"}, "unfinished"),
        ({"status": "cancelled"}, "unfinished"),
        ({"status": "failed", "error": {"code": "server_error"}}, "failed"),
        ({"output": []}, "empty"),
        ({"output": [{"type": "reasoning", "summary": []}]}, "empty"),
        ({"output": [{"type": "message", "content": [{"type": "output_text", "text": ""}]}]}, "empty"),
        ({"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No"}]}]}, "refused"),
        ({"output": [MESSAGE, {"type": "function_call"}]}, "tool_calls"),
        ({"output": [MESSAGE, {"type": "custom_tool_call"}]}, "tool_calls"),
        ({"output": [{"type": "web_search_call"}, MESSAGE]}, "server_tools"),
        ({"output": [{"type": "mcp_call"}, MESSAGE]}, "server_tools"),
        (
            {
                "output": [
                    {**MESSAGE, "content": [{"type": "output_text", "text": "Hi", "annotations": [{"url": "u"}]}]}
                ]
            },
            "server_tools",
        ),
        ({"usage": {"server_side_tool_usage_details": {"web_search_calls": 1}}}, "server_tools"),
        ({"usage": {"server_side_tool_usage_details": {"web_search_calls": 0}}}, None),
        ({"usage": {"num_sources_used": 2}}, "server_tools"),
    ],
)
def test_a_response_may_be_one_that_is_not_stored(changes: dict[str, Any], why: str | None) -> None:
    assert answer_refused("/responses", {**RESPONSE, **changes}, {}) == why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"finish_reason": "end_turn"}, None),
        ({"finish_reason": "length"}, "cut_off"),
        ({"finish_reason": "content_filter"}, "filtered"),
        ({"finish_reason": "tool_calls"}, "tool_calls"),
        ({"finish_reason": None}, "unfinished"),
        ({"message": {"content": "Hi", "tool_calls": [{"id": "1"}]}}, "tool_calls"),
        ({"message": {"content": "Hi", "refusal": "No"}}, "refused"),
        ({"message": {"content": ""}}, "empty"),
        ({"message": {"content": None}}, "empty"),
        ({"message": None}, "empty"),
    ],
)
def test_a_completion_may_be_one_that_is_not_stored(changes: dict[str, Any], why: str | None) -> None:
    choices = [CHOICE, {**CHOICE, "index": 1, **changes}]

    assert answer_refused("/chat/completions", {**COMPLETION, "choices": choices}, {}) == why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"choices": []}, "empty"),
        ({"citations": ["https://example.com"]}, "server_tools"),
        ({"usage": {"num_sources_used": 1}}, "server_tools"),
        ({"usage": {"num_server_side_tools_used": 1}}, "server_tools"),
    ],
)
def test_what_a_completion_says_beside_its_choices_counts(changes: dict[str, Any], why: str) -> None:
    assert answer_refused("/chat/completions", {**COMPLETION, **changes}, {}) == why


@pytest.mark.parametrize(
    ("notes", "why"),
    [
        ({"attempts": 2}, None),
        ({"joined": "c-2"}, "joined"),
        ({"redacted": True}, "redacted"),
        ({"fell_back": ("x",)}, "fallback"),
        ({"fell_back": ()}, None),
        ({"cached": True}, "cached"),
    ],
)
def test_layers_say_what_is_no_answer_of_its_own(notes: dict[str, Any], why: str | None) -> None:
    assert answer_refused("/responses", RESPONSE, notes) == why
