"""Events of the Responses API add up to the response that a plain call would have given."""

from __future__ import annotations

import json
import random
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.errors import GrokError, ResponseFailed, StreamCorrupted
from grokkit.wire.accumulate_responses import ResponsesAccumulator
from grokkit.wire.answer import Origin, response_answer
from grokkit.wire.events import (
    Citation,
    CitationAdded,
    Finished,
    OtherEvent,
    ReasoningDelta,
    ServerToolProgress,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallDone,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.wire.answer import Answer


def play(events: Iterable[dict[str, Any] | bytes]) -> tuple[ResponsesAccumulator, list[StreamEvent]]:
    accumulator = ResponsesAccumulator()
    frames = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in events]
    return accumulator, [event for frame in frames for event in accumulator.push(frame)]


def answer(accumulator: ResponsesAccumulator) -> Answer:
    return response_answer(accumulator.raw(), Origin())


def told(events: list[StreamEvent], kind: type[TextDelta | ReasoningDelta]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


def every(events: list[StreamEvent], kind: type[Any]) -> list[Any]:
    return [event for event in events if type(event) is kind]


def message(text: str, **beside: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "logprobs": [], "annotations": beside.pop("annotations", [])}
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part], **beside}


def response(*output: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {
        "id": "r-1",
        "object": "response",
        "model": "grok-4.3",
        "status": "completed",
        "output": [*output],
        **beside,
    }


def call(number: int = 0, arguments: str = '{"city":"Oslo"}') -> dict[str, Any]:
    known = {"id": f"fc_{number}", "call_id": f"call_{number}", "name": "weather", "arguments": arguments}
    return {"type": "function_call", "status": "completed", **known}


def delta(text: str, kind: str = "output_text", **place: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "delta": text, **place}


def item_event(step: str, item: dict[str, Any], **place: Any) -> dict[str, Any]:
    return {"type": f"response.output_item.{step}", "item": item, **place}


def completed(*output: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {"type": "response.completed", "response": response(*output, **beside)}


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
arguments = st.dictionaries(words, st.one_of(words, st.integers()), max_size=2).map(json.dumps)
citations = st.lists(words.map(lambda url: {"type": "url_citation", "url": url, "title": "A"}), max_size=2)
text_parts = st.builds(lambda text, notes: message(text, annotations=notes)["content"][0], words, citations)
refusals = words.map(lambda text: {"type": "refusal", "refusal": text})
items = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("message"),
            "role": st.just("assistant"),
            "content": st.lists(text_parts | refusals, min_size=1, max_size=2),
        },
        optional={"x_new": st.just({"a": [1]})},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("reasoning"),
            "summary": st.lists(words.map(lambda text: {"type": "summary_text", "text": text}), max_size=2),
        },
        optional={
            "content": st.lists(words.map(lambda text: {"type": "reasoning_text", "text": text}), max_size=2),
            "encrypted_content": words,
        },
    ),
    st.fixed_dictionaries({"type": st.just("function_call"), "name": words, "arguments": arguments, "call_id": words}),
    st.fixed_dictionaries(
        {"type": st.just("custom_tool_call"), "name": st.just("x_keyword_search"), "input": words, "call_id": words}
    ),
    st.fixed_dictionaries(
        {"type": st.just("web_search_call"), "action": words.map(lambda query: {"type": "search", "query": query})}
    ),
    st.just({"type": "web_search_call", "arguments": '{"query":"xAI"}', "call_id": "", "name": "web_search"}),
    st.fixed_dictionaries(
        {
            "type": st.just("mcp_call"),
            "server_label": words,
            "name": words,
            "arguments": arguments,
            "output": words,
            "error": st.none(),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("code_interpreter_call"),
            "code": words,
            "outputs": st.lists(words.map(lambda logs: {"type": "logs", "logs": logs}), max_size=1),
        }
    ),
    st.fixed_dictionaries({"type": st.just("file_search_call"), "queries": st.lists(words), "results": st.none()}),
    st.fixed_dictionaries({"type": st.just("image_generation_call"), "prompt": words, "result": words}),
    st.fixed_dictionaries({"type": st.just("hologram"), "depth": st.integers()}),
)


