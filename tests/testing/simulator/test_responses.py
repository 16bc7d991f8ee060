"""Plain replies of the Responses API: the object, its usage, what it says of its request."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import ServerCall, Simulator
from grokkit.testing.simulator.nouns.responses.sealed import Undecodable, seal, unseal

PATH = "/v1/responses"
WEATHER = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
APRIL = date(2026, 4, 16)
ALL_KEYS = {
    *("id", "object", "created_at", "completed_at", "status", "model", "output", "parallel_tool_calls"),
    *("previous_response_id", "reasoning", "temperature", "top_p", "text", "tool_choice", "tools", "usage", "user"),
    *("incomplete_details", "store", "metadata", "background", "service_tier", "truncation", "top_logprobs"),
    *("presence_penalty", "frequency_penalty", "prompt_cache_key", "max_tool_calls", "safety_identifier", "error"),
    *("instructions", "max_output_tokens"),
}


def simulator(**options: Any) -> Simulator:
    return Simulator(clock=TurnableClock(), **options)


async def respond(sim: Simulator, **body: Any) -> dict[str, Any]:
    reply = await sim.fetch("POST", PATH, json={"model": "grok-4.7", "input": "Hi", **body})
    assert reply.status == 200, reply.body
    assert drift(PATH, 200, reply.body) == []
    answer: dict[str, Any] = reply.json
    return answer


def text_of(answer: dict[str, Any]) -> str:
    return "".join(
        part.get("text", "") for item in answer["output"] if item["type"] == "message" for part in item["content"]
    )


def types_of(answer: dict[str, Any]) -> list[str]:
    return [item["type"] for item in answer["output"]]


async def test_the_object_has_the_recorded_keys_and_the_id_of_the_request() -> None:
    sim = simulator()

    reply = await sim.fetch("POST", PATH, json={"model": "grok-4.7", "input": "Hi"})

    assert set(reply.json) == ALL_KEYS
    assert reply.headers["x-request-id"] == reply.json["id"]
    assert reply.headers["x-ratelimit-limit-tokens"] == "50000000"
    assert reply.json["metadata"]["system_fingerprint"].startswith("fp_")
    assert reply.json["store"] is True
    assert reply.json["reasoning"] == {"effort": "high", "summary": "detailed"}


async def test_april_had_no_fingerprint_and_no_context_and_a_medium_effort() -> None:
    sim = simulator(as_of=APRIL)
    sim.on().reply("4")

    answer = await respond(sim, model="grok-4-fast", temperature=0)

    assert answer["model"] == "grok-4-fast-reasoning"
    assert answer["reasoning"] == {"effort": "medium", "summary": "detailed"}
    assert answer["metadata"] == {}
    assert "context_details" not in answer["usage"]
    assert answer["service_tier"] == "default"
    assert types_of(answer) == ["message"]


@pytest.mark.parametrize(("day", "counters"), [(date(2026, 7, 3), 6), (date(2026, 8, 20), 7), (date(2026, 10, 1), 9)])
async def test_usage_counts_the_tools_that_were_counted_then(day: date, counters: int) -> None:
    sim = simulator(as_of=day)

    made = await sim.fetch(
        "POST", PATH, json={"model": "grok-4.3", "input": "Who is xAI?", "tools": [{"type": "web_search"}]}
    )

    assert len(made.json["usage"]["server_side_tool_usage_details"]) == counters


async def test_what_was_asked_for_is_echoed() -> None:
    sim = simulator()
    tools = [WEATHER, {"type": "web_search", "allowed_domains": ["x.ai"]}]

    answer = await respond(
        sim,
        instructions="Be brief.",
        tools=tools,
        tool_choice="none",
        user="me",
        safety_identifier="hash",
        prompt_cache_key="key",
        max_output_tokens=50,
        parallel_tool_calls=False,
        top_p=0.5,
        metadata={"ignored": "yes"},
        reasoning={"effort": "low"},
    )

    assert answer["tools"] == tools
    assert (answer["tool_choice"], answer["user"], answer["safety_identifier"]) == ("none", "me", "hash")
    assert (answer["prompt_cache_key"], answer["max_output_tokens"], answer["top_p"]) == ("key", 50, 0.5)
    assert answer["parallel_tool_calls"] is False
    assert answer["instructions"] == "Be brief."
    assert answer["reasoning"]["effort"] == "low"


async def test_a_call_of_the_offered_function_comes_without_a_message() -> None:
    sim = simulator()
    sim.on().reply(tool_calls=[("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})])

    answer = await respond(sim, tools=[WEATHER])

    calls = [item for item in answer["output"] if item["type"] == "function_call"]
    assert [call["arguments"] for call in calls] == ['{"city":"Oslo"}', '{"city":"Rome"}']
    assert len({call["call_id"] for call in calls}) == 2
    assert "message" not in types_of(answer)


async def test_unscripted_the_one_offered_tool_is_called_and_its_result_answered() -> None:
    sim = simulator()
    question = {"role": "user", "content": "Weather in Oslo?"}

    asked = await respond(sim, input=[question], tools=[WEATHER])
    call = next(item for item in asked["output"] if item["type"] == "function_call")
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "3 degrees"}
    answer = await respond(sim, input=[question, *asked["output"], result], tools=[WEATHER])

    assert "3 degrees" in text_of(answer)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("max_prompt_tokens", "max_prompt_tokens"), ("length", "max_output_tokens"), ("max_time_limit", "max_time_limit")],
)
async def test_an_incomplete_response_says_why(reason: str, expected: str) -> None:
    sim = simulator()
    sim.on().reply(text="Half of", finish_reason=reason)

    answer = await respond(sim)

    assert answer["status"] == "incomplete"
    assert answer["incomplete_details"] == {"reason": expected}
    assert answer["completed_at"] is None
    assert answer["output"][-1]["status"] == "incomplete"


async def test_the_most_output_tokens_end_the_text() -> None:
    sim = simulator()
    sim.on().reply("one two three four five")

    answer = await respond(sim, max_output_tokens=2)

    assert text_of(answer) == "one two"
    assert answer["incomplete_details"] == {"reason": "max_output_tokens"}


async def test_the_recorded_web_search_costs_what_it_cost() -> None:
    sim = simulator()
    usage = {"input_tokens": 5467, "cached_tokens": 1152, "output_tokens": 593, "reasoning_tokens": 575}
    context = {"context_input_tokens": 4389, "context_output_tokens": 292}
    call = ServerCall(type="web_search_call", fields={"action": {"type": "search", "query": "x", "sources": []}})
    sim.on().reply(text="Found.", server_calls=[call], usage={**usage, **context})

    answer = await respond(sim, model="grok-4.6", tools=[{"type": "web_search"}])

    assert answer["usage"]["cost_in_usd_ticks"] == 177_640_000
    assert answer["usage"]["num_server_side_tools_used"] == 1
    assert answer["usage"]["server_side_tool_usage_details"]["web_search_calls"] == 1
    assert answer["usage"]["context_details"] == {"input_tokens": 4389, "output_tokens": 292}
    assert sim.calls[-1].bill is not None
    assert sim.calls[-1].bill.cost_ticks == 177_640_000


async def test_the_steps_of_a_loop_over_tools_add_up() -> None:
    sim = simulator()
    action = {"type": "open_page", "url": "https://x.ai"}
    calls = [ServerCall(type="web_search_call", fields={"action": action})] * 2
    sim.on(nth=1).reply(text="Found.", server_calls=calls, reasoning="So.")

    usage = (await respond(sim, tools=[{"type": "web_search"}]))["usage"]

    assert usage["input_tokens"] > usage["context_details"]["input_tokens"] > 500
    assert usage["input_tokens_details"]["cached_tokens"] > 0
    uncached = usage["input_tokens"] - usage["input_tokens_details"]["cached_tokens"]
    tokens = (
        uncached * 20_000 + usage["input_tokens_details"]["cached_tokens"] * 5_000 + usage["output_tokens"] * 60_000
    )
    assert usage["cost_in_usd_ticks"] == tokens + 2 * 50_000_000


async def test_x_search_is_paid_by_what_it_fetched_and_failed_calls_do_not_count() -> None:
    sim = simulator()
    found = ServerCall(type="custom_tool_call", fields={"name": "x_keyword_search", "input": '{"query":"a"}'})
    users = ServerCall(type="custom_tool_call", fields={"name": "x_user_search", "input": "{}"})
    failed = ServerCall(
        type="mcp_call",
        fields={"server_label": "s", "name": "n", "arguments": "{}", "status": "failed", "error": "no"},
    )
    sim.on().reply(
        text="Found.",
        server_calls=[found, users, failed],
        citations=["https://x.com/i/status/1", "https://x.com/i/status/2"],
        usage={"input_tokens": 0, "output_tokens": 0},
    )

    usage = (await respond(sim, tools=[{"type": "x_search"}]))["usage"]

    details = usage["server_side_tool_usage_details"]
    assert (details["x_search_calls"], details["x_posts_fetched"], details["x_users_fetched"]) == (2, 2, 1)
    assert details["mcp_calls"] == 0
    assert usage["num_server_side_tools_used"] == 2
    assert usage["cost_in_usd_ticks"] == 2 * 50_000_000 + 100_000_000


async def test_priority_costs_twice_and_says_so() -> None:
    sim = simulator()
    sim.on().reply(text="Hi", usage={"input_tokens": 10, "cached_tokens": 0, "output_tokens": 10})

    plain = await respond(sim)
    fast = await respond(sim, service_tier="fast")

    assert (plain["service_tier"], fast["service_tier"]) == ("default", "priority")
    assert fast["usage"]["cost_in_usd_ticks"] == 2 * plain["usage"]["cost_in_usd_ticks"]


async def test_a_conversation_that_goes_on_is_read_from_the_cache() -> None:
    sim = simulator()
    first = {"role": "user", "content": "A rather long beginning of a conversation, which is worth keeping."}

    begun = await respond(sim, input=[first], prompt_cache_key="talk")
    more = await respond(sim, input=[first, *begun["output"], {"role": "user", "content": "And?"}])

    assert begun["usage"]["input_tokens_details"]["cached_tokens"] == 0
    assert more["usage"]["input_tokens_details"]["cached_tokens"] > 10


async def test_turns_over_the_servers_tools_are_bounded() -> None:
    sim = simulator()
    search = ServerCall(type="web_search_call", fields={"action": {"type": "search", "query": "x", "sources": []}})
    sim.on().reply(text="Found.", server_calls=[search] * 3)

    answer = await respond(sim, tools=[{"type": "web_search"}], max_turns=1)

    assert types_of(answer).count("web_search_call") == 1


@pytest.mark.parametrize(
    ("model", "include", "effort", "expected"),
    [
        ("grok-4.7", [], None, True),
        ("grok-4.6", [], None, False),
        ("grok-4.6", ["reasoning.encrypted_content"], None, True),
        ("grok-4.3", ["reasoning.encrypted_content"], "none", False),
        ("grok-4.20-non-reasoning", ["reasoning.encrypted_content"], None, False),
    ],
)
async def test_encrypted_reasoning_comes_always_or_when_asked_for(
    model: str, include: list[str], effort: str | None, expected: bool
) -> None:
    sim = simulator()

    answer = await respond(sim, model=model, include=include, reasoning={"effort": effort} if effort else None)

    sealed = [item for item in answer["output"] if item.get("encrypted_content")]
    assert bool(sealed) is expected


@pytest.mark.parametrize(("model", "field"), [("grok-4.3", "summary"), ("grok-4.7", "content")])
async def test_reasoning_has_the_form_of_its_generation(model: str, field: str) -> None:
    sim = simulator()
    sim.on().reply(text="Yes.", reasoning="First, I think.")

    answer = await respond(sim, model=model)

    part = answer["output"][0][field][0]
    assert part["text"] == "First, I think."
    assert part["type"] == {"summary": "summary_text", "content": "reasoning_text"}[field]


@pytest.mark.parametrize(
    ("kind", "field", "include"),
    [
        ("file_search_call", "results", "file_search_call.results"),
        ("code_interpreter_call", "outputs", "code_interpreter_call.outputs"),
        ("mcp_call", "output", "mcp_call_output"),
    ],
)
async def test_outputs_of_server_tools_are_returned_only_when_asked_for(kind: str, field: str, include: str) -> None:
    sim = simulator()
    result: Any = {"results": [{"file_id": "f", "filename": "a.txt", "text": "x"}], "output": "x"}.get(
        field, [{"type": "logs", "logs": "x"}]
    )
    sim.on().reply(text="Done.", server_calls=[ServerCall(type=kind, fields={field: result})])

    silent = await respond(sim)
    telling = await respond(sim, include=[include])

    assert not next(item for item in silent["output"] if item["type"] == kind)[field]
    assert next(item for item in telling["output"] if item["type"] == kind)[field] == result


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "web_search", "filters": None},
        {"type": "x_search"},
        {"type": "code_interpreter"},
        {"type": "file_search", "vector_store_ids": ["collection_1"]},
        {"type": "mcp", "server_label": "s", "server_url": "https://example.com"},
        {"type": "image_generation"},
        {"type": "tool_search"},
        {"type": "shell", "environment": {"type": "local"}},
    ],
    ids=lambda tool: tool["type"],
)
async def test_every_kind_of_tool_can_be_offered_to_the_mind(tool: dict[str, Any]) -> None:
    await respond(simulator(), tools=[tool], input="Look for 2 + 2")


async def test_a_shell_call_waits_for_its_output() -> None:
    sim = simulator()
    call = ServerCall(type="shell_call", fields={"call_id": "call_1", "action": {"commands": ["ls"]}})
    sim.on(nth=1).reply(server_calls=[call])
    question = {"role": "user", "content": "What files are there?"}
    tools = [{"type": "shell", "environment": {"type": "local"}}]

    asked = await respond(sim, input=[question], tools=tools)
    outcome = {"type": "exit", "exit_code": 0}
    output = {"type": "shell_call_output", "call_id": "call_1", "output": [{"stdout": "a.txt", "outcome": outcome}]}
    answer = await respond(sim, input=[question, *asked["output"], output], tools=tools)

    assert types_of(asked)[-1] == "shell_call"
    assert "a.txt" in text_of(answer)


async def test_structured_output_fits_its_schema() -> None:
    sim = simulator()
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    format_ = {"type": "json_schema", "name": "place", "schema": schema, "strict": True}

    answer = await respond(sim, text={"format": format_})

    assert '"city"' in text_of(answer)
    assert answer["text"]["format"] == format_


async def test_json_of_any_form_is_an_object() -> None:
    answer = await respond(simulator(), text={"format": {"type": "json_object"}})

    assert isinstance(json.loads(text_of(answer)), dict)


async def test_citations_have_a_place_in_the_text_for_those_who_ask() -> None:
    sim = simulator()
    sim.on().reply(text="xAI.", citations=["https://x.ai"])

    answer = await respond(sim, include=["inline_citations"])

    (part,) = answer["output"][-1]["content"]
    (annotation,) = part["annotations"]
    assert part["text"][annotation["start_index"] : annotation["end_index"]] == "[[1]](https://x.ai)"


async def test_a_refusal_is_a_part_of_its_own() -> None:
    sim = simulator()
    sim.on().reply(refusal="I will not.")

    answer = await respond(sim)

    assert answer["output"][-1]["content"] == [{"type": "refusal", "refusal": "I will not."}]


async def test_a_failed_response_is_a_reply_with_an_error() -> None:
    sim = simulator()
    sim.on().reply(text="Service temporarily unavailable", finish_reason="failed")

    answer = await respond(sim)

    assert answer["status"] == "failed"
    assert answer["error"] == {"code": "server_error", "message": "Service temporarily unavailable"}
    assert answer["output"] == []


async def test_the_same_seed_and_question_give_the_same_answer() -> None:
    one, other = [await respond(simulator(as_of=APRIL), model="grok-4.20") for _ in range(2)]

    assert one == other


@given(text=st.text(), place=st.integers(min_value=0))
def test_what_is_sealed_can_be_opened_and_not_changed(text: str, place: int) -> None:
    sealed = seal({"text": text}, "secret")
    place %= len(sealed)
    changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]

    assert unseal(sealed, "secret") == {"text": text}
    for wrong in ((sealed, "other"), (sealed[:-8], "secret"), (text, "secret")):
        with pytest.raises(Undecodable):
            unseal(*wrong)
    if changed.rstrip("=")[:-1] != sealed.rstrip("=")[:-1]:
        with pytest.raises(Undecodable):
            unseal(changed, "secret")
