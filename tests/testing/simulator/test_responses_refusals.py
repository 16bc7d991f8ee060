"""What the Responses API does not serve, and how it says so."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import Simulator

PATH = "/v1/responses"
USER = {"role": "user", "content": "Hi"}


async def refused(body: dict[str, Any], **options: Any) -> tuple[int, str, str]:
    sim = Simulator(clock=TurnableClock(), **options)
    reply = await sim.fetch("POST", PATH, json={"model": "grok-4.7", "input": "Hi", **body})
    assert "x-request-id" not in reply.headers
    return reply.status, reply.headers["content-type"], reply.body.decode()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "grok-0"}, "Model not found: grok-0"),
        ({"background": True}, "Background"),
        ({"instructions": "x", "previous_response_id": "y"}, "`instructions` cannot be used"),
        ({"input": []}, "Input cannot be empty"),
        ({"input": ""}, "at least one content element"),
        ({"input": [{"role": "user", "content": []}]}, "at least one content element"),
        ({"input": [USER, {"role": "assistant", "content": ""}]}, "at least one content element"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "exactly one of file_id"),
        ({"include": ["everything"]}, "everything"),
        ({"search_parameters": {"mode": "on"}}, "Agent Tools"),
        ({"max_output_tokens": 0}, "`max_output_tokens`: must be >= 1"),
        ({"temperature": 3}, "`temperature`"),
        ({"top_p": 0}, "`top_p`"),
        ({"top_k": 0}, "`top_k`"),
        ({"reasoning": {"effort": "none"}}, "effort none"),
        ({"reasoning_effort": "huge"}, "effort huge"),
        ({"model": "grok-4.20", "reasoning": {"effort": "low"}}, "reasoningEffort"),
        ({"tool_choice": "required"}, "no tools"),
        ({"tool_choice": {"type": "function", "name": "f"}}, "not among the tools"),
        ({"tools": [{"type": "web_search", "user_location": {"type": "approximate"}}]}, "`user_location`"),
        ({"tools": [{"type": "web_search", "search_context_size": "low"}]}, "`search_context_size`"),
        ({"tools": [{"type": "web_search", "external_web_access": True}]}, "`external_web_access`"),
        ({"tools": [{"type": "web_search", "allowed_domains": ["a"] * 6}]}, "must be <= 5"),
        ({"tools": [{"type": "web_search", "allowed_domains": ["a"], "excluded_domains": ["b"]}]}, "not both"),
        (
            {"tools": [{"type": "web_search", "filters": {"allowed_domains": ["a"], "excluded_domains": ["b"]}}]},
            "not both",
        ),
        ({"tools": [{"type": "x_search", "allowed_x_handles": ["a"] * 11}]}, "must be <= 10"),
        ({"tools": [{"type": "x_search", "from_date": "yesterday"}]}, "YYYY-MM-DD"),
        ({"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]}, "`container`"),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["c"], "filters": {}}]}, "`filters`"),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["c"] * 11}]}, "must be <= 10"),
        ({"tools": [{"type": "tool_search", "execution": "client"}]}, "tool_search"),
        ({"tools": [{"type": "function", "name": "f", "parameters": {"type": "array"}}]}, "'f'"),
        ({"tools": [{"type": "x_search"}] * 351}, "must be <= 350"),
        (
            {"text": {"format": {"type": "json_schema", "schema": {"properties": {"a": {"enum": []}}}}}},
            "enum must not be empty",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_cannot_be_served_is_a_400_that_says_why(body: dict[str, Any], words: str) -> None:
    status, kind, text = await refused(body)

    assert status == 400, text
    assert kind == "application/json"
    assert text.startswith('{"code":"invalid-argument","error":"')
    assert words in text.replace('\\"', '"')


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"input": 5}, "input: invalid type: integer `5`"),
        ({"input": [5]}, "input[0]: invalid type"),
        ({"input": [{"content": "x"}]}, "input[0]: missing field `role`"),
        ({"input": [{"role": "user"}]}, "input[0]: missing field `content`"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role: unknown variant `robot`"),
        ({"input": [{"type": [], "role": "user", "content": "x"}]}, "input[0].type: unknown variant"),
        ({"input": [{"role": "user", "content": "x", "id": 5}]}, "input[0].id: invalid type: integer `5`"),
        ({"input": [{"type": "thing"}]}, "input[0].type: unknown variant `thing`"),
        ({"input": [{"role": "user", "content": [{"type": "text"}]}]}, "content[0].type: unknown variant `text`"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "content[0]: missing field `text`"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "missing field `call_id`"),
        ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "missing field `output`"),
        ({"input": [{"type": "shell_call_output", "call_id": "c", "output": [5]}]}, "output[0]: invalid type"),
        ({"input": [{"type": "reasoning"}]}, "missing field `summary`"),
        ({"input": [{"type": "compaction"}]}, "missing field `encrypted_content`"),
        ({"store": "yes"}, "store: invalid type: string"),
        ({"service_tier": "slow"}, "service_tier: unknown variant `slow`"),
        ({"tools": [{"type": "telepathy"}]}, "tools[0].type: unknown variant `telepathy`"),
        ({"tools": [{"type": "function", "name": "f"}]}, "missing field `parameters`"),
        ({"tools": [{"type": "mcp", "server_label": "s"}]}, "missing field `server_url`"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format: missing field `schema`"),
        ({"text": {"format": {"type": "xml"}}}, "unknown variant `xml`"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_cannot_be_read_is_a_422_that_names_the_field(body: dict[str, Any], words: str) -> None:
    status, kind, text = await refused(body)

    assert (status, kind) == (422, "text/plain; charset=utf-8")
    assert text.startswith("Failed to deserialize the JSON body into the target type: ")
    assert words in text


async def test_a_missing_input_is_named() -> None:
    sim = Simulator(clock=TurnableClock())

    reply = await sim.fetch("POST", PATH, json={"model": "grok-4.7"})

    assert (reply.status, b"missing field `input`" in reply.body) == (422, True)


async def test_a_prompt_that_the_window_cannot_hold_is_refused() -> None:
    long = "word " * 300_000

    made = await refused({"model": "grok-build-0.1", "input": long})
    compacted = await Simulator(clock=TurnableClock()).fetch(
        "POST", f"{PATH}/compact", json={"model": "grok-build-0.1", "input": long}
    )

    assert (made[0], compacted.status) == (400, 400)
    assert "maximum prompt length is 256000" in made[2]


async def test_codes_had_other_names_before_july() -> None:
    status, _, text = await refused({"model": "grok-0"}, as_of=date(2026, 4, 16))

    assert status == 400
    assert text == '{"code":"Client specified an invalid argument","error":"Model not found: grok-0"}'


async def test_an_unknown_address_below_responses_is_no_response() -> None:
    sim = Simulator(clock=TurnableClock())

    wrong = [await sim.fetch("GET", PATH), await sim.fetch("POST", f"{PATH}/r/cancel", json={})]

    assert [reply.status for reply in wrong] == [405, 404]