@st.composite
def responses(draw: st.DrawFn) -> dict[str, Any]:
    """Responses as xAI gives them: ids with suffixes, unknown items and fields, all kinds of ends."""
    output = [
        item | {"id": f"{item['type'][:2]}_r-1_us-east-1_{place}", "status": "completed"}
        for place, item in enumerate(draw(st.lists(items, max_size=5)))
    ]
    ends: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [
            {"status": "completed", "incomplete_details": None},
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        ]
    )
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5, "cost_in_usd_ticks": 1}
    return response(*output, **draw(ends), usage=usage, completed_at=9, x_new={"a": None})


@given(responses(), st.integers(), st.tuples(*[st.booleans()] * 4), st.sampled_from(["completed", "done"]))
def test_a_response_cut_anyhow_adds_up_to_itself(
    cutting: Any, reply: dict[str, Any], seed: int, left_out: tuple[bool, ...], ending: str
) -> None:
    kind = "incomplete" if reply["status"] == "incomplete" else ending
    faults = cutting.Faults(*left_out, ending=f"response.{kind}")
    frames = cutting.cut_response(reply, random.Random(seed), faults)

    accumulator, events = play(frames)

    plain = response_answer(reply, Origin())
    assert accumulator.finished
    assert accumulator.raw() == reply
    assert answer(accumulator) == plain
    assert told(events, TextDelta) == plain.text
    assert told(events, ReasoningDelta) == plain.reasoning
    assert [event.citation for event in every(events, CitationAdded)] == plain.citations
    assert [event.reason for event in every(events, Finished)] == [plain.finish_reason]
    done = [event.call for event in every(events, ToolCallDone)]
    assert sorted(done, key=repr) == sorted(plain.tool_calls, key=repr)


@given(responses(), st.integers())
def test_the_pieces_of_each_call_are_its_arguments(cutting: Any, reply: dict[str, Any], seed: int) -> None:
    frames = cutting.cut_response(reply, random.Random(seed), cutting.Faults())

    _, events = play(frames)

    pieces: dict[int, str] = {}
    for event in every(events, ToolCallDelta):
        pieces[event.index] = pieces.get(event.index, "") + event.arguments
    calls = [item for item in reply["output"] if item["type"] == "function_call"]
    assert [pieces[index] for index in sorted(pieces)] == [item["arguments"] for item in calls]


@given(responses())
def test_a_whole_reply_tells_what_its_stream_would_have_told(reply: dict[str, Any]) -> None:
    accumulator = ResponsesAccumulator()

    events = list(accumulator.push_whole(json.dumps(reply).encode()))

    plain = response_answer(reply, Origin())
    assert accumulator.raw() == reply
    assert told(events, TextDelta) == plain.text
    assert told(events, ReasoningDelta) == plain.reasoning
    assert [event.call for event in every(events, ToolCallDone)] == plain.tool_calls
    assert [event.citation for event in every(events, CitationAdded)] == plain.citations
    assert len(every(events, Finished)) == 1


def test_the_encrypted_reasoning_of_the_item_is_in_the_whole() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}

    accumulator, _ = play(
        [
            item_event("added", thought, output_index=0),
            item_event("done", thought | {"encrypted_content": "gAAA"}, output_index=0),
            completed(thought, message("Hi")),
        ]
    )

    assert accumulator.raw()["output"][0]["encrypted_content"] == "gAAA"


def test_two_reasoning_items_of_one_id_keep_their_own_secrets() -> None:
    thought = {"type": "reasoning", "id": "rs_r-1", "summary": []}
    secrets = ["one", "two"]
    dones = [
        item_event("done", thought | {"encrypted_content": secret}, output_index=2 * place)
        for place, secret in enumerate(secrets)
    ]

    accumulator, _ = play([*dones, completed(thought, message("Hi"), thought)])

    output = accumulator.raw()["output"]
    assert [item.get("encrypted_content") for item in output] == ["one", None, "two"]


