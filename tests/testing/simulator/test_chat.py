"""Chat completions: shapes, order of frames, usage and refusals, as the API has them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import ContextTooLong, ModelNotFound, ParameterRejected
from grokkit.models import lookup
from grokkit.testing import TurnableClock
from grokkit.testing.openapi import drift, frame_drift
from grokkit.testing.simulator import Simulator
from grokkit.wire.error_body import classify
from grokkit.wire.usage import chat_usage

if TYPE_CHECKING:
    from grokkit.testing.simulator.fetching import Fetched

CHAT = "/v1/chat/completions"
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def sim() -> Simulator:
    return Simulator(clock=TurnableClock())


def body_of(text: str = "Hi", **fields: Any) -> dict[str, Any]:
    return {"model": "grok-4.7", "messages": [{"role": "user", "content": text}], **fields}


async def ask(sim: Simulator, text: str = "Hi", **fields: Any) -> Fetched:
    reply = await sim.fetch("POST", CHAT, json=body_of(text, **fields))
    if reply.headers.get("content-type") == "application/json":
        assert drift(CHAT, reply.status, reply.body) == [] or "deferred" in fields
    return reply


async def test_a_plain_completion_has_the_shape_of_the_api(sim: Simulator) -> None:
    reply = await ask(sim)

    completion = reply.json
    assert completion["object"] == "chat.completion"
    assert completion["model"] == "grok-4.7"
    assert completion["choices"][0]["message"]["refusal"] is None
    assert completion["choices"][0]["finish_reason"] == "stop"
    assert completion["service_tier"] == "default"


async def test_usage_adds_up_with_reasoning_outside_the_completion(sim: Simulator) -> None:
    usage = (await ask(sim)).json["usage"]

    reasoning = usage["completion_tokens_details"]["reasoning_tokens"]
    assert reasoning > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] + reasoning
    prices = lookup("grok-4.7").prices  # type: ignore[union-attr]
    counted = {name: value for name, value in usage.items() if name != "cost_in_usd_ticks"}
    assert chat_usage(counted, prices).cost_ticks == usage["cost_in_usd_ticks"]


async def test_a_prompt_seen_before_is_cached_and_cheaper(sim: Simulator) -> None:
    first = (await ask(sim, "A long enough question about nothing at all")).json["usage"]
    second = (await ask(sim, "A long enough question about nothing at all")).json["usage"]

    assert first["prompt_tokens_details"]["cached_tokens"] == 0
    assert second["prompt_tokens_details"]["cached_tokens"] == second["prompt_tokens"] - 3
    assert second["cost_in_usd_ticks"] < first["cost_in_usd_ticks"]


async def test_priority_costs_twice_as_much_and_says_so() -> None:
    plain = (await ask(Simulator(clock=TurnableClock()))).json
    fast = (await ask(Simulator(clock=TurnableClock()), service_tier="fast")).json

    assert fast["service_tier"] == "priority"
    assert fast["usage"]["cost_in_usd_ticks"] == 2 * plain["usage"]["cost_in_usd_ticks"]


async def test_a_long_prompt_pays_the_long_prices(sim: Simulator) -> None:
    sim.on().reply(text="ok", usage={"input_tokens": 200_000, "output_tokens": 10})

    usage = (await ask(sim)).json["usage"]

    assert usage["cost_in_usd_ticks"] == 200_000 * 40_000 + 10 * 120_000


async def test_a_stream_has_the_frames_of_the_captures_in_their_order(sim: Simulator) -> None:
    sim.on().reply(reasoning="First, think", text="Hello there")

    reply = await ask(sim, stream=True)

    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.events[-1].data == b"[DONE]"
    assert {event.event for event in reply.events} == {"message"}
    deltas = [frame["choices"][0]["delta"] for frame in reply.frames if frame["choices"]]
    assert deltas == [
        {"reasoning_content": "First", "role": "assistant"},
        {"reasoning_content": ","},
        {"reasoning_content": " think"},
        {"content": "Hello"},
        {"content": " there"},
        {},
    ]
    *most, last, usage = reply.frames
    assert all("finish_reason" not in frame["choices"][0] for frame in most)
    assert last["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 2
    assert {frame["id"] for frame in reply.frames} == {reply.headers["x-request-id"]}
    assert [frame_drift(CHAT, frame) for frame in reply.frames] == [[]] * len(reply.frames)


async def test_a_tool_call_arrives_whole_in_one_frame(sim: Simulator) -> None:
    sim.on().reply(tool_calls=[("weather", {"city": "Oslo"})])

    reply = await ask(sim, stream=True, tools=[WEATHER])

    deltas = [frame["choices"][0]["delta"] for frame in reply.frames if frame["choices"]]
    assert deltas[0]["role"] == "assistant"
    assert deltas[0]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city":"Oslo"}'}
    assert reply.frames[-2]["choices"][0]["finish_reason"] == "tool_calls"


async def test_a_tool_call_arrives_in_fragments_when_the_script_says_so(sim: Simulator) -> None:
    sim.on().reply(tool_calls=[("weather", {"city": "Oslo"})], fragments=True)

    reply = await ask(sim, stream=True, tools=[WEATHER])

    pieces = [frame["choices"][0]["delta"].get("tool_calls") for frame in reply.frames if frame["choices"]]
    arguments = "".join(piece[0]["function"]["arguments"] for piece in pieces if piece)
    assert len(pieces) > 3
    assert arguments == '{"city":"Oslo"}'


async def test_usage_is_left_out_of_a_stream_that_does_not_want_it(sim: Simulator) -> None:
    reply = await ask(sim, stream=True, stream_options={"include_usage": False})

    assert all("usage" not in frame for frame in reply.frames)


async def test_citations_come_with_the_last_frame(sim: Simulator) -> None:
    sim.on().reply(text="Yes.", citations=["https://example.com"])

    streamed = await ask(sim, stream=True)
    plain = await ask(sim)

    assert [frame.get("citations") for frame in streamed.frames[-2:]] == [None, ["https://example.com"]]
    assert plain.json["citations"] == ["https://example.com"]


async def test_several_choices_are_all_billed(sim: Simulator) -> None:
    reply = await ask(sim, n=3)

    choices = reply.json["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in choices}) == 3


async def test_the_most_tokens_end_an_answer_early(sim: Simulator) -> None:
    reply = await ask(sim, "Count to 50", max_completion_tokens=5)

    assert reply.json["choices"][0]["finish_reason"] == "length"
    assert reply.json["usage"]["completion_tokens"] == 5


async def test_a_stop_sequence_ends_an_answer_on_a_model_that_takes_one(sim: Simulator) -> None:
    reply = await ask(sim, "Count to 9", model="grok-4.20-0309-non-reasoning", stop=[", 4"])

    assert reply.json["choices"][0]["message"]["content"] == "1, 2, 3"
    assert reply.json["choices"][0]["finish_reason"] == "stop"


async def test_log_probabilities_are_ignored_by_new_models(sim: Simulator) -> None:
    reply = await ask(sim, logprobs=True, top_logprobs=2)

    assert "logprobs" not in reply.json["choices"][0]


async def test_log_probabilities_come_from_the_models_that_had_them() -> None:
    sim = Simulator(as_of=date(2026, 4, 16), clock=TurnableClock())
    sim.on().reply("Hello there")
    fields = {"model": "grok-3", "logprobs": True, "top_logprobs": 2}

    plain = await sim.fetch("POST", CHAT, json=body_of(**fields))
    streamed = await sim.fetch("POST", CHAT, json=body_of(stream=True, **fields))

    content = plain.json["choices"][0]["logprobs"]["content"]
    assert [token["token"] for token in content] == ["Hello", " there"]
    assert [len(token["top_logprobs"]) for token in content] == [2, 2]
    assert streamed.frames[0]["choices"][0]["logprobs"]["content"] == content[:1]


async def test_a_prompt_that_is_too_long_for_the_model_is_refused(sim: Simulator) -> None:
    reply = await ask(sim, "word " * 256_001, model="grok-build-0.1")

    error = classify(reply.status, reply.headers, reply.body)
    assert isinstance(error, ContextTooLong)
    assert "maximum prompt length is 256000" in error.message


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"stop": ["x"]}, "stop"),
        ({"presence_penalty": 0.5}, "presencePenalty"),
        ({"frequency_penalty": 0.5}, "frequencyPenalty"),
        ({"model": "grok-4.20", "reasoning_effort": "high"}, "reasoningEffort"),
    ],
)
async def test_parameters_that_a_model_does_not_take_are_refused(
    sim: Simulator, fields: dict[str, Any], parameter: str
) -> None:
    reply = await ask(sim, **fields)

    error = classify(reply.status, reply.headers, reply.body)
    assert reply.status == 400
    assert isinstance(error, ParameterRejected)
    assert parameter in error.message


@pytest.mark.parametrize("fields", [{"stop": []}, {"presence_penalty": 0}, {"stop": None}])
async def test_parameters_that_say_nothing_are_let_through(sim: Simulator, fields: dict[str, Any]) -> None:
    assert (await ask(sim, **fields)).status == (400 if fields == {"stop": []} else 200)


async def test_an_effort_that_the_model_does_not_have_is_refused(sim: Simulator) -> None:
    reply = await ask(sim, reasoning_effort="none")

    assert reply.status == 400
    assert "low, medium, high, xhigh" in reply.json["error"]


async def test_reasoning_is_switched_off_where_it_can_be(sim: Simulator) -> None:
    reply = await ask(sim, model="grok-4.3", reasoning_effort="none")

    assert "reasoning_content" not in reply.json["choices"][0]["message"]
    assert reply.json["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"model": "grok-4.7"}, 422, "missing field `messages`"),
        ({"messages": []}, 422, "missing field `model`"),
        ({"model": 5, "messages": []}, 422, "model: invalid type: integer `5`, expected a string"),
        (body_of(n=0), 400, "`n`"),
        (body_of(temperature=3), 400, "`temperature`"),
        (body_of(stream="yes"), 422, 'stream: invalid type: string "yes", expected a boolean'),
        (body_of(messages=[{"role": "user"}]), 422, "messages[0]: missing field `content`"),
        (body_of(messages=[{"content": "x"}]), 422, "messages[0]: missing field `role`"),
        (body_of(tools=[{"type": "nothing"}]), 422, "tools[0].type: unknown variant `nothing`, expected one of"),
        (body_of(tool_choice="required"), 400, "no tools were specified"),
        (
            body_of(tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}}]),
            400,
            "root",
        ),
        (body_of(tool_choice={"type": "function", "function": {"name": "g"}}), 400, "function g"),
        (body_of(service_tier="flex"), 422, "service_tier: unknown variant `flex`"),
        (body_of(search_parameters={"mode": "auto"}), 400, "deprecated"),
        (body_of(response_format={"type": "json_schema"}), 422, "json_schema"),
        (
            body_of(response_format={"type": "json_schema", "json_schema": {"schema": {"enum": []}}}),
            400,
            "enum must not be empty",
        ),
        ([], 422, "invalid type: sequence, expected a map"),
    ],
)
async def test_requests_that_cannot_be_served_are_refused_by_name(
    sim: Simulator, body: object, status: int, text: str
) -> None:
    reply = await sim.fetch("POST", CHAT, json=body)

    assert reply.status == status
    assert text in reply.body.decode()


async def test_an_unknown_role_is_refused_with_the_text_that_was_recorded(sim: Simulator) -> None:
    content = b'{"model":"grok-3-fast","messages":[{"role":"invalid_role","content":"test"}]}'

    reply = await sim.fetch("POST", CHAT, content=content, headers={"content-type": "application/json"})

    assert reply.status == 422
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.body.decode() == (
        "Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `invalid_role`, "
        "expected one of `developer`, `system`, `user`, `assistant`, `tool`, `function` at line 1 column 57"
    )


async def test_no_messages_at_all_are_refused_with_the_body_that_was_recorded(sim: Simulator) -> None:
    reply = await sim.fetch("POST", CHAT, json={"model": "grok-3-fast", "messages": []})

    assert (reply.status, reply.body) == (400, b'{"code":"400","error":"Bad data: Messages cannot be empty"}')


async def test_an_unknown_model_is_not_found(sim: Simulator) -> None:
    reply = await ask(sim, model="grok-99")

    assert reply.status == 404
    assert isinstance(classify(404, reply.headers, reply.body), ModelNotFound)


async def test_a_model_of_another_endpoint_is_refused(sim: Simulator) -> None:
    assert (await ask(sim, model="grok-4.20-multi-agent")).status == 400


async def test_a_deferred_completion_is_fetched_once() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock, job_seconds=10)
    ticket = (await ask(sim, deferred=True)).json["request_id"]
    address = f"/v1/chat/deferred-completion/{ticket}"

    early = await sim.fetch("GET", address)
    await clock.advance(10)
    ready = await sim.fetch("GET", address)
    again = await sim.fetch("GET", address)

    assert (early.status, early.body) == (202, b"")
    assert ready.status == 200
    assert ready.json["id"] == ticket
    assert drift(address, 200, ready.body) == []
    assert again.status == 404


async def test_a_deferred_completion_is_gone_after_a_day() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    ticket = (await ask(sim, deferred=True)).json["request_id"]

    await clock.advance(25 * 3600)

    assert (await sim.fetch("GET", f"/v1/chat/deferred-completion/{ticket}")).status == 404


async def test_a_tool_round_ends_with_an_answer_that_uses_the_result(sim: Simulator) -> None:
    asked = {"role": "user", "content": "What is the weather in Oslo?"}
    called = (await ask(sim, messages=[asked], tools=[WEATHER])).json["choices"][0]
    call = called["message"]["tool_calls"][0]
    result = {"role": "tool", "tool_call_id": call["id"], "content": '{"sky": "rain", "degrees": 7}'}

    answer = (await ask(sim, messages=[asked, called["message"], result], tools=[WEATHER])).json["choices"][0]

    assert called["finish_reason"] == "tool_calls"
    assert call["function"] == {"name": "weather", "arguments": '{"city":"Oslo"}'}
    assert answer["message"]["content"] == "weather says: sky: rain, degrees: 7"


async def test_clients_stream_what_they_would_have_got_whole(sim: Simulator) -> None:
    grok = sim.async_grok()
    messages = [{"role": "user", "content": "Write 40 words"}]

    whole = await grok.chat.create("grok-4.7", messages=messages)
    async with grok.chat.stream("grok-4.7", messages=messages) as stream:
        streamed = await stream.done()

    assert streamed.text == whole.text
    assert streamed.usage.output_tokens == whole.usage.output_tokens
