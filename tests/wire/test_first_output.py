"""Where the output of a stream begins."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.errors import ConnectionLost, GrokError, NoCapacity, ServerFailed
from grokkit.wire.first_output import FirstOutput, reported_error

MIB = 2**20


def frame(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def chunk(**delta: object) -> bytes:
    return frame({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]})


SILENT = [
    b": keep-alive\n\n",
    b"event: ping\ndata: {}\n\n",
    chunk(role="assistant", content=""),
    chunk(),
    frame({"type": "response.created", "response": {"id": "r"}}),
    frame({"type": "response.in_progress", "response": {"id": "r"}}),
    frame({"type": "response.queued", "response": {"id": "r"}}),
    frame({"type": "response.output_item.added", "item": {"type": "reasoning"}}),
    frame({"type": "response.output_item.added", "item": {"type": "message", "content": []}}),
    frame({"type": "response.output_item.done", "item": {"type": "reasoning", "encrypted_content": "e"}}),
    frame({"type": "response.content_part.added", "part": {"type": "output_text", "text": ""}}),
]
SPEAKING = [
    chunk(content="Hi"),
    chunk(reasoning_content="Hm"),
    chunk(tool_calls=[{"index": 0, "id": "c", "function": {"name": "f", "arguments": ""}}]),
    frame({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    frame({"choices": [], "usage": {"total_tokens": 3}}),
    frame({"type": "response.output_text.delta", "delta": "Hi"}),
    frame({"type": "response.output_item.added", "item": {"type": "web_search_call"}}),
    frame({"type": "response.completed", "response": {"status": "completed"}}),
    frame({"type": "response.a_new_thing"}),
    b"data: [DONE]\n\n",
    b"data: no JSON\n\n",
]


@pytest.mark.parametrize("event", SILENT)
def test_what_announces_an_answer_is_no_output_yet(event: bytes) -> None:
    assert FirstOutput(MIB).feed(event) is False


@pytest.mark.parametrize("event", SPEAKING)
def test_what_a_reader_would_see_is_output(event: bytes) -> None:
    assert FirstOutput(MIB).feed(event) is True


def test_an_error_before_the_output_is_raised_as_what_it_is() -> None:
    start = FirstOutput(MIB)
    start.feed(SILENT[4])

    with pytest.raises(NoCapacity):
        start.feed(frame({"type": "error", "error": {"message": "The model is at capacity", "status": 503}}))


def test_an_error_after_the_output_in_the_same_chunk_is_left_to_the_reader() -> None:
    assert FirstOutput(MIB).feed(SPEAKING[0] + frame({"code": "500", "error": "Timed out"})) is True


def test_a_start_that_says_nothing_without_end_is_not_held_without_end() -> None:
    start = FirstOutput(MIB)

    assert any(start.feed(b": keep-alive\n\n" * 1000) for _ in range(1000))


@pytest.mark.parametrize(
    ("stream", "kind", "words"),
    [
        (b"", ConnectionLost, "ended before"),
        (SILENT[2], ConnectionLost, "ended before"),
        (SPEAKING[0][:-9], ConnectionLost, "in the middle of an event"),
        (b'{"code":"500","error":"Timed out waiting for first token"}', ServerFailed, "Timed out waiting"),
    ],
)
def test_a_stream_that_ends_without_output_is_an_error(stream: bytes, kind: type[GrokError], words: str) -> None:
    start = FirstOutput(MIB)
    if stream:
        assert start.feed(stream) is False

    error = start.ended()

    assert isinstance(error, kind)
    assert words in error.message


@given(
    before=st.lists(st.sampled_from(SILENT), max_size=4),
    first=st.sampled_from(SPEAKING),
    cuts=st.lists(st.integers(0, 400), max_size=6),
)
def test_however_the_bytes_are_cut_nothing_is_lost_and_output_is_seen_when_it_is_there(
    before: list[bytes], first: bytes, cuts: list[int]
) -> None:
    stream = b"".join(before) + first
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in itertools.pairwise(edges)]
    start = FirstOutput(MIB)

    seen = [start.feed(piece) for piece in pieces]

    assert seen.index(True) == next(place for place, end in enumerate(edges[1:]) if end == len(stream))
    assert b"".join(start.held) == stream


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"code": "500", "error": "Timed out waiting for first token"}, "Timed out waiting for first token"),
        ({"error": {"message": "broken", "code": "server_error"}}, "broken"),
        ({"object": "response", "status": "failed", "error": {"message": "model failed"}}, "model failed"),
        ({"object": "response", "status": "completed", "error": None}, None),
        ({"choices": [{"message": {"content": 'say "error": now'}}]}, None),
        ({"object": "list", "data": [{"error": "yes"}]}, None),
    ],
)
def test_an_error_under_a_good_status_is_found(body: dict[str, object], message: str | None) -> None:
    error = reported_error(body)

    assert (error.message if error else None) == message
