"""Chunks of Chat Completions add up to the completion that a plain call would have given."""

from __future__ import annotations

import json
import random
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.errors import ServerFailed, StreamCorrupted
from grokkit.wire.accumulate_chat import ChatAccumulator
from grokkit.wire.answer import Origin, chat_answer
from grokkit.wire.events import (
    CitationAdded,
    Finished,
    OtherEvent,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallDone,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.wire.answer import Answer

HEAD = {"id": "u-1", "object": "chat.completion.chunk", "created": 7, "model": "grok-4.3"}


def chunk(delta: dict[str, Any] | None = None, **beside: Any) -> dict[str, Any]:
    """A chunk with one choice, or with none when there is no delta."""
    top = {name: beside.pop(name) for name in list(beside) if name not in {"index", "finish_reason", "logprobs", "x"}}
    choices = [] if delta is None else [{"index": 0, "delta": delta} | beside]
    return {**HEAD, "choices": choices, **top}


def play(chunks: Iterable[dict[str, Any] | bytes], *, end: bool = True) -> tuple[ChatAccumulator, list[StreamEvent]]:
    accumulator = ChatAccumulator()
    frames = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in chunks]
    events = [event for frame in frames for event in accumulator.push(frame)]
    return accumulator, events + list(accumulator.end() if end else ())


def answer(accumulator: ChatAccumulator) -> Answer:
    return chat_answer(accumulator.raw(), Origin())


def told(events: list[StreamEvent], kind: type[TextDelta | ReasoningDelta], choice: int = 0) -> str:
    return "".join(event.text for event in events if isinstance(event, kind) and event.choice == choice)


words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
texts = st.one_of(st.just(""), words)
arguments = st.dictionaries(words, st.one_of(words, st.integers(), st.just({"a": {}})), max_size=2).map(json.dumps)


