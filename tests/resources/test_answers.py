"""Plain or streamed, whatever the server does about it: the answer is the same."""

from __future__ import annotations

import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.errors import ConnectionLost, ReplyUnreadable, ResponseFailed, StreamInterrupted
from grokkit.models import ModelRedirected, notice
from grokkit.resources.long_calls import is_long
from grokkit.resources.stream import has_events
from grokkit.testing import MockTransport, json_reply
from grokkit.testing.mock.replies import body_reply, stream_reply

if TYPE_CHECKING:
    from tests.conftest import Face

    from grokkit import Call, Reply

MODEL = "grok-4.20-non-reasoning"
THINKING = "grok-4.7"
MESSAGES = [{"role": "user", "content": "Hi"}]


def response(model: str = MODEL) -> dict[str, Any]:
    content = [{"type": "output_text", "text": "Hello!", "annotations": []}]
    return {
        "id": "r_1",
        "status": "completed",
        "model": model,
        "output": [{"type": "message", "role": "assistant", "content": content}],
        "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
    }


def response_frames(model: str = MODEL) -> list[Any]:
    return [
        {"type": "response.created", "response": {"id": "r_1", "model": model}},
        {"type": "response.output_text.delta", "delta": "Hello", "output_index": 0},
        {"type": "response.output_text.delta", "delta": "!", "output_index": 0},
        {"type": "response.completed", "response": response(model)},
    ]


