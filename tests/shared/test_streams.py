"""Every recorded stream, at any chunking, through both faces: the same events, and the answer of a plain call."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from grokkit import AsyncGrok, Grok
from grokkit.call import Reply
from grokkit.testing import Body, MockTransport, json_reply
from grokkit.wire.events import CitationAdded, Finished, ReasoningDelta, TextDelta, ToolCallDone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grokkit import StreamEvent
    from grokkit.wire.answer import Answer

STREAMS = Path(__file__).parents[3] / "shared" / "captures" / "streams"
NAMES = sorted(path.name for path in STREAMS.glob("*.chunks.txt")) if STREAMS.is_dir() else []
HEADERS = {"x-request-id": "req-1"}
KEEP_ALIVES = (
    b": keep-alive",
    b"event: ping\ndata: {}",
    b'event: ping\ndata: {"type":"ping"}',
    b": \xf0\x9f\x92\xa4",
    b"",
)

pytestmark = [
    pytest.mark.skipif(not NAMES, reason="the recorded replies are not beside this repository"),
    pytest.mark.filterwarnings("ignore::grokkit.models.ModelRedirected"),
]


@cache
def frames_of(name: str) -> tuple[bytes, ...]:
    return tuple(line for line in (STREAMS / name).read_bytes().splitlines() if line.strip())


def is_chat(name: str) -> bool:
    return name.startswith("chat")


def written(name: str, *, line_end: bytes = b"\n", between: Iterable[bytes] = ()) -> bytes:
    """The stream as a server writes it, with keep-alives before the first frames."""
    blocks = [b"data: " + frame for frame in frames_of(name)]
    for place, block in enumerate(between):
        blocks.insert(2 * place, block)
    blocks += [b"data: [DONE]"] if is_chat(name) else []
    return b"".join(block + b"\n\n" for block in blocks).replace(b"\n", line_end)


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(place % len(data) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


class Both:
    """The two faces over one mock; each reads what `chunks` holds."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.runner = asyncio.Runner()
        self.awaited = AsyncGrok(api_key="test", transport=MockTransport(self._reply))
        self.blocking = Grok(api_key="test", transport=MockTransport(self._reply))

    def _reply(self, _: object) -> Reply:
        headers = CIMultiDict({"content-type": "text/event-stream", **HEADERS})
        return Reply(200, headers, stream=Body(self.chunks))

    def read(self, name: str, chunks: list[bytes]) -> tuple[list[StreamEvent], Answer]:
        """What the async face gives."""
        self.chunks = chunks
        return self.runner.run(self._read(name))

    async def _read(self, name: str) -> tuple[list[StreamEvent], Answer]:
        async with opened(self.awaited, name) as stream:
            events = [event async for event in stream]
        return events, anonymous(stream.result)

    def read_blocking(self, name: str, chunks: list[bytes]) -> tuple[list[StreamEvent], Answer]:
        """What the blocking face gives."""
        self.chunks = chunks
        with opened(self.blocking, name) as stream:
            events = list(stream)
        return events, anonymous(stream.result)


def opened(grok: Any, name: str) -> Any:
    if is_chat(name):
        return grok.chat.stream("some-model", messages=[{"role": "user", "content": "Hi"}])
    return grok.responses.stream(model="some-model", input="Hi")


def anonymous(answer: Answer) -> Answer:
    """The answer without the name of its call, which no two calls share."""
    return msgspec.structs.replace(answer, client_request_id=None)


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    faces = Both()
    yield faces
    faces.runner.run(faces.awaited.close())
    faces.runner.close()
    faces.blocking.close()


