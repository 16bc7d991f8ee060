"""MockTransport: routes, answers, what it remembers, and what it says when something is not as expected."""

import asyncio
import re

import pytest

from grokkit import AsyncGrok, Grok
from grokkit.errors import ConnectionLost, RateLimited, ServerFailed, StreamInterrupted
from grokkit.testing import MockTransport, Pause, TurnableClock, json_reply, sse_reply
from grokkit.testing.mock import UnexpectedCall, Unfulfilled
from grokkit.testing.openapi import drift, frame_drift, validate_request
from grokkit.wire.events import ToolCall

KEY = "xai-0123456789abcdefghij"
HELLO = [{"role": "user", "content": "Hi"}]
WEATHER = ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo"}')
DIALECTS = ["/chat/completions", "/responses"]


def client(mock, **options):
    return AsyncGrok(**{"api_key": KEY, "transport": mock, "model": "grok-4.3", "retries": 0, **options})


def ask(grok, path):
    return grok.chat.create(messages=HELLO) if path == "/chat/completions" else grok.ask("Hi")


def stream(grok, path):
    return grok.chat.stream(messages=HELLO) if path == "/chat/completions" else grok.stream("Hi")


@pytest.mark.parametrize("path", DIALECTS)
async def test_a_text_is_an_answer_in_the_dialect_of_the_path(path):
    mock = MockTransport()
    mock.on(path=path).reply(text="Hello to you", reasoning="Be kind.", tool_calls=[WEATHER])

    answer = await ask(client(mock), path)

    assert (answer.text, answer.reasoning, answer.tool_calls) == ("Hello to you", "Be kind.", [WEATHER])
    assert answer.model == "grok-4.3"
    assert answer.id == answer.request_id == "mock-1"
    assert answer.usage.output_tokens == 6


@pytest.mark.parametrize("path", DIALECTS)
async def test_a_stream_of_a_text_ends_in_the_same_answer(path):
    mock = MockTransport()
    mock.on(path=path).reply(text="Hello to you", reasoning="Be kind.", tool_calls=[WEATHER])
    grok = client(mock)
    plain = await ask(grok, path)

    async with stream(grok, path) as reading:
        texts = [text async for text in reading.text()]

    assert texts == ["Hello ", "to ", "you"]
    for field in ("text", "reasoning", "tool_calls", "usage", "finish_reason"):
        assert getattr(reading.result, field) == getattr(plain, field)


@pytest.mark.parametrize("path", DIALECTS)
async def test_answers_and_requests_are_as_the_document_has_them(path):
    mock = MockTransport()
    mock.on(path=path).reply(text="Hello to you", reasoning="Be kind.", tool_calls=[WEATHER])
    grok = client(mock)

    answer = await ask(grok, path)
    async with stream(grok, path) as reading:
        frames = [event.raw async for event in reading]

    assert drift(path, 200, answer.raw, method="POST") == []
    assert [line for frame in frames for line in frame_drift(path, frame)] == []
    assert [line for call in mock.calls for line in validate_request(path, call.json)] == []


def test_the_blocking_face_is_answered_as_well():
    mock = MockTransport()
    mock.on(path="/responses").reply(text="Hello")

    grok = Grok(api_key=KEY, transport=mock, model="grok-4.3")
    with grok.stream("Hi") as reading:
        texts = list(reading.text())

    assert grok.ask("Hi").text == "".join(texts) == "Hello"


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({}, True),
        ({"method": "post"}, True),
        ({"method": "GET"}, False),
        ({"path": "/responses"}, True),
        ({"path": "/v1/responses"}, True),
        ({"path": "/resp*"}, True),
        ({"path": "/resp"}, False),
        ({"path": re.compile(r"/v\d/resp")}, True),
        ({"model": "grok-4.3"}, True),
        ({"model": "grok-4.7"}, False),
        ({"json": {"input": "Hi"}}, True),
        ({"json": {"input": ..., "tools": [{"type": "x_search"}]}}, True),
        ({"json": {"tools": [{"type": "x_search"}, {"type": "web_search"}]}}, False),
        ({"json": {"input": re.compile("^H")}}, True),
        ({"json": {"input": lambda text: len(text) > 2}}, False),
        ({"json": {"store": 0}}, False),
        ({"headers": {"Authorization": "Bearer xai-*"}}, True),
        ({"headers": {"x-own": "*"}}, False),
        ({"query": {"a": "1"}}, False),
        ({"stream": False}, True),
        ({"when": lambda call: "Hi" in call.last_message}, True),
        ({"when": lambda call: call.tool_names == ["web_search"]}, False),
    ],
)
async def test_a_route_takes_the_calls_that_fit_everything_it_asks(wanted, fits):
    mock = MockTransport()
    mock.on(**wanted, optional=True).reply(text="routed")
    mock.on(optional=True).reply(text="other")
    tools = [{"type": "web_search"}, {"type": "x_search"}]

    answer = await client(mock, stream_long_calls=False).ask("Hi", tools=tools)

    assert answer.text == ("routed" if fits else "other")


