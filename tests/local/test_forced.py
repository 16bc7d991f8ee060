"""A function that must be called, as JSON to be held to, and back."""

from __future__ import annotations

import json
from typing import Any

from grokkit.local.forced import forced_call

PLACE = {"type": "object", "properties": {"city": {"$ref": "#/$defs/City"}}, "$defs": {"City": {"type": "string"}}}
WEATHER = {"type": "function", "name": "weather", "description": "Weather.", "parameters": PLACE}
TIME = {"type": "function", "name": "time", "parameters": {"type": "object", "properties": {}}}


def asked(**fields: Any) -> Any:
    return forced_call({"input": "Hi", "tools": [WEATHER, TIME], **fields}, "responses")


def test_what_need_not_call_is_left_alone() -> None:
    assert asked(tool_choice="auto") is None
    assert asked() is None
    assert asked(tool_choice="required", tools=[{"type": "web_search"}]) is None
    assert asked(tool_choice={"type": "function", "name": "unknown"}) is None


def test_any_of_the_functions_may_be_it_when_none_is_named() -> None:
    forced = asked(tool_choice="required", stream=True, instructions="Be terse.")

    schema = forced.body["response_format"]["json_schema"]["schema"]
    assert [each["properties"]["function"] for each in schema["anyOf"]] == [{"const": "weather"}, {"const": "time"}]
    assert schema["$defs"] == {"City": {"type": "string"}}
    assert forced.body["instructions"].startswith("Be terse.\nAnswer with a call of a function")
    assert not {"tools", "tool_choice", "stream"} & forced.body.keys()


def test_the_text_of_a_reply_becomes_a_call_in_both_dialects() -> None:
    text = '{"function": "weather", "arguments": {"city": "Oslo"}}'
    chat = forced_call(
        {"messages": [], "tools": [{"type": "function", "function": WEATHER}], "tool_choice": "required"}, "chat"
    )
    assert chat is not None
    message = {"output": [{"type": "message", "content": [{"type": "output_text", "text": text}]}]}

    one = json.loads(chat.reply(json.dumps({"choices": [{"message": {"content": text}}]}).encode()))
    other = json.loads(asked(tool_choice="required").reply(json.dumps(message).encode()))

    [call] = one["choices"][0]["message"]["tool_calls"]
    assert call["function"] == {"name": "weather", "arguments": '{"city": "Oslo"}'}
    assert one["choices"][0]["finish_reason"] == "tool_calls"
    [item] = other["output"]
    assert (item["type"], item["name"], item["arguments"]) == ("function_call", "weather", '{"city": "Oslo"}')


def test_a_reply_that_was_cut_off_stays_text() -> None:
    cut = b'{"output": [{"type": "message", "content": [{"type": "output_text", "text": "{\\"func"}]}]}'

    assert asked(tool_choice="required").reply(cut) == cut
