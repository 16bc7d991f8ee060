"""The older ways to ask: completions, complete, and messages in Anthropic's shape."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift, validate_request
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.nouns.legacy.messages_reply import signature

PLAIN = "grok-4.20-0309-non-reasoning"
REASONING = "grok-4.7"
TOOL = {
    "name": "weather",
    "description": "The weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def _simulator() -> Simulator:
    return Simulator(clock=TurnableClock())


def _message(text: Any = "Hi", **more: Any) -> dict[str, Any]:
    return {"model": REASONING, "max_tokens": 100, "messages": [{"role": "user", "content": text}], **more}


async def test_a_completion_continues_a_text() -> None:
    sim = _simulator()
    sim.on(last="1, 2, ").reply("3, 4")

    reply = await sim.fetch("POST", "/v1/completions", json={"model": PLAIN, "prompt": "1, 2, "})

    assert drift("/v1/completions", 200, reply.body) == []
    assert reply.json["choices"] == [{"index": 0, "text": "3, 4", "finish_reason": "stop"}]
    assert reply.json["id"] == reply.headers["x-request-id"]


async def test_each_prompt_is_continued_n_times_and_repeated_when_asked() -> None:
    sim = _simulator()
    sim.on().reply("!")
    body = {"model": PLAIN, "prompt": ["a", "b"], "n": 2, "echo": True}

    reply = await sim.fetch("POST", "/v1/completions", json=body)

    assert [choice["text"] for choice in reply.json["choices"]] == ["a!", "a!", "b!", "b!"]
    assert [choice["index"] for choice in reply.json["choices"]] == [0, 1, 2, 3]


async def test_a_completion_in_numbers_counts_them() -> None:
    sim = _simulator()

    short = await sim.fetch("POST", "/v1/completions", json={"model": PLAIN, "prompt": [1, 2]})
    long = await sim.fetch("POST", "/v1/completions", json={"model": PLAIN, "prompt": [[1] * 12]})

    used = [reply.json["usage"]["prompt_tokens"] for reply in (short, long)]
    assert used[1] - used[0] == 10


async def test_a_completion_ends_at_its_most_tokens_or_a_stop_sequence() -> None:
    sim = _simulator()
    sim.on().reply("one two three")

    cut = await sim.fetch("POST", "/v1/completions", json={"model": PLAIN, "prompt": "x", "max_tokens": 2})
    stopped = await sim.fetch("POST", "/v1/completions", json={"model": PLAIN, "prompt": "x", "stop": [" two"]})

    assert [cut.json["choices"][0][name] for name in ("text", "finish_reason")] == ["one two", "length"]
    assert [stopped.json["choices"][0][name] for name in ("text", "finish_reason")] == ["one", "stop"]


async def test_a_streamed_completion_is_the_plain_one_in_pieces() -> None:
    sim = _simulator()
    sim.on().reply("one two three")
    body = {"model": PLAIN, "prompt": "x", "stream": True, "stream_options": {"include_usage": True}}

    plain = (await sim.fetch("POST", "/v1/completions", json={"model": PLAIN, "prompt": "x"})).json
    streamed = await sim.fetch("POST", "/v1/completions", json=body)

    frames = streamed.frames
    assert streamed.events[-1].data == b"[DONE]"
    assert "".join(frame["choices"][0]["text"] for frame in frames[:-1]) == plain["choices"][0]["text"]
    assert [frame["usage"] for frame in frames[:-1]] == [None] * (len(frames) - 1)
    assert (frames[-1]["choices"], frames[-1]["usage"]["completion_tokens"]) == ([], 3)
    assert frames[-2]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/complete"])
async def test_a_reasoning_model_does_not_continue_texts(path: str) -> None:
    body = {"model": REASONING, "prompt": "x", "max_tokens_to_sample": 8}

    reply = await _simulator().fetch("POST", path, json=body)

    assert reply.status == 400
    assert "reasoning" in reply.json["error"]


async def test_openais_client_completes_texts_unchanged() -> None:
    sim = _simulator()
    sim.on().reply("one two")
    async with sim, openai.AsyncOpenAI(api_key=sim.key, base_url=sim.base_url) as client:
        plain = await client.completions.create(model=PLAIN, prompt="x")
        stream = await client.completions.create(model=PLAIN, prompt="x", stream=True)
        text = "".join([chunk.choices[0].text async for chunk in stream])

    assert plain.choices[0].text == text == "one two"
    assert plain.usage is not None
    assert plain.usage.total_tokens == plain.usage.prompt_tokens + 2


@pytest.mark.parametrize(
    ("changed", "text", "reason"),
    [
        ({}, "Hello there", "end_turn"),
        ({"max_tokens_to_sample": 1}, "Hello", "length"),
        ({"stop_sequences": [" there"]}, "Hello", "stop_sequence"),
    ],
)
async def test_complete_says_what_comes_next_and_why_it_ends(changed: dict[str, Any], text: str, reason: str) -> None:
    sim = _simulator()
    sim.on().reply("Hello there")
    body = {"model": PLAIN, "prompt": "\n\nHuman: Hi\n\nAssistant:", "max_tokens_to_sample": 8, **changed}

    reply = await sim.fetch("POST", "/v1/complete", json=body)

    assert validate_request("/v1/complete", body) == []
    assert drift("/v1/complete", 200, reply.body) == []
    assert (reply.json["completion"], reply.json["stop_reason"]) == (text, reason)


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"stream": True}, 400), ({"prompt": None}, 422), ({"max_tokens_to_sample": 0}, 400), ({"model": "gpt-5"}, 404)],
)
async def test_complete_refuses_what_it_cannot(changed: dict[str, Any], status: int) -> None:
    body = {"model": PLAIN, "prompt": "x", "max_tokens_to_sample": 8, **changed}

    assert (await _simulator().fetch("POST", "/v1/complete", json=body)).status == status


async def test_a_message_has_blocks_for_thinking_text_and_tools() -> None:
    sim = _simulator()
    sim.on().reply(reasoning="Hm.", text="Let me see.", tool_calls=[("weather", {"city": "Oslo"})])
    body = _message(tools=[TOOL], system="Be brief.")

    reply = await sim.fetch("POST", "/v1/messages", json=body)

    assert validate_request("/v1/messages", body) == []
    assert drift("/v1/messages", 200, reply.body) == []
    thinking, text, call = reply.json["content"]
    assert thinking == {"type": "thinking", "thinking": "Hm.", "signature": signature("Hm.")}
    assert text == {"type": "text", "text": "Let me see."}
    assert (call["name"], call["input"]) == ("weather", {"city": "Oslo"})
    assert reply.json["stop_reason"] == "tool_use"


async def test_the_input_tokens_of_a_message_are_without_what_was_cached() -> None:
    sim = _simulator()

    first = (await sim.fetch("POST", "/v1/messages", json=_message("Hello world"))).json["usage"]
    second = (await sim.fetch("POST", "/v1/messages", json=_message("Hello world"))).json["usage"]

    assert (first["cache_read_input_tokens"], second["cache_read_input_tokens"] > 0) == (0, True)
    assert second["input_tokens"] + second["cache_read_input_tokens"] == first["input_tokens"]


async def test_a_streamed_message_is_named_events_that_make_the_plain_one() -> None:
    sim = _simulator()
    sim.on().reply(reasoning="Hm, well.", text="One two.", tool_calls=[("weather", {"city": "Oslo"})])
    plain = (await sim.fetch("POST", "/v1/messages", json=_message(tools=[TOOL]))).json

    streamed = await sim.fetch("POST", "/v1/messages", json=_message(tools=[TOOL], stream=True))

    events = streamed.events
    names = [event.event for event in events[:-1]]
    assert names == [frame["type"] for frame in streamed.frames]
    assert (names[0], names[-2], names[-1]) == ("message_start", "message_delta", "message_stop")
    assert events[-1].data == b"[DONE]"
    assert [block["type"] for block in _blocks(streamed.frames)] == ["thinking", "text", "tool_use"]
    assert _blocks(streamed.frames)[:2] == plain["content"][:2]
    assert _blocks(streamed.frames)[2]["input"] == '{"city":"Oslo"}'
    assert streamed.frames[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert streamed.frames[-2]["usage"]["output_tokens"] == plain["usage"]["output_tokens"]


def _blocks(frames: list[Any]) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for frame in frames:
        if frame["type"] == "content_block_start":
            begun = frame["content_block"]
            blocks.append(begun | ({"input": ""} if "input" in begun else {}))
        elif frame["type"] == "content_block_delta":
            field = "input" if "partial_json" in frame["delta"] else frame["delta"]["type"].removesuffix("_delta")
            blocks[frame["index"]][field] += frame["delta"].get(field, frame["delta"].get("partial_json"))
    return blocks


async def test_a_conversation_with_tools_goes_round() -> None:
    sim = _simulator()
    messages = [
        {"role": "user", "content": "Rain in Oslo?"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": signature("Hm.")},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "It rains."}]},
    ]

    reply = await sim.fetch("POST", "/v1/messages", json=_message(messages=messages, tools=[TOOL]))

    assert reply.status == 200
    assert "It rains." in reply.json["content"][-1]["text"]


async def test_a_stop_sequence_is_named_where_the_model_takes_one() -> None:
    sim = _simulator()
    sim.on().reply("one two three")

    plain = await sim.fetch("POST", "/v1/messages", json=_message(model=PLAIN, stop_sequences=[" three", " two"]))
    reasoning = await sim.fetch("POST", "/v1/messages", json=_message(stop_sequences=["x"]))

    assert (plain.json["stop_reason"], plain.json["stop_sequence"]) == ("stop_sequence", " two")
    assert reasoning.status == 400


async def test_a_message_that_is_cut_off_says_max_tokens() -> None:
    sim = _simulator()
    sim.on().reply("one two three")

    reply = await sim.fetch("POST", "/v1/messages", json=_message(max_tokens=1))

    assert (reply.json["content"][0]["text"], reply.json["stop_reason"]) == ("one", "max_tokens")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"messages": []}, 400),
        ({"max_tokens": None}, 422),
        ({"messages": [{"role": "robot", "content": "x"}]}, 422),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, 422),
        ({"tool_choice": {"type": "any"}}, 400),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "other"}}, 400),
        ({"model": "gpt-5"}, 404),
    ],
)
async def test_messages_refuse_what_they_cannot(changed: dict[str, Any], status: int) -> None:
    assert (await _simulator().fetch("POST", "/v1/messages", json=_message(**changed))).status == status
