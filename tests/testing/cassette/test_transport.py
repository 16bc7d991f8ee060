"""Cassette: its modes, what it matches, the order and pace of replays, and what it says when it has no answer."""

import asyncio
import gzip
import json
import warnings

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from grokkit import AsyncGrok, Grok
from grokkit.call import Call, Reply
from grokkit.errors import ConnectionFailed, ConnectionLost, RateLimited, StreamInterrupted
from grokkit.testing import Body, MockTransport, Pause, TurnableClock, json_reply
from grokkit.testing.cassette import Cassette, CassetteDrift, CassetteMismatch
from grokkit.wire.events import ToolCall

KEY = "xai-0123456789abcdefghij"
HELLO = [{"role": "user", "content": "Hi"}]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tapes" / "test.json"


@pytest.fixture
def real():
    mock = MockTransport()
    mock.on().reply(lambda call: f"answer {len(mock.calls)} to {call.last_message}")
    return mock


def client(cassette, **options):
    return AsyncGrok(**{"api_key": KEY, "transport": cassette, "model": "grok-4.3", "retries": 0, **options})


def call(body=None, *, method="POST", path="/responses", base="https://api.x.ai/v1", **fields):
    return Call(method=method, base_url=base, path=path, operation="test", id="c", body=body, **fields)


async def body_of(transport, asked):
    return await (await transport.send(asked)).read(10_000_000)


async def test_once_records_when_there_is_no_file_and_replays_when_there_is(path, real):
    recorded = await client(Cassette(path, transport=real)).ask("Hi")
    replayed = await client(Cassette(path, transport=real)).ask("Hi")

    assert replayed.text == recorded.text == "answer 1 to Hi"
    assert replayed.raw == recorded.raw
    assert replayed.request_id == recorded.request_id == "mock-1"
    assert len(real.calls) == 1


async def test_once_refuses_what_is_new(path, real):
    await client(Cassette(path, transport=real)).ask("Hi")

    with pytest.raises(CassetteMismatch):
        await client(Cassette(path, transport=real)).ask("Ho")

    assert len(real.calls) == 1


async def test_new_replays_what_is_known_and_records_the_rest(path, real):
    await client(Cassette(path, transport=real)).ask("Hi")

    cassette = Cassette(path, "new", transport=real)
    texts = [(await client(cassette).ask(text)).text for text in ("Ho", "Hi")]

    assert texts == ["answer 2 to Ho", "answer 1 to Hi"]
    assert len(json.loads(path.read_bytes())["interactions"]) == 2
    assert (await client(Cassette(path, "none")).ask("Ho")).text == "answer 2 to Ho"


async def test_none_never_uses_the_network(path, real):
    with pytest.raises(CassetteMismatch, match="no recording at all"):
        await client(Cassette(path, "none", transport=real)).ask("Hi")

    assert real.calls == []
    assert not path.exists()


async def test_all_records_anew_and_drops_what_was_there(path, real):
    await client(Cassette(path, transport=real)).ask("Hi")

    await client(Cassette(path, "all", transport=real)).ask("Ho")

    assert [one.request.body.json["input"] for one in Cassette(path).unused] == ["Ho"]


async def test_all_does_not_mind_a_broken_file(path, real):
    path.parent.mkdir()
    path.write_text("{broken")

    await client(Cassette(path, "all", transport=real)).ask("Ho")

    assert len(Cassette(path).unused) == 1


def test_a_cassette_that_recorded_nothing_writes_no_file(path):
    Cassette(path, "all")

    assert not path.exists()


async def test_the_same_call_twice_replays_in_order_and_a_third_time_is_refused(path, real):
    grok = client(Cassette(path, transport=real))
    recorded = [(await grok.ask("Hi")).text for _ in range(2)]

    grok = client(Cassette(path))
    replayed = [(await grok.ask("Hi")).text for _ in range(2)]
    with pytest.raises(CassetteMismatch, match="recorded twice, and is asked 3 times now"):
        await grok.ask("Hi")

    assert replayed == recorded == ["answer 1 to Hi", "answer 2 to Hi"]


