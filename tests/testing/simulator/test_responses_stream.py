"""Streams of the Responses API: every kind of item, its events in their order, and the ways to end."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import frame_drift
from grokkit.testing.simulator import ServerCall, Simulator
from grokkit.testing.simulator.nouns.responses import Habits

PATH = "/v1/responses"
SEARCH = {"type": "search", "query": "xAI", "sources": [{"type": "url", "url": "https://x.ai"}]}
BEGINNING = ["response.created", "response.in_progress"]
TEXT = [
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
]


def simulator() -> Simulator:
    return Simulator(clock=TurnableClock())


async def stream(sim: Simulator, headers: dict[str, str] | None = None, **body: Any) -> list[dict[str, Any]]:
    sent = {"model": "grok-4.6", "input": "Hi", "stream": True, **body}
    reply = await sim.fetch("POST", PATH, json=sent, headers=headers)
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "text/event-stream"
    frames: list[dict[str, Any]] = reply.frames
    assert [frame_drift(PATH, frame) for frame in frames if frame_drift(PATH, frame)] == []
    return frames


def kinds(frames: list[dict[str, Any]]) -> list[str]:
    """The types in order, repeated ones once."""
    return [kind for kind, _ in itertools.groupby(frame["type"] for frame in frames)]


def between(frames: list[dict[str, Any]]) -> list[str]:
    """What happens between the beginning and the message."""
    found = kinds(frames)
    assert found[:2] == BEGINNING
    assert found[-1 - len(TEXT) : -1] == TEXT
    return [kind.removeprefix("response.") for kind in found[2 : -1 - len(TEXT)]]


async def test_a_text_is_told_in_order_and_numbered_from_0() -> None:
    sim = simulator()
    sim.on().reply("Hello there")

    frames = await stream(sim)

    assert kinds(frames) == [*BEGINNING, *TEXT, "response.completed"]
    assert [frame["sequence_number"] for frame in frames] == list(range(len(frames)))
    assert frames[0]["response"]["status"] == "in_progress"
    assert frames[0]["response"]["usage"] is None
    assert frames[0]["response"].keys() == frames[-1]["response"].keys()
    deltas = [frame["delta"] for frame in frames if frame["type"].endswith("delta")]
    assert deltas == ["Hello", " there"]
    assert frames[-1]["response"]["output"][0]["content"][0]["text"] == "Hello there"


async def test_the_pieces_of_a_text_can_be_chosen() -> None:
    sim = simulator()
    sim.on().reply(pieces=["He", "llo"])

    frames = await stream(sim)

    assert [frame["delta"] for frame in frames if frame["type"].endswith("delta")] == ["He", "llo"]


async def test_a_stream_says_what_the_plain_reply_says() -> None:
    words: dict[str, Any] = {"model": "grok-4.7", "input": "What is 2 + 2?", "tools": [{"type": "web_search"}]}

    plain = (await simulator().fetch("POST", PATH, json=words)).json
    streamed = (await stream(simulator(), **words))[-1]["response"]

    as_recorded = {"temperature", "top_p", "reasoning"}
    assert {name for name in plain if plain[name] != streamed[name]} <= as_recorded | {"created_at", "completed_at"}


@pytest.mark.parametrize(
    ("model", "events"),
    [
        (
            "grok-4.3",
            ["summary_part.added", "summary_text.delta", "summary_text.done", "summary_part.done"],
        ),
        ("grok-4.6", ["text.delta", "text.done"]),
    ],
)
async def test_reasoning_is_told_in_the_form_of_its_generation(model: str, events: list[str]) -> None:
    sim = simulator()
    sim.on().reply(text="Yes.", reasoning="First I think")

    frames = await stream(sim, model=model)

    reasoning = [f"reasoning_{name}" for name in events]
    assert between(frames) == ["output_item.added", *reasoning, "output_item.done"]


async def test_encrypted_reasoning_is_only_in_the_finished_item() -> None:
    sim = simulator()
    sim.on().reply(text="Yes.", reasoning="First I think")

    frames = await stream(sim, include=["reasoning.encrypted_content"])

    carrying = [frame["type"] for frame in frames if "encrypted_content" in frame.get("item", {})]
    assert carrying == ["response.output_item.done"]


@pytest.mark.parametrize(
    ("call", "events"),
    [
        (
            ServerCall(type="web_search_call", fields={"action": SEARCH}),
            ["web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed"],
        ),
        (
            ServerCall(type="file_search_call", fields={"queries": ["xAI"]}),
            ["file_search_call.in_progress", "file_search_call.searching", "file_search_call.completed"],
        ),
        (
            ServerCall(type="x_search_call", fields={"arguments": "{}"}),
            ["x_search_call.in_progress", "x_search_call.searching", "x_search_call.completed"],
        ),
        (
            ServerCall(type="custom_tool_call", fields={"name": "x_user_search", "input": '{"query":"xai"}'}),
            ["custom_tool_call_input.delta", "custom_tool_call_input.done"],
        ),
        (
            ServerCall(type="code_interpreter_call", fields={"code": "print(1)"}),
            [
                "code_interpreter_call.in_progress",
                "code_interpreter_call_code.delta",
                "code_interpreter_call_code.done",
                "code_interpreter_call.interpreting",
                "code_interpreter_call.completed",
            ],
        ),
        (
            ServerCall(type="mcp_call", fields={"server_label": "s", "name": "find", "output": "found"}),
            [
                "mcp_call.in_progress",
                "mcp_call_arguments.delta",
                "mcp_call_arguments.done",
                "mcp_call.executing",
                "mcp_call_output.delta",
                "mcp_call_output.done",
                "mcp_call.completed",
            ],
        ),
        (
            ServerCall(type="mcp_call", fields={"name": "find", "status": "failed", "error": "no"}),
            [
                "mcp_call.in_progress",
                "mcp_call_arguments.delta",
                "mcp_call_arguments.done",
                "mcp_call.executing",
                "mcp_call.failed",
            ],
        ),
        (
            ServerCall(type="image_generation_call", fields={"prompt": "a cat", "result": "aGk="}),
            [
                "image_generation_call.in_progress",
                "image_generation_call.generating",
                "image_generation_call.completed",
            ],
        ),
        (ServerCall(type="tool_search_call", fields={"arguments": {"query": "x", "limit": 1}}), []),
        (ServerCall(type="tool_search_output"), []),
    ],
    ids=lambda value: value.type if isinstance(value, ServerCall) else "",
)
async def test_each_tool_of_the_server_has_its_events(call: ServerCall, events: list[str]) -> None:
    sim = simulator()
    sim.on().reply(text="Found.", server_calls=[call])

    frames = await stream(sim, include=["mcp_call_output"])

    assert between(frames) == ["output_item.added", *events, "output_item.done"]
    added, done = (frame["item"] for frame in frames if frame.get("item", {}).get("type") == call.type)
    assert added["status"] == "in_progress"
    assert done["status"] in {"completed", "failed"}
    ids = {frame["item_id"] for frame in frames if frame.get("output_index") == 0 and "item_id" in frame}
    assert ids <= {done["id"]}
    assert frames[-1]["response"]["output"][0] == done


async def test_a_search_begins_without_its_query() -> None:
    sim = simulator()
    sim.on().reply(text="Found.", server_calls=[ServerCall(type="web_search_call", fields={"action": SEARCH})])

    frames = await stream(sim)

    item = frames[2]["item"]
    assert item["action"] == {"type": "search", "query": "", "sources": []}
    assert item["id"].startswith("ws_")


async def test_listing_the_tools_of_an_mcp_server_is_told_and_is_no_output() -> None:
    sim = simulator()
    call = ServerCall(type="mcp_call", fields={"server_label": "s", "name": "find"})
    sim.on().reply(text="Found.", server_calls=[ServerCall(type="mcp_list_tools"), call])

    frames = await stream(sim)

    assert between(frames)[:3] == ["mcp_list_tools.in_progress", "mcp_list_tools.completed", "output_item.added"]
    assert [item["type"] for item in frames[-1]["response"]["output"]] == ["mcp_call", "message"]


async def test_functions_are_called_whole() -> None:
    sim = simulator()
    sim.on().reply(tool_calls=[("weather", {"city": "Oslo"}), ("time", {})])

    frames = await stream(sim)

    call = [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
    ]
    assert [frame["type"] for frame in frames] == [*BEGINNING, *call, *call, "response.completed"]
    assert frames[3]["delta"] == '{"city":"Oslo"}'
    assert frames[2]["item"]["arguments"] == ""


async def test_functions_can_be_called_in_fragments_that_take_turns() -> None:
    sim = simulator()
    sim.state(Habits).interleaved_functions = True
    sim.on().reply(tool_calls=[("weather", {"city": "Reykjavik"}), ("time", {"zone": "Iceland"})], fragments=True)

    frames = await stream(sim)

    deltas = [frame for frame in frames if frame["type"].endswith("arguments.delta")]
    assert [frame["output_index"] for frame in deltas] == [0, 1, 0, 1, 0, 1]
    joined = "".join(frame["delta"] for frame in deltas if frame["output_index"] == 0)
    assert joined == '{"city":"Reykjavik"}'


async def test_tools_of_the_server_can_run_at_the_same_time() -> None:
    sim = simulator()
    sim.state(Habits).parallel_server_tools = True
    search = ServerCall(type="web_search_call", fields={"action": SEARCH})
    sim.on().reply(text="Found.", server_calls=[search, search])

    frames = await stream(sim)

    opening = ["output_item.added", "web_search_call.in_progress", "web_search_call.searching"]
    closing = ["web_search_call.completed", "output_item.done"]
    assert between(frames) == [*opening, *opening, *closing, *closing]


async def test_citations_come_after_the_text() -> None:
    sim = simulator()
    sim.on().reply(text="xAI.", citations=["https://x.ai", "https://x.com"])

    frames = await stream(sim)

    added = [frame for frame in frames if frame["type"] == "response.output_text.annotation.added"]
    assert [frame["annotation_index"] for frame in added] == [0, 1]
    assert added[0]["annotation"]["type"] == "url_citation"
    annotations = frames[-1]["response"]["output"][-1]["content"][0]["annotations"]
    assert annotations == [frame["annotation"] for frame in added]


async def test_a_refusal_is_streamed_as_such() -> None:
    sim = simulator()
    sim.on().reply(refusal="I will not")

    found = kinds(await stream(sim))

    assert "response.refusal.delta" in found
    assert found.index("response.refusal.done") < found.index("response.content_part.done")


@pytest.mark.parametrize(
    ("reason", "last"),
    [("length", "response.incomplete"), ("failed", "response.failed"), (None, "response.completed")],
)
async def test_the_last_event_tells_how_it_ended(reason: str | None, last: str) -> None:
    sim = simulator()
    sim.on().reply(text="Well", **({"finish_reason": reason} if reason else {}))

    frames = await stream(sim)

    assert frames[-1]["type"] == last


async def test_a_failure_can_be_a_bare_error() -> None:
    sim = simulator()
    sim.state(Habits).nested_errors = True
    sim.on().reply(text="Service temporarily unavailable", finish_reason="failed")

    frames = await stream(sim)

    assert frames[-1]["type"] == "error"
    assert frames[-1]["message"] == "Service temporarily unavailable"


async def test_the_last_event_may_be_empty_have_another_name_and_no_done_after_it() -> None:
    sim = simulator()
    habits = sim.state(Habits)
    habits.empty_output = habits.terminal_alias = True
    habits.closing_done = False

    frames = await stream(sim)
    reply = await sim.fetch("POST", PATH, json={"model": "grok-4.6", "input": "Hi", "stream": True})

    assert frames[-1]["type"] == "response.done"
    assert frames[-1]["response"]["output"] == []
    assert reply.events[-1].data != b"[DONE]"


async def test_streams_end_with_done_and_have_no_event_names() -> None:
    reply = await simulator().fetch("POST", PATH, json={"model": "grok-4.6", "input": "Hi", "stream": True})

    assert reply.body.endswith(b"data: [DONE]\n\n")
    assert b"event:" not in reply.body


async def test_the_loop_check_is_told_to_those_who_ask() -> None:
    frames = await stream(simulator(), headers={"x-grok-doom-loop-check": "1"})

    assert frames[-2]["type"] == "response.doom_loop_check"


async def test_a_paced_stream_takes_its_time() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock, pace=1.0)
    sim.on().reply("one two three")
    began = clock.now()

    async with clock.rushing():
        await stream(sim)

    assert clock.now() - began == pytest.approx(3.0)