async def test_answers_come_in_their_order_and_the_last_one_stays():
    mock = MockTransport()
    mock.on().reply("one").then("two", times=2).then("three")
    grok = client(mock)

    texts = [(await grok.ask("Hi")).text for _ in range(6)]

    assert texts == ["one", "two", "two", "three", "three", "three"]
    mock.verify()


async def test_a_route_at_its_end_leaves_calls_to_the_next():
    mock = MockTransport()
    mock.on().reply("first", times=1)
    mock.on().reply("second")
    grok = client(mock)

    assert [(await grok.ask("Hi")).text for _ in range(2)] == ["first", "second"]


async def test_a_function_answers_from_the_call():
    async def later(call):
        return f"You said {call.last_message}"

    mock = MockTransport()
    mock.on().reply(lambda call: call.last_message.upper()).then(later).then(lambda _: json_reply({"id": "r"}))
    grok = client(mock)

    assert [(await grok.ask("Hi")).text for _ in range(3)] == ["HI", "You said Hi", ""]


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, ServerFailed)])
async def test_a_status_comes_with_the_body_that_xai_has_for_it(status, error):
    mock = MockTransport()
    mock.on().reply(status=status, headers={"Retry-After": "2"})

    with pytest.raises(error) as raised:
        await client(mock).ask("Hi")

    assert raised.value.retry_after == 2


@pytest.mark.parametrize(
    "status", [400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 418, 422, 429, 500, 503, 520, 529]
)
async def test_every_status_makes_an_error_of_that_status(status):
    mock = MockTransport()
    mock.on().reply(status=status, text="Own words")

    with pytest.raises(Exception, match=r"Own words|edge|cloudflare|520") as raised:
        await client(mock).ask("Hi")

    assert raised.value.status == status


async def test_an_error_is_raised_in_the_transport():
    mock = MockTransport()
    mock.on().reply(error=ConnectionLost("gone"))

    with pytest.raises(ConnectionLost, match="gone"):
        await client(mock).ask("Hi")


async def test_frames_pause_on_the_clock_and_break_where_an_error_stands():
    clock = TurnableClock()
    mock = MockTransport(clock=clock)
    frame = {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
    mock.on().reply(frames=[frame, Pause(60), frame, ConnectionLost("cut")], delay=5)
    grok = client(mock, clock=clock)

    async def read():
        async with grok.chat.stream(messages=HELLO) as reading:
            return [text async for text in reading.text()]

    started = clock.now()
    task = asyncio.create_task(read())
    await clock.advance(64)
    assert not task.done()
    await clock.advance(2)

    with pytest.raises(StreamInterrupted) as raised:
        await task
    assert raised.value.partial.text == "HiHi"
    assert clock.now() - started == 66


async def test_the_pace_of_a_stream_passes_on_the_clock():
    clock = TurnableClock()
    mock = MockTransport(clock=clock)
    mock.on().reply(text="one two three", pace=1)

    async def read():
        async with client(mock, clock=clock).chat.stream(messages=HELLO) as reading:
            return [clock.now() async for _ in reading.text()]

    task = asyncio.create_task(read())
    await clock.advance(10)

    assert await task == [1001, 1002, 1003]


async def test_calls_are_remembered_with_what_they_say():
    mock = MockTransport()
    mock.on().reply("ok")
    grok = client(mock)

    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "u"}},
        {"type": "text", "text": "b"},
    ]
    await grok.chat.create("grok-4.7", messages=[{"role": "user", "content": parts}], reasoning_effort="low")
    await grok.ask("Hi", tools=[{"type": "function", "name": "weather"}])

    assert mock.calls[0].model == "grok-4.7"
    assert mock.calls[0].last_message == "ab"
    assert mock.calls[0].json["messages"][0]["role"] == "user"
    assert mock.last.messages == HELLO
    assert mock.last.tool_names == ["weather"]
    assert mock.last.headers["authorization"] == mock.last.headers["Authorization"] == f"Bearer {KEY}"


async def test_no_repr_has_the_key():
    mock = MockTransport()
    route = mock.on(headers={"authorization": f"Bearer {KEY}"}).reply("ok")

    await client(mock).ask(f"my key is {KEY}")

    call = mock.last
    texts = [repr(call), repr(call.headers), str(call.headers), repr(mock), repr(mock.calls), repr(route), str(call)]
    assert KEY not in "".join(texts)