def test_an_item_that_the_last_frame_forgot_is_put_back_in_its_place() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    text = message("Hi")

    accumulator, _ = play(
        [
            item_event("done", thought, output_index=0),
            item_event("done", text, output_index=1),
            completed(text),
        ]
    )

    assert accumulator.raw()["output"] == [thought, text]


def test_what_an_item_began_with_gives_way_to_what_it_became() -> None:
    began = {"type": "web_search_call", "id": "ws_1", "arguments": "{}", "status": "in_progress"}
    became = {"type": "web_search_call", "id": "ws_1", "action": {"type": "search"}, "status": "completed"}

    accumulator, _ = play(
        [
            item_event("added", began, output_index=0),
            item_event("done", became, output_index=0),
            completed(became),
        ]
    )

    assert accumulator.raw()["output"] == [became]


def test_a_name_that_only_the_announcement_had_is_kept() -> None:
    nameless = {"type": "function_call", "id": "fc_0", "arguments": call()["arguments"], "status": "completed"}

    accumulator, events = play(
        [
            item_event("added", call(arguments=""), output_index=0),
            item_event("done", nameless, output_index=0),
            completed(nameless),
        ]
    )

    assert answer(accumulator).tool_calls == [ToolCall(id="call_0", name="weather", arguments=call()["arguments"])]
    assert [event.call for event in every(events, ToolCallDone)] == answer(accumulator).tool_calls


def test_an_item_that_only_began_and_is_not_in_the_whole_is_left_out() -> None:
    accumulator, _ = play([item_event("added", {"type": "reasoning", "id": "rs_1"}), completed(message("Hi"))])

    assert accumulator.raw()["output"] == [message("Hi")]


def test_a_place_used_twice_holds_two_items() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}

    accumulator, _ = play(
        [
            item_event("added", thought, output_index=0),
            item_event("done", thought, output_index=0),
            item_event("added", message("") | {"content": []}, output_index=0),
            delta("Hi", output_index=0, item_id="msg_1"),
            completed(),
        ]
    )

    assert [item["type"] for item in accumulator.raw()["output"]] == ["reasoning", "message"]
    assert answer(accumulator).text == "Hi"


def test_texts_alone_add_up_to_a_message() -> None:
    note = {"type": "url_citation", "url": "https://x.ai"}

    accumulator, events = play(
        [
            delta("Hel", "output_text"),
            delta("lo", "output_text"),
            {"type": "response.output_text.annotation.added", "annotation": note},
            {"type": "response.completed"},
        ]
    )

    (item,) = accumulator.raw()["output"]
    part = {"type": "output_text", "text": "Hello", "logprobs": [], "annotations": [note]}
    assert item == {"type": "message", "role": "assistant", "content": [part], "status": "completed"}
    assert answer(accumulator).citations == [Citation(url="https://x.ai")]
    assert answer(accumulator).finish_reason == "stop"
    assert told(events, TextDelta) == "Hello"


@pytest.mark.parametrize("index", [-1, 5, 10**12])
def test_a_place_far_off_costs_nothing(index: int) -> None:
    accumulator, _ = play([delta("Hi", output_index=index, content_index=index), {"type": "response.completed"}])

    (item,) = accumulator.raw()["output"]
    assert [part["text"] for part in item["content"]] == ["Hi"]


def test_what_a_whole_text_adds_to_its_pieces_is_told() -> None:
    accumulator, events = play(
        [
            delta("Hel", output_index=0, content_index=0),
            {"type": "response.output_text.done", "text": "Hello", "output_index": 0, "content_index": 0},
            item_event("done", message("Hello there"), output_index=0),
            completed(message("Hello there")),
        ]
    )

    assert told(events, TextDelta) == answer(accumulator).text == "Hello there"