async def test_repeat_gives_the_last_one_as_often_as_asked(path, real):
    await client(Cassette(path, transport=real)).ask("Hi")

    grok = client(Cassette(path, repeat=True))

    assert [(await grok.ask("Hi")).text for _ in range(3)] == ["answer 1 to Hi"] * 3


@pytest.mark.parametrize("dialect", ["chat", "responses"])
async def test_a_stream_replays_event_for_event(path, dialect):
    real = MockTransport()
    weather = ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo"}')
    real.on().reply(text="Grüße an dich", reasoning="Hm.", tool_calls=[weather])

    async def read(cassette):
        grok = client(cassette)
        stream = grok.stream("Hi") if dialect == "responses" else grok.chat.stream(messages=HELLO)
        async with stream as reading:
            return [event.frame async for event in reading], reading.result.raw

    recorded, replayed = await read(Cassette(path, transport=real)), await read(Cassette(path))

    assert replayed == recorded


def test_the_blocking_face_records_and_replays(path, real):
    def read(cassette):
        grok = Grok(api_key=KEY, transport=cassette, model="grok-4.3")
        with grok.stream("Hi") as reading:
            return list(reading.text())

    assert read(Cassette(path, transport=real)) == read(Cassette(path)) == ["answer ", "1 ", "to ", "Hi"]