async def test_no_error_has_the_key():
    mock = MockTransport()
    mock.on(json={"input": f"other {KEY}"}, headers={"authorization": "Basic x"})

    with pytest.raises(UnexpectedCall) as raised:
        await client(mock).ask(f"my key is {KEY}")
    with pytest.raises(Unfulfilled) as at_the_end:
        mock.verify()

    assert KEY not in str(raised.value) + str(at_the_end.value)


async def test_an_unexpected_call_shows_the_routes_and_what_differs_from_the_nearest():
    mock = MockTransport()
    mock.on(method="GET", path="/models").reply(json={})
    mock.on(path="/responses", json={"input": "Hello", "model": "grok-4.3"}).reply("x")

    with pytest.raises(UnexpectedCall) as raised:
        await client(mock).ask("Hi")

    assert str(raised.value).splitlines()[0].startswith("no route for <POST /v1/responses (grok-4.3)")
    assert str(raised.value).splitlines()[1:] == [
        "  GET /models",
        "  nearest: any method /responses with json={'input': 'Hello', 'model': 'grok-4.3'}",
        "      json /input: wanted 'Hello', was 'Hi'",
    ]


async def test_a_call_to_a_mock_without_routes_says_so():
    with pytest.raises(UnexpectedCall, match=r"make one with mock.on"):
        await client(MockTransport()).ask("Hi")


async def test_a_call_too_many_says_that_the_route_is_at_its_end():
    mock = MockTransport()
    mock.on().reply("x", times=1)
    grok = client(mock)
    await grok.ask("Hi")

    with pytest.raises(UnexpectedCall, match="given all its answers"):
        await grok.ask("Hi")


async def test_verify_tells_an_unexpected_call_that_the_application_swallowed():
    mock = MockTransport()
    mock.on(path="/models", optional=True).reply(json={})
    with pytest.raises(UnexpectedCall):
        await client(mock).ask("Hi")

    with pytest.raises(Unfulfilled, match="something unexpected was called"):
        mock.verify()


async def test_verify_tells_a_route_that_was_called_too_seldom_with_the_nearest_call():
    mock = MockTransport(lambda _: json_reply({"id": "r"}))
    mock.on(path="/responses", json={"input": "Hello"}).reply("x", times=2)
    await client(mock).ask("Hi")

    with pytest.raises(Unfulfilled) as raised:
        mock.verify()

    text = str(raised.value)
    assert "expected twice, called 0 times" in text
    assert "nearest call: <POST /v1/responses (grok-4.3)" in text
    assert "json /input: wanted 'Hello', was 'Hi'" in text


def test_the_block_verifies_at_its_end():
    with pytest.raises(Unfulfilled, match="called 0 times"), MockTransport() as mock:
        mock.on().reply("x")


def test_the_block_does_not_hide_an_error_of_its_own():
    mock = MockTransport()
    mock.on().reply("x")

    with pytest.raises(KeyError), mock:
        raise KeyError("own")


def test_an_optional_route_need_not_be_called():
    with MockTransport() as mock:
        mock.on(optional=True).reply("x")


@pytest.mark.parametrize(
    "options",
    [{}, {"text": "a", "json": {}}, {"textt": "a"}, {"text": "a", "times": 0}, {"frames": [], "body": b""}],
)
def test_a_reply_that_makes_no_sense_is_refused_when_it_is_written(options):
    with pytest.raises(TypeError, match=r"reply\(\)|times="):
        MockTransport().on().reply(**options)


def test_a_second_reply_is_refused():
    with pytest.raises(TypeError, match="then"):
        MockTransport().on().reply("a").reply("b")


async def test_a_text_at_a_path_that_is_no_answer_is_refused():
    mock = MockTransport()
    mock.on().reply("x")

    with pytest.raises(TypeError, match="use json="):
        await client(mock).models.list()


async def test_a_handler_still_answers_what_no_route_takes():
    mock = MockTransport(lambda _: sse_reply(['{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"}}]}']))

    async with client(mock).chat.stream(messages=HELLO) as reading:
        assert [text async for text in reading.text()] == ["Hi"]

    mock.verify()


async def test_the_path_and_body_of_replies_can_be_anything():
    mock = MockTransport()
    mock.on(path="/models").reply(json={"data": [{"id": "m"}]}, headers={"x-own": "1"})

    assert [card.id for card in await client(mock).models.list()] == ["m"]


async def test_many_calls_at_once_each_get_one_answer():
    mock = MockTransport()
    route = mock.on()
    route.reply("0")
    for number in range(1, 50):
        route.then(str(number))
    grok = client(mock)

    answers = await asyncio.gather(*(grok.ask("Hi") for _ in range(50)))

    assert sorted(int(answer.text) for answer in answers) == list(range(50))
    mock.verify()


def test_reset_forgets_everything():
    mock = MockTransport()
    mock.on().reply("x")

    mock.reset()

    mock.verify()
    with pytest.raises(AssertionError, match="nothing was called"):
        _ = mock.last