def test_arguments_that_came_with_the_announcement_are_told_once() -> None:
    accumulator, events = play(
        [
            item_event("added", call(), output_index=0),
            delta(call()["arguments"], "function_call_arguments", output_index=0),
            item_event("done", call(), output_index=0),
            completed(call()),
        ]
    )

    assert "".join(event.arguments for event in every(events, ToolCallDelta)) == call()["arguments"]
    assert answer(accumulator).tool_calls == [ToolCall(id="call_0", name="weather", arguments=call()["arguments"])]
    assert answer(accumulator).finish_reason == "tool_calls"


def test_a_call_that_nobody_streamed_is_told_in_one_piece() -> None:
    _, events = play([item_event("done", call()), completed(call())])

    assert [type(event) for event in events] == [ToolCallDelta, ToolCallDone, Finished]


def test_paragraphs_of_reasoning_are_set_apart() -> None:
    parts = [{"type": "summary_text", "text": text} for text in ("First", "Then")]
    thought = {"type": "reasoning", "id": "rs_1", "summary": parts}

    accumulator, events = play(
        [
            *(
                delta(piece, "reasoning_summary_text", output_index=0, summary_index=place)
                for place, part in enumerate(parts)
                for piece in part["text"]
            ),
            completed(thought),
        ]
    )

    assert told(events, ReasoningDelta) == answer(accumulator).reasoning == "First\n\nThen"


def test_tools_of_the_server_tell_how_far_they_are() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "in_progress", "action": {"type": "search"}}
    place = {"item_id": "ws_1", "output_index": 0}

    _, events = play(
        [
            item_event("added", search, output_index=0),
            *({"type": f"response.web_search_call.{step}", **place} for step in ("in_progress", "searching")),
            item_event("done", search | {"status": "completed"}, output_index=0),
        ]
    )

    steps = [(event.tool, event.status, event.item_id) for event in every(events, ServerToolProgress)]
    assert steps == [
        ("web_search_call", status, "ws_1") for status in ("in_progress", "in_progress", "searching", "completed")
    ]


def test_unknown_events_are_told_with_their_frame() -> None:
    frame = b'{"type":"response.doom_loop_check","score":0.5}'

    _, events = play([frame])

    (event,) = events
    assert isinstance(event, OtherEvent)
    assert (event.type, event.frame, event.raw) == ("response.doom_loop_check", frame, json.loads(frame))


@pytest.mark.parametrize("frame", [{"type": "ping"}, completed(), {"type": "response.done"}])
def test_nothing_is_told_by_pings_and_second_ends(frame: dict[str, Any]) -> None:
    accumulator, before = play([completed(message("Hi"))])

    assert list(accumulator.push(json.dumps(frame).encode())) == []
    assert len(every(before, Finished)) == 1
    assert answer(accumulator).text == "Hi"


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "error", "code": "server_error", "message": "Service temporarily unavailable", "param": None},
        {"type": "error", "status": 400, "error": {"code": "previous_response_not_found", "message": "gone"}},
        {"code": "The service is currently unavailable", "error": "Timed out"},
        {"type": "response.failed", "response": {"status": "failed", "error": {"code": "x", "message": "failed"}}},
    ],
)
def test_an_error_frame_is_raised_and_the_text_so_far_stays(frame: dict[str, Any]) -> None:
    accumulator, _ = play([delta("Hi")])

    with pytest.raises(GrokError):
        tuple(accumulator.push(json.dumps(frame).encode()))

    assert answer(accumulator).text == "Hi"
    assert not accumulator.finished


def test_a_whole_reply_that_failed_is_raised() -> None:
    reply = response(status="failed", error={"code": "server_error", "message": "boom"})

    with pytest.raises(ResponseFailed, match="boom"):
        ResponsesAccumulator().push_whole(json.dumps(reply).encode())


def test_the_answer_so_far_has_no_reason_to_have_ended() -> None:
    accumulator, _ = play([{"type": "response.created", "response": response(status="in_progress")}, delta("Hi")])

    assert (answer(accumulator).text, answer(accumulator).finish_reason) == ("Hi", None)
    assert not accumulator.begun