def plain(name: str) -> dict[str, Any]:
    """The plain reply that says what this stream says, put together independently of the library."""
    frames = [json.loads(frame) for frame in frames_of(name)]
    if not is_chat(name):
        whole: dict[str, Any] = frames[-1]["response"]
        return whole
    deltas = [frame["choices"][0]["delta"] for frame in frames if frame["choices"]]
    message: dict[str, Any] = {"role": "assistant", "refusal": None}
    for field in ("content", "reasoning_content"):
        message[field] = "".join(delta.get(field, "") for delta in deltas)
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    if calls:
        message["tool_calls"] = [{name: call[name] for name in ("id", "function", "type")} for call in calls]
    ends = [choice["finish_reason"] for frame in frames for choice in frame["choices"] if "finish_reason" in choice]
    choice = {"index": 0, "message": message, "finish_reason": ends[-1]}
    head = {name: frames[0][name] for name in ("id", "created", "model", "system_fingerprint")}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": frames[-1]["usage"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_of_a_stream_is_that_of_a_plain_call(name: str, both: Both) -> None:
    mock = MockTransport(lambda _: json_reply(plain(name), headers=HEADERS))
    grok = Grok(api_key="test", transport=mock, stream_long_calls=False)

    _, streamed = both.read(name, [written(name)])
    if is_chat(name):
        called = grok.chat.create("some-model", messages=[{"role": "user", "content": "Hi"}])
    else:
        called = grok.responses.create(model="some-model", input="Hi")

    for field in called.__struct_fields__:
        if field != "client_request_id":
            assert getattr(streamed, field) == getattr(called, field), field
    grok.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_events_are_what_the_answer_says(name: str, both: Both) -> None:
    events, answer = both.read(name, [written(name)])

    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == answer.text
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == answer.reasoning
    assert [event.call for event in events if isinstance(event, ToolCallDone)] == answer.tool_calls
    assert [event.citation for event in events if isinstance(event, CitationAdded)] == answer.citations
    assert [event.reason for event in events if isinstance(event, Finished)] == [answer.finish_reason]
    assert answer.text or answer.tool_calls


@pytest.mark.parametrize("name", NAMES)
def test_every_frame_is_told_as_it_came(name: str, both: Both) -> None:
    events, _ = both.read(name, [written(name)])

    told = {event.frame for event in events}
    silent = [frame for frame in frames_of(name) if frame not in told]
    assert not silent
    assert all(event.raw == json.loads(event.frame) for event in events)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("name", NAMES)
def test_byte_by_byte_gives_the_same_as_in_one_chunk(name: str, line_end: bytes, both: Both) -> None:
    data = written(name, line_end=line_end, between=KEEP_ALIVES)

    by_bytes = both.read(name, [data[place : place + 1] for place in range(len(data))])

    assert by_bytes == both.read(name, [written(name)])


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    places=st.lists(st.integers(0, 2**20), max_size=40),
    line_end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    between=st.lists(st.sampled_from(KEEP_ALIVES), max_size=8),
)
def test_any_chunking_gives_the_same_through_both_faces(
    name: str, both: Both, places: list[int], line_end: bytes, between: list[bytes]
) -> None:
    chunks = cut(written(name, line_end=line_end, between=between), places)

    awaited = both.read(name, chunks)

    assert awaited == both.read(name, [written(name)])
    assert both.read_blocking(name, chunks) == awaited


@pytest.mark.parametrize("name", [name for name in NAMES if is_chat(name)])
def test_a_chat_stream_without_its_done_is_whole(name: str, both: Both) -> None:
    data = written(name).removesuffix(b"data: [DONE]\n\n")

    assert both.read(name, [data]) == both.read(name, [written(name)])


@pytest.mark.parametrize("name", [name for name in NAMES if not is_chat(name)])
@pytest.mark.parametrize("fault", ["empty output", "no output", "renamed end", "no numbers", "no places", "done added"])
def test_a_responses_stream_with_a_fault_that_servers_have_is_whole(name: str, fault: str, both: Both) -> None:
    frames = [json.loads(frame) for frame in frames_of(name)]
    if fault == "empty output":
        frames[-1]["response"]["output"] = []
    if fault == "no output":
        del frames[-1]["response"]["output"]
    if fault == "renamed end":
        frames[-1]["type"] = "response.done"
    for frame in frames:
        if fault in {"no numbers", "no places"}:
            del frame["sequence_number"]
        if fault == "no places":
            for field in ("output_index", "content_index", "summary_index"):
                frame.pop(field, None)
    data = b"".join(b"data: " + json.dumps(frame).encode() + b"\n\n" for frame in frames)

    _, answer = both.read(name, [data + (b"data: [DONE]\n\n" if fault == "done added" else b"")])

    assert answer == both.read(name, [written(name)])[1]