@st.composite
def completions(draw: st.DrawFn) -> dict[str, Any]:
    """Completions as xAI gives them, with fields that nobody knows."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost_in_usd_ticks": 1}
    optional = {
        "citations": st.lists(words, unique=True, max_size=3),
        "service_tier": st.just("default"),
        "x_new": st.just({"a": [1, 2], "b": None}),
        "system_fingerprint": st.just("fp_1"),
    }
    extras = draw(st.fixed_dictionaries({}, optional=optional))
    choices = [draw(_choices(index)) for index in range(draw(st.integers(1, 3)))]
    return {**HEAD, "object": "chat.completion", "choices": choices, "usage": usage, **extras}


@st.composite
def _choices(draw: st.DrawFn, index: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": draw(texts), "refusal": draw(st.none() | words)}
    if reasoning := draw(texts):
        message["reasoning_content"] = reasoning
    calls = [
        {"id": f"call_{index}_{place}", "function": {"name": "weather", "arguments": text}, "type": "function"}
        for place, text in enumerate(draw(st.lists(arguments, max_size=3)))
    ]
    message |= {"tool_calls": calls} if calls else {}
    message |= draw(st.fixed_dictionaries({}, optional={"x_flag": st.just(value=True), "x_list": st.just([{"a": 1}])}))
    choice = {"index": index, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    tokens = draw(st.lists(words.map(lambda token: {"token": token, "logprob": -1.5}), max_size=3))
    return choice | ({"logprobs": {"content": tokens}} if tokens else {}) | ({"x_beside": [1]} if calls else {})


@given(completions(), st.integers())
def test_a_completion_cut_anyhow_adds_up_to_itself(cutting: Any, reply: dict[str, Any], seed: int) -> None:
    frames = cutting.cut_chat(reply, random.Random(seed))

    accumulator, events = play(frames, end=False)

    assert accumulator.finished
    assert accumulator.raw() == reply
    assert answer(accumulator) == chat_answer(reply, Origin())
    assert list(accumulator.end()) == []
    for index, choice in enumerate(reply["choices"]):
        assert told(events, TextDelta, index) == choice["message"]["content"]
        assert told(events, ReasoningDelta, index) == choice["message"].get("reasoning_content", "")


@given(completions(), st.integers())
def test_each_call_and_each_end_is_told_once(cutting: Any, reply: dict[str, Any], seed: int) -> None:
    frames = cutting.cut_chat(reply, random.Random(seed))

    _, events = play(frames)

    finished = [(event.choice, event.reason) for event in events if isinstance(event, Finished)]
    done = [event.call for event in events if isinstance(event, ToolCallDone) and event.choice == 0]
    cited = [event.citation for event in events if isinstance(event, CitationAdded)]
    assert sorted(finished) == [(choice["index"], choice["finish_reason"]) for choice in reply["choices"]]
    assert done == chat_answer(reply, Origin()).tool_calls
    assert cited == chat_answer(reply, Origin()).citations


def test_the_pieces_of_a_call_are_told_as_they_come() -> None:
    pieces = ['{"city":', '"Oslo"}']

    _, events = play(
        [
            chunk({"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": ""}}]}),
            *(chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in pieces),
            chunk({}, finish_reason="tool_calls"),
        ]
    )

    deltas = [event for event in events if isinstance(event, ToolCallDelta)]
    done = [event.call for event in events if isinstance(event, ToolCallDone)]
    assert [(delta.index, delta.id, delta.name) for delta in deltas] == [(0, "call_1", "weather")] * 3
    assert [delta.arguments for delta in deltas] == ["", *pieces]
    assert done == [ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo"}')]


@pytest.mark.parametrize("said", [None, "stop"])
def test_calls_make_the_reason_tool_calls_where_the_server_says_none(said: str | None) -> None:
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}

    accumulator, events = play([chunk({"tool_calls": [call]}, finish_reason=None), chunk({}, finish_reason=said)])

    assert [event.reason for event in events if isinstance(event, Finished)] == ["tool_calls"]
    assert answer(accumulator).finish_reason == "tool_calls"
    assert sum(isinstance(event, ToolCallDone) for event in events) == 1


def test_an_answer_whose_end_nobody_explains_ends_without_a_reason() -> None:
    accumulator, events = play([chunk({"content": "Hi"}, finish_reason=None)])

    assert [event.reason for event in events if isinstance(event, Finished)] == [None]
    assert answer(accumulator).finish_reason is None


def test_usage_alone_is_the_end_even_without_a_reason() -> None:
    accumulator, _ = play([chunk({"content": "Hi"}), chunk(usage={"total_tokens": 3})], end=False)

    assert accumulator.finished


def test_usage_in_every_chunk_is_not_the_end() -> None:
    accumulator, _ = play([chunk({"content": "Hi"}, usage={"total_tokens": 3})], end=False)

    assert not accumulator.finished


def test_a_reason_said_twice_is_told_once() -> None:
    _, events = play([chunk({"content": "Hi"}, finish_reason="stop"), chunk({}, finish_reason="stop", usage={"a": 1})])

    assert sum(isinstance(event, Finished) for event in events) == 1


def test_fields_that_change_between_chunks_of_text_are_seen() -> None:
    accumulator, _ = play(
        [
            chunk({"role": "assistant", "content": "a"}),
            chunk({"content": "b"}),
            chunk({"content": "c"}, service_tier="priority"),
            chunk({"content": "d"}, service_tier="priority", x_load={"now": 1}),
            chunk({"content": "e"}, service_tier="default", x_load={"peak": 2}),
        ]
    )

    raw = accumulator.raw()
    assert (raw["service_tier"], raw["x_load"]) == ("default", {"now": 1, "peak": 2})
    assert answer(accumulator).text == "abcde"


def test_unknown_texts_in_deltas_add_up_even_where_the_chunks_are_equal() -> None:
    accumulator, _ = play([chunk({"content": "a", "thought": "x", "id": "t1"})] * 3)

    message = accumulator.raw()["choices"][0]["message"]
    assert (message["content"], message["thought"], message["id"]) == ("aaa", "xxx", "t1")


def test_pieces_of_unknown_lists_find_each_other_by_index() -> None:
    details = [[{"index": 0, "text": "So", "type": "t"}], [{"index": 1, "text": "And"}, {"index": 0, "text": " it"}]]

    accumulator, _ = play([chunk({"content": "a", "details": piece}) for piece in details])

    found = accumulator.raw()["choices"][0]["message"]["details"]
    assert found == [{"index": 0, "text": "So it", "type": "t"}, {"index": 1, "text": "And"}]


def test_a_signature_beside_a_call_is_kept() -> None:
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"signature": "s"}}

    accumulator, _ = play([chunk({"tool_calls": [call]})])

    (kept,) = accumulator.raw()["choices"][0]["message"]["tool_calls"]
    assert kept == {key: call[key] for key in ("id", "function", "extra_content")} | {"type": "function"}


def test_equal_refusals_and_tokens_in_equal_chunks_add_up() -> None:
    token = {"content": [{"token": "a", "logprob": -1}]}

    accumulator, _ = play([chunk({"content": "a", "refusal": "n"}, logprobs=token)] * 2)

    (choice,) = accumulator.raw()["choices"]
    assert choice["message"]["refusal"] == "nn"
    assert choice["logprobs"] == {"content": token["content"] * 2}


def test_a_content_that_is_null_throughout_stays_null() -> None:
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}

    accumulator, _ = play([chunk({"role": "assistant", "content": None}), chunk({"tool_calls": [call]})])

    assert accumulator.raw()["choices"][0]["message"]["content"] is None
    assert answer(accumulator).text == ""


@pytest.mark.parametrize("space", ["", " "])
@given(parts=st.lists(words, min_size=1), field=st.sampled_from(["content", "reasoning_content"]))
def test_text_is_exact_however_it_is_escaped(space: str, parts: list[str], field: str) -> None:
    separators = ("," + space, ":" + space)
    frames = [
        json.dumps(chunk({field: part}), separators=separators, ensure_ascii=place % 2 == 0).encode()
        for place, part in enumerate(parts)
    ]

    accumulator, events = play(frames)

    found = answer(accumulator)
    assert (found.text if field == "content" else found.reasoning) == "".join(parts)
    assert told(events, TextDelta) + told(events, ReasoningDelta) == "".join(parts)


def test_a_text_elsewhere_in_the_frame_is_not_taken_for_the_answer() -> None:
    frames = [
        b'{"note":{"content":"%s"},"choices":[{"index":0,"delta":{"content" :"%s"}}]}' % (note, text)
        for note, text in [(b"Hi", b"Hi"), (b"there", b"Hi"), (b"Hi", b"you")]
    ]

    accumulator, _ = play(frames)

    assert answer(accumulator).text == "HiHiyou"
    assert accumulator.raw()["note"] == {"content": "Hi"}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
odd_calls = st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "index", "function", "type", "x"), values))
odd_deltas = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("role", "content", "reasoning_content", "refusal", "x"), values)
    | {"tool_calls": values | st.lists(odd_calls | values, max_size=2)},
)
odd_choices = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("index", "finish_reason", "logprobs", "message", "x"), values)
    | {"delta": values | odd_deltas},
)
odd_chunks = st.fixed_dictionaries(
    {"choices": values | st.lists(odd_choices | values, max_size=2)},
    optional=dict.fromkeys(("id", "object", "created", "model", "usage", "citations", "x"), values),
)


@pytest.mark.filterwarnings("ignore::grokkit.wire.strays.SchemaStrayed")
@given(st.lists(odd_chunks, max_size=4))
def test_no_field_of_any_type_breaks_the_stream(odd: list[dict[str, Any]]) -> None:
    chunks = [chunk({"content": "Hi"}, index=7), *odd, chunk({"content": " there"}, index=7)]

    accumulator, events = play(chunks)

    assert told(events, TextDelta, 7) == "Hi there"
    assert isinstance(answer(accumulator).text, str)


@pytest.mark.parametrize("index", [0, 1])
def test_an_error_in_place_of_a_chunk_is_raised(index: int) -> None:
    chunks: list[Any] = [chunk({"content": "Hi"})][:index]

    with pytest.raises(ServerFailed, match="Timed out waiting for first token"):
        play([*chunks, {"code": "The service is currently unavailable", "error": "Timed out waiting for first token"}])


def test_an_error_beside_a_choice_is_raised() -> None:
    with pytest.raises(ServerFailed):
        play([chunk({"content": ""}, finish_reason="error", error={"code": 502, "message": "upstream failed"})])


@pytest.mark.parametrize("frame", [b"<html>", b"[1]", b'"text"', b"{", b"", b"\xff\xfe", b"[" * 100_000])
def test_a_frame_that_is_no_object_is_a_corrupted_stream(frame: bytes) -> None:
    with pytest.raises(StreamCorrupted):
        play([frame])


def test_a_plain_reply_in_one_frame_is_read_like_its_stream() -> None:
    message = {"role": "assistant", "content": "Hi", "refusal": None}
    reply = {
        **HEAD,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "object": "chat.completion",
    }

    framed, events = play([reply])
    whole = ChatAccumulator()
    told_whole = list(whole.push_whole(json.dumps(reply).encode()))

    assert framed.raw() == whole.raw() == reply
    assert [type(event) for event in events] == [type(event) for event in told_whole] == [TextDelta, Finished]


def test_a_chunk_without_a_choice_is_an_event_of_its_own_with_its_frame() -> None:
    frame = json.dumps(chunk(usage={"total_tokens": 1}, x_new=1)).encode()

    _, events = play([frame])

    (event,) = events
    assert isinstance(event, OtherEvent)
    assert (event.type, event.frame, event.raw["x_new"]) == ("chat.completion.chunk", frame, 1)


def test_a_long_stream_holds_its_text_and_no_frames() -> None:
    accumulator = ChatAccumulator()
    padding = "x" * 500
    accumulator.push(json.dumps(chunk({"content": "a"}, system_fingerprint=padding)).encode())

    tracemalloc.start()
    for number in range(20_000):
        tuple(accumulator.push(json.dumps(chunk({"content": f"{number} "}, system_fingerprint=padding)).encode()))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 20_000 * 80


def test_llama_cpp_chunks_are_read_to_their_last_field() -> None:
    head = {"created": 1, "id": "chatcmpl-1", "model": "smollm2", "system_fingerprint": "b0", "object": HEAD["object"]}
    timings = {"prompt_n": 15, "predicted_per_second": 53.26}

    accumulator, events = play(
        [
            {"choices": [{"finish_reason": None, "index": 0, "delta": {"role": "assistant", "content": None}}], **head},
            *({"choices": [{"finish_reason": None, "index": 0, "delta": {"content": t}}], **head} for t in "Hi"),
            {"choices": [{"finish_reason": "length", "index": 0, "delta": {}}], **head},
            {"choices": [], **head, "usage": {"completion_tokens": 2, "prompt_tokens": 15}, "timings": timings},
        ]
    )

    found = answer(accumulator)
    assert (found.text, found.finish_reason, found.raw["timings"]) == ("Hi", "length", timings)
    assert found.usage.output_tokens == 2
    assert told(events, TextDelta) == "Hi"