@pytest.mark.parametrize("frame", [b"<html>", b"[1]", b'"text"', b"{", b"", b"\xff\xfe"])
def test_a_frame_that_is_no_object_is_a_corrupted_stream(frame: bytes) -> None:
    with pytest.raises(StreamCorrupted):
        play([frame])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
kinds = st.sampled_from(
    [
        "output_text.delta",
        "output_text.done",
        "output_text.annotation.added",
        "content_part.done",
        "reasoning_summary_text.delta",
        "function_call_arguments.done",
        "output_item.added",
        "output_item.done",
        "completed",
    ]
)
fields = st.sampled_from(
    ["delta", "text", "item", "part", "response", "annotation", "output_index", "item_id", "arguments", "content_index"]
)
odd_items = st.dictionaries(
    st.sampled_from(["type", "id", "call_id", "content", "summary", "arguments", "name", "output", "status", "usage"]),
    values | st.sampled_from(["message", "reasoning", "function_call"]) | st.lists(st.just({"type": "output_text"})),
)


@pytest.mark.filterwarnings("ignore::grokkit.wire.strays.SchemaStrayed")
@given(st.lists(st.tuples(kinds, st.dictionaries(fields, values | odd_items)), max_size=6))
def test_no_field_of_any_type_breaks_the_stream(frames: list[tuple[str, dict[str, Any]]]) -> None:
    accumulator, _ = play({"type": f"response.{kind}", **beside} for kind, beside in frames)

    assert isinstance(answer(accumulator).text, str)


def test_a_long_stream_holds_its_text_and_no_frames() -> None:
    accumulator = ResponsesAccumulator()
    place: dict[str, Any] = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "x_padding": "x" * 500}

    tracemalloc.start()
    for number in range(20_000):
        tuple(accumulator.push(json.dumps(delta(f"{number} ", **place)).encode()))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 20_000 * 80


def test_llama_cpp_calls_without_place_and_id_are_told_apart() -> None:
    known = [{"type": "function_call", "call_id": f"fc_{n}", "name": "weather"} for n in range(2)]
    places = [{"item_id": item["call_id"]} for item in known]

    accumulator, events = play(
        [
            {"type": "response.created", "response": {"id": "resp_1", "object": "response", "status": "in_progress"}},
            *(item_event("added", item | {"arguments": "", "status": "in_progress"}) for item in known),
            *(delta(piece, "function_call_arguments", **place) for piece in ("{}"[:1], "{}"[1:]) for place in places),
            *(item_event("done", item | {"arguments": "{}", "status": "completed"}) for item in known),
            completed(*(item | {"arguments": "{}", "status": "completed"} for item in known)),
        ]
    )

    calls = [ToolCall(id=item["call_id"], name="weather", arguments="{}") for item in known]
    assert answer(accumulator).tool_calls == calls
    assert [event.call for event in every(events, ToolCallDone)] == calls
    assert [event.index for event in every(events, ToolCallDelta)] == [0, 1, 0, 1, 0, 1]


def test_llama_cpp_reasoning_and_text_without_places_are_told_apart() -> None:
    thought: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": ""}
    text: dict[str, Any] = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}
    whole = [
        thought | {"content": [{"type": "reasoning_text", "text": "Hm"}]},
        text | {"content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}]},
    ]

    accumulator, events = play(
        [
            item_event("added", thought | {"status": "in_progress"}),
            delta("Hm", "reasoning_text", item_id="rs_1"),
            item_event("added", text | {"status": "in_progress"}),
            delta("Hi", "output_text", item_id="msg_1"),
            {"type": "response.completed", "response": response(*whole), "timings": {"prompt_n": 1}},
        ]
    )

    assert accumulator.raw()["output"] == whole
    assert (told(events, ReasoningDelta), told(events, TextDelta)) == ("Hm", "Hi")