def completion(model: str = MODEL) -> dict[str, Any]:
    return {
        "id": "c_1",
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello!"}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }


def completion_frames(model: str = MODEL) -> list[Any]:
    head = {"id": "c_1", "object": "chat.completion.chunk", "model": model}
    return [
        {**head, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hello"}}]},
        {**head, "choices": [{"index": 0, "delta": {"content": "!"}}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {**head, "choices": [], "usage": completion()["usage"]},
    ]


WHOLE = {"/responses": response, "/chat/completions": completion}
FRAMES = {"/responses": response_frames, "/chat/completions": completion_frames}


def obedient(call: Call) -> Reply:
    """A server that streams when asked to."""
    model = call.model or ""
    return stream_reply(FRAMES[call.path](model)) if call.stream else json_reply(WHOLE[call.path](model))


def plain_only(call: Call) -> Reply:
    """A server that never streams."""
    return json_reply(WHOLE[call.path](call.model or ""))


def stream_only(call: Call) -> Reply:
    """A server that always streams."""
    return stream_reply(FRAMES[call.path](call.model or ""))


def mislabelled(call: Call) -> Reply:
    """A server that always streams and calls it something else."""
    frames = [f"data: {json.dumps(frame)}\n\n" for frame in FRAMES[call.path](call.model or "")]
    return body_reply("".join([*frames, "data: [DONE]\n\n"]).encode(), "application/octet-stream")


@pytest.mark.parametrize("server", [obedient, plain_only, stream_only, mislabelled])
@pytest.mark.parametrize("dialect", ["responses", "chat"])
@pytest.mark.parametrize("way", ["plain", "streamed underneath", "streamed"])
async def test_the_answer_is_the_same(face: Face, server: Any, dialect: str, way: str) -> None:
    model = THINKING if way == "streamed underneath" else MODEL
    mock = MockTransport(server)
    grok = face.client(transport=mock, model=model)
    resource = grok.responses if dialect == "responses" else grok.chat
    subject = {"input": "Hi"} if dialect == "responses" else {"messages": MESSAGES}

    if way == "streamed":
        async with face.reading(resource.stream(**subject)) as reading:
            assert "".join(await reading.texts()) == "Hello!"
        answer = reading.stream.result
    else:
        answer = await face.call(resource.create, **subject)

    assert mock.calls[0].stream is (way != "plain")
    assert (answer.text, answer.model, answer.finish_reason) == ("Hello!", model, "stop")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (1, 2)
    assert answer.id in {"r_1", "c_1"}


@pytest.mark.parametrize(
    ("server", "error"),
    [
        (lambda _: json_reply({"error": {"message": "no luck", "code": "x"}}), ResponseFailed),
        (lambda _: json_reply({**response(), "status": "failed", "error": {"message": "no luck"}}), ResponseFailed),
        (lambda _: body_reply(b"<html>", "text/html"), ReplyUnreadable),
        (lambda _: body_reply(b"", "application/json"), ReplyUnreadable),
        (lambda _: stream_reply(response_frames()[:1], done=False), ConnectionLost),
        (lambda _: stream_reply(response_frames()[:2], done=False), StreamInterrupted),
        (lambda _: stream_reply([{"error": {"message": "no luck"}}]), ResponseFailed),
    ],
)
@pytest.mark.parametrize("way", ["plain", "streamed underneath", "streamed"])
async def test_what_is_no_answer_is_an_error_of_its_call(face: Face, server: Any, error: type, way: str) -> None:
    model = THINKING if way == "streamed underneath" else MODEL
    grok = face.client(transport=MockTransport(server), model=model)

    async def ask() -> None:
        if way == "streamed":
            async with face.reading(grok.stream("Hi")) as reading:
                await reading.events()
        else:
            await face.call(grok.ask, "Hi")

    with pytest.raises(error) as caught:
        await ask()

    assert str(caught.value.call) == f"POST /v1/responses ({model})"
    assert caught.value.client_request_id


async def test_a_failure_with_status_200_is_no_empty_completion(face: Face) -> None:
    grok = face.client(transport=MockTransport(lambda _: json_reply({"error": {"message": "no luck"}})), model=MODEL)

    with pytest.raises(ResponseFailed, match="no luck"):
        await face.call(grok.chat.create, messages=MESSAGES)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"data: {}", True),
        (b"\n\nevent: x", True),
        (b'{"data": 1}', False),
        (b"", False),
        (b'"data:"', False),
    ],
)
def test_events_are_told_from_json(body: bytes, expected: bool) -> None:
    assert has_events(body) is expected


@pytest.mark.parametrize(
    ("fields", "long"),
    [
        ({"model": THINKING}, True),
        ({"model": MODEL}, False),
        ({"model": "somebody-else's"}, False),
        ({"model": "grok-4.3", "reasoning": {"effort": "low"}}, False),
        ({"model": "grok-4.3", "reasoning_effort": "none"}, False),
        ({"model": "grok-4.3", "reasoning": {"effort": "high"}}, True),
        ({"model": MODEL, "max_output_tokens": 8192}, False),
        ({"model": MODEL, "max_output_tokens": 8193}, True),
        ({"model": MODEL, "max_completion_tokens": 9000}, True),
        ({"model": MODEL, "max_tokens": 9000}, True),
        ({"model": MODEL, "max_tokens": None}, False),
        ({"model": MODEL, "tools": [{"type": "function", "function": {}}]}, False),
        ({"model": MODEL, "tools": [{"type": "web_search"}]}, True),
        ({"model": MODEL, "tools": None}, False),
    ],
)
def test_which_calls_are_likely_to_be_long(fields: dict[str, Any], long: bool) -> None:
    assert is_long(fields) is long


@pytest.mark.parametrize(("setting", "streamed"), [(True, True), (False, False)])
async def test_streaming_underneath_can_be_switched_off(face: Face, setting: bool, streamed: bool) -> None:
    mock = MockTransport(obedient)
    grok = face.client(transport=mock, model=THINKING, stream_long_calls=setting)

    await face.call(grok.ask, "Hi")
    await face.call(grok.chat.create, messages=MESSAGES)

    assert [call.stream for call in mock.calls] == [streamed, streamed]
    assert [call.json.get("stream", False) for call in mock.calls] == [streamed, streamed]


@pytest.mark.parametrize("way", ["plain", "streamed"])
async def test_a_retired_model_is_told_of_once(face: Face, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["grokkit.models.notice"], "_told", {})
    mock = MockTransport(
        lambda call: stream_reply(response_frames("grok-4.3")) if call.stream else json_reply(response("grok-4.3"))
    )
    grok = face.client(transport=mock, model="grok-3", stream_long_calls=False)

    async def ask() -> None:
        if way == "plain":
            await face.call(grok.ask, "Hi")
        else:
            async with face.reading(grok.stream("Hi")) as reading:
                await reading.events()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            await ask()

    told = [str(warning.message) for warning in caught if warning.category is ModelRedirected]
    assert told == [notice("grok-3", "grok-4.3")]