async def test_a_stream_is_recorded_with_the_time_of_each_event_and_replayed_on_the_clock(path):
    clock = TurnableClock()
    real = MockTransport(clock=clock)
    frame = {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
    real.on().reply(frames=[frame, Pause(2.5), frame], delay=7)

    async def moments(cassette):
        started = clock.now()
        async with client(cassette, clock=clock).chat.stream(messages=HELLO) as reading:
            return [clock.now() - started async for _ in reading.text()]

    recording = asyncio.create_task(moments(Cassette(path, transport=real, clock=clock)))
    await clock.advance(20)
    replay = asyncio.create_task(moments(Cassette(path, pace="clock", clock=clock, drift="ignore")))
    await clock.advance(20)

    assert await recording == await replay == [7, 9.5]
    assert await moments(Cassette(path, drift="ignore")) == [0, 0]


async def test_chunks_that_came_together_come_together_again(path):
    chunks = [b'data: {"a":1}\n\ndata: {"b"', b":2}\n\n", b"data: [DONE]\n\n"]
    clock = TurnableClock()

    async def ticking():
        for chunk in chunks:
            await clock.sleep(1)
            yield chunk

    real = MockTransport(lambda _: Reply(200, {"content-type": "text/event-stream"}, stream=Body(ticking())))

    async def read(cassette):
        reply = await cassette.send(call({}, path="/chat/completions"))
        return [chunk async for chunk in reply.stream]

    recording = asyncio.create_task(read(Cassette(path, transport=real, clock=clock)))
    await clock.advance(10)

    assert await recording == chunks
    assert await read(Cassette(path, drift="ignore")) == [
        b'data: {"a":1}\n\n',
        b'data: {"b":2}\n\n',
        b"data: [DONE]\n\n",
    ]


ODD_STREAMS = {
    "comments": b": keep-alive\n\ndata: {}\n\n",
    "names": b"event: ping\nid: 4\ndata: {}\n\n",
    "carriage returns": b'data: {"a":1}\r\n\r\ndata: [DONE]\r\n\r\n',
    "spaces in JSON": b'data: {"a": 1.50, "a": 2}\n\n',
    "several lines": b"data: a\ndata: b\n\n",
    "no end": b'data: {"a":1}\n\ndata: {"cut',
    "no text": b"data: \xff\xfe\n\n",
    "no space": b"data:{}\n\n",
    "nothing": b"",
    "odd JSON": b"data: [NaN, 1e999]\n\ndata: \n\ndata: \xe2\x80\xa8\n\n",
    "a lone surrogate": b'data: {"a":"\\ud800"}\n\n',
}


@pytest.mark.parametrize("body", ODD_STREAMS.values(), ids=ODD_STREAMS)
async def test_an_odd_stream_replays_byte_for_byte(path, body):
    real = MockTransport(lambda _: Reply(200, {"content-type": "text/event-stream"}, stream=Body([body])))

    await body_of(Cassette(path, transport=real), call({}))

    assert await body_of(Cassette(path, drift="ignore"), call({})) == body


@pytest.mark.parametrize(
    "body", [bytes(range(256)) * 50, b"", "Zeile\nnächste".encode(), b"<html>", b"\x00", b"{broken"]
)
async def test_a_body_replays_byte_for_byte(path, body):
    real = MockTransport(
        lambda _: Reply(200, {"content-type": "application/octet-stream"}, stream=Body([body[:9], body[9:]]))
    )

    await body_of(Cassette(path, transport=real), call(method="GET", path="/files/f/content"))

    assert await body_of(Cassette(path), call(method="GET", path="/files/f/content")) == body


async def test_an_error_of_the_server_is_recorded_like_any_reply(path):
    real = MockTransport()
    real.on().reply(status=429, headers={"Retry-After": "3", "set-cookie": "a=b"})

    for mode in ("once", "none"):
        with pytest.raises(RateLimited) as raised:
            await client(Cassette(path, mode, transport=real)).ask("Hi")
        assert raised.value.retry_after == 3
        assert raised.value.observed

    assert "cookie" not in path.read_text()


async def test_a_connection_that_breaks_in_the_stream_breaks_in_the_replay(path):
    real = MockTransport()
    frame = {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
    real.on().reply(frames=[frame, ConnectionLost("cut by the server")])

    for mode in ("once", "none"):
        async with client(Cassette(path, mode, transport=real, drift="ignore")).chat.stream(messages=HELLO) as reading:
            with pytest.raises(StreamInterrupted, match="cut by the server") as raised:
                await reading.done()
        assert raised.value.partial.text == "Hi"


async def test_a_call_that_never_got_an_answer_is_not_recorded(path):
    real = MockTransport()
    real.on().reply(error=ConnectionFailed("refused"), times=1).then("Hello")
    grok = client(Cassette(path, transport=real), retries=0)

    with pytest.raises(ConnectionFailed):
        await grok.ask("Hi")
    await grok.ask("Hi")

    assert len(Cassette(path).unused) == 1


async def test_a_stream_left_early_is_recorded_as_far_as_it_was_read(path, real):
    async def first_word(cassette):
        async with client(cassette).chat.stream(messages=HELLO) as reading:
            return await anext(reading.text())

    recorded = await first_word(Cassette(path, transport=real))

    assert await first_word(Cassette(path)) == recorded == "answer "
    async with client(Cassette(path)).chat.stream(messages=HELLO) as reading:
        with pytest.raises(CassetteMismatch, match="it was read no further then"):
            await reading.done()


SAME = [
    (call({"a": 1, "b": {"c": 2.0}}), call({"b": {"c": 2}, "a": 1.0})),
    (call(b'{"a":1,"b":2}'), call(b'{ "b": 2.0, "a": 1 }')),
    (call({"a": 1}), call({"a": 1}, base="http://localhost:8000/v1")),
    (call({"a": 1}, headers={"x-client-request-id": "1"}), call({"a": 1}, headers={"x-client-request-id": "2"})),
    (call(path="/files", query={"a": "1", "b": "2"}), call(path="/files?b=2&a=1")),
    (call({"key": KEY}), call({"key": "xai-another-key-9876543210"})),
]
DIFFERENT = [
    (call({"a": 1}), call({"a": 2}), "body /a: recorded 1, asked 2"),
    (call({"a": 1}), call({"a": True}), "body /a: recorded 1, asked True"),
    (call({"a": 1}), call({"a": 1, "b": None}), "body /b: not recorded, asked None"),
    (call({"a": [1, 2]}), call({"a": [1]}), "body /a/1: recorded 2, not asked"),
    (call({"a": 1}), call(), "body: recorded {'a': 1}, asked None"),
    (call({"a": 1}), call({"a": 1}, method="PUT"), "method: recorded 'POST', asked 'PUT'"),
    (call({"a": 1}), call({"a": 1}, path="/other"), "path: recorded '/v1/responses', asked '/v1/other'"),
    (call(query={"a": "1"}), call(query={"a": "2"}), "query /a: recorded '1', asked '2'"),
    (call({"text": "a" * 200 + "b"}), call({"text": "a" * 200 + "c"}), "body /text: from character 200 on"),
]


@pytest.mark.parametrize(("recorded", "asked"), SAME)
async def test_calls_that_a_server_sees_as_the_same_match(path, recorded, asked):
    await body_of(Cassette(path, transport=MockTransport(lambda _: json_reply({"x": 1}))), recorded)

    assert await body_of(Cassette(path, drift="ignore"), asked) == b'{"x":1}'


@pytest.mark.parametrize(("recorded", "asked", "line"), DIFFERENT)
async def test_a_call_that_differs_is_refused_with_the_field_that_does(path, recorded, asked, line):
    await body_of(Cassette(path, transport=MockTransport(lambda _: json_reply({"x": 1}))), recorded)

    with pytest.raises(CassetteMismatch) as raised:
        await body_of(Cassette(path), asked)

    text = str(raised.value)
    assert line in text
    assert f"nearest: interaction 1, {recorded.method} {recorded.url}" in text
    assert text.startswith(f"the cassette {path} has no recording of {asked.method} ")
    assert "try: " in text


def form(boundary, text, filename="a.txt"):
    lines = [
        f"--{boundary}",
        'Content-Disposition: form-data; name="purpose"',
        "",
        "assistants",
        f"--{boundary}",
        f'Content-Disposition: form-data; name="file"; filename="{filename}"',
        "Content-Type: text/plain",
        "",
        text,
        f"--{boundary}--",
        "",
    ]
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return call("\r\n".join(lines).encode(), path="/files", headers=headers)


async def test_forms_match_by_their_parts_whatever_the_boundary(path):
    await body_of(Cassette(path, transport=MockTransport(lambda _: json_reply({"x": 1}))), form("abc", "Hello"))

    assert await body_of(Cassette(path, drift="ignore"), form("def", "Hello")) == b'{"x":1}'
    with pytest.raises(CassetteMismatch, match="body /1/text: recorded 'Hello', asked 'Hallo'"):
        await body_of(Cassette(path), form("def", "Hallo"))
    assert "abc" not in path.read_text()


async def test_match_and_ignore_say_what_does_not_count(path):
    await body_of(
        Cassette(path, transport=MockTransport(lambda _: json_reply({}))), call({"a": 1, "metadata": {"time": 1}})
    )

    asked = call({"a": 1, "metadata": {"time": 2}})
    assert await body_of(Cassette(path, ignore=["/metadata/*"], drift="ignore"), asked) == b"{}"
    assert await body_of(Cassette(path, match=("method", "path"), drift="ignore"), call({"b": 1})) == b"{}"
    with pytest.raises(CassetteMismatch, match=r"host: recorded 'api\.x\.ai', asked 'other'"):
        await body_of(Cassette(path, match=("host",)), call({"a": 1}, base="http://other/v1"))


@pytest.mark.parametrize(
    "wrong", [{"mode": "twice"}, {"pace": "slow"}, {"drift": "no"}, {"match": ("colour",)}, {"pace": "clock"}]
)
def test_a_setting_that_does_not_exist_is_refused(path, wrong):
    with pytest.raises(ValueError, match=r"there is|there are|needs a clock"):
        Cassette(path, **wrong)


async def test_verify_tells_what_nobody_asked_for(path, real):
    grok = client(Cassette(path, transport=real))
    await grok.ask("Hi")
    await grok.chat.create(messages=HELLO)

    cassette = Cassette(path)
    await client(cassette).ask("Hi")
    with pytest.raises(CassetteMismatch, match=r"POST https://api\.x\.ai/v1/chat/completions"):
        cassette.verify()


async def test_calls_at_once_are_recorded_in_the_order_they_were_made(path):
    clock = TurnableClock()
    real = MockTransport(clock=clock)

    async def later(call):
        await clock.sleep(30 - int(call.last_message))
        return call.last_message

    real.on().reply(later)
    grok = client(Cassette(path, transport=real, clock=clock), clock=clock)

    task = asyncio.gather(*(grok.ask(str(number)) for number in range(20)))
    await clock.advance(60)
    recorded = [answer.text for answer in await task]
    grok = client(Cassette(path))
    replayed = await asyncio.gather(*(grok.ask(str(number)) for number in range(20)))

    assert recorded == [answer.text for answer in replayed] == [str(number) for number in range(20)]
    asked = [one["request"]["body"]["json"]["input"] for one in json.loads(path.read_bytes())["interactions"]]
    assert asked == recorded


async def test_a_reply_that_drifted_is_replayed_with_a_warning_that_names_the_field(path):
    real = MockTransport(lambda _: json_reply({"data": [{"id": "m"}, {"id": "n"}], "object": "list"}))
    await body_of(Cassette(path, transport=real), call(method="GET", path="/models"))

    cassette = Cassette(path)
    with pytest.warns(CassetteDrift, match=r"/data/\*/aliases: required, and missing \(2 times\)"):
        await body_of(cassette, call(method="GET", path="/models"))

    assert "/data/*/aliases: required, and missing (2 times)" in cassette.drifted
    with pytest.raises(CassetteMismatch, match="record it again"):
        await body_of(Cassette(path, drift="error"), call(method="GET", path="/models"))


async def test_drift_in_a_stream_is_told_by_event(path):
    real = MockTransport()
    real.on().reply(
        frames=[{"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [{"delta": {}}]}] * 3
    )
    await body_of(Cassette(path, transport=real), call({}, path="/chat/completions"))

    with pytest.warns(CassetteDrift, match=r"/choices/\*/index: required, and missing \(3 times\)"):
        await body_of(Cassette(path), call({}, path="/chat/completions"))


async def test_other_servers_and_good_replies_have_no_drift(path, real):
    other = call({"input": "x"}, base="http://localhost:1/v1")
    cassette = Cassette(path, transport=MockTransport(lambda _: json_reply({"odd": 1})))
    await body_of(cassette, other)
    await client(Cassette(path, "new", transport=real)).ask("Hi")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await body_of(Cassette(path), other)
        await client(Cassette(path)).ask("Hi")


async def test_the_file_reads_well(path):
    real = MockTransport()
    real.on().reply("Grüße euch")
    cassette = Cassette(path, transport=real)
    async with client(cassette).chat.stream(messages=HELLO) as reading:
        await reading.done()

    text = path.read_text("utf-8")

    assert text.endswith("}\n")
    assert '        "method": "POST",\n        "url": "https://api.x.ai/v1/chat/completions",\n' in text
    assert '              "content": "Hi"\n' in text
    lines = [line.strip().rstrip(",") for line in text.splitlines() if '"at"' in line]
    assert len(lines) == 5
    assert json.loads(lines[0])["data"]["choices"][0]["delta"]["content"] == "Grüße "
    assert lines[-1].endswith('"line": "[DONE]"}')


async def test_recording_the_same_again_gives_the_same_file(path, real):
    await client(Cassette(path, transport=real, clock=TurnableClock())).ask("Hi")
    before = path.read_text()
    real.reset()
    real.on().reply("answer 1 to Hi")

    await client(Cassette(path, "all", transport=real, clock=TurnableClock())).ask("Hi")

    assert path.read_text() == before


async def test_a_real_server_is_recorded_with_gzip_decoded(path):
    async def answer(request):
        response = web.json_response({"asked": await request.json()}, headers={"set-cookie": "secret=1"})
        response.enable_compression(web.ContentCoding.gzip)
        return response

    app = web.Application()
    app.router.add_post("/v1/batches", answer)
    server = TestServer(app)
    await server.start_server()
    asked = call({"a": 1}, path="/batches", base=str(server.make_url("/v1")))
    async with Cassette(path) as cassette:
        recorded = await body_of(cassette, asked)
    await server.close()

    replayed = await body_of(Cassette(path, "none"), asked)

    assert json.loads(replayed) == json.loads(recorded) == {"asked": {"a": 1}}
    assert "secret" not in path.read_text()
    assert "content-encoding" not in path.read_text()


async def test_a_gzipped_body_that_nobody_decoded_is_decoded_in_the_file(path):
    kind = {"content-type": "application/json", "content-encoding": "gzip"}
    real = MockTransport(lambda _: Reply(200, kind, stream=Body([gzip.compress(b'{"a":1}')])))

    await body_of(Cassette(path, transport=real), call({}, path="/batches"))

    assert await body_of(Cassette(path, "none"), call({}, path="/batches")) == b'{"a":1}'
