"""Every recording in captures becomes a cassette, and answers the same call again: raw, and through a client."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from grokkit import AsyncGrok
from grokkit.call import Call
from grokkit.errors import InvalidRequest
from grokkit.testing import Body, MockTransport
from grokkit.testing.cassette import Cassette, from_har
from grokkit.testing.mock.replies import body_reply

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures"
HAR = sorted((CAPTURES / "har").glob("*.json"))
STREAMS = sorted((CAPTURES / "streams").glob("*.chunks.txt"))

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the recordings are not here")


def entries(source):
    return json.loads(source.read_bytes())


def client(cassette, model):
    return AsyncGrok(api_key="xai-0123456789", transport=cassette, model=model)


@pytest.mark.parametrize("source", HAR, ids=lambda source: source.stem)
async def test_a_recording_becomes_a_cassette_that_answers_its_calls(source, tmp_path):
    cassette = Cassette(from_har(source, tmp_path / "test.json"), "none", drift="ignore")

    for entry in entries(source):
        asked, told = entry["request"], entry["response"]
        address = urlsplit(asked["url"])
        call = Call(
            method=asked["method"],
            base_url="https://api.x.ai",
            path=address.path + (f"?{address.query}" if address.query else ""),
            operation="test",
            id="c",
            body=None if asked["body"] is None else asked["body"].encode(),
        )

        reply = await cassette.send(call)
        body = await reply.read(10_000_000)

        assert reply.status == told["status"]
        assert reply.headers.get("x-request-id") == told["headers"].get("x-request-id")
        assert reply.headers["content-type"] == told["headers"]["content-type"]
        if "json" in told["headers"]["content-type"]:
            assert json.loads(body) == json.loads(told["body"])
        else:
            assert body.decode() == told["body"]
    cassette.verify()


@pytest.mark.parametrize("source", HAR, ids=lambda source: source.stem)
async def test_the_headers_that_matter_are_kept_and_no_others(source, tmp_path):
    text = from_har(source, tmp_path / "test.json").read_text()

    kept = {name for one in json.loads(text)["interactions"] for name in one["response"]["headers"]}
    assert kept <= {
        "content-type",
        "server",
        "x-request-id",
        "x-zero-data-retention",
        "x-metrics-e2e-ms",
        "x-metrics-mean-itl-ms",
        "x-metrics-ttft-ms",
        "x-ratelimit-limit-requests",
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-remaining-tokens",
    }


@pytest.fixture
def har(tmp_path):
    def cassette(name, **options):
        path = from_har(CAPTURES / "har" / f"{name}.json", tmp_path / "test.json")
        return Cassette(path, "none", **{"drift": "ignore", **options})

    return cassette


@pytest.mark.filterwarnings("ignore::grokkit.models.ModelRedirected")
async def test_the_chat_that_was_recorded_is_answered_through_a_client(har):
    grok = client(har("chat-hello", ignore=["/stream"]), "grok-3-fast")

    answer = await grok.chat.create(
        messages=[{"role": "user", "content": "Say hello in one sentence."}], temperature=0.0
    )

    assert answer.text == "Hello, how are you today?"
    assert answer.usage.cost_ticks == 1_365_000
    assert answer.request_id == answer.id == "fc1ada94-08fa-9268-91a1-ffb5c2592a6a"


@pytest.mark.filterwarnings("ignore::grokkit.models.ModelRedirected")
async def test_the_response_that_was_recorded_is_answered_through_a_client(har):
    grok = client(har("responses-create", match=("method", "path")), "grok-4-fast")

    answer = await grok.ask("What is 2 + 2? Reply with just the number.", temperature=0)

    assert (answer.text, answer.usage.reasoning_tokens) == ("4", 97)


async def test_the_errors_that_were_recorded_are_raised_through_a_client(har):
    grok = client(har("error-handling", ignore=["/stream"]), "grok-3-fast")

    with pytest.raises(InvalidRequest, match="Messages cannot be empty"):
        await grok._channel.send(
            grok._channel.call("chat", "POST", "/chat/completions", body={"model": "grok-3-fast", "messages": []})
        )
    with pytest.raises(InvalidRequest, match="unknown variant `invalid_role`"):
        await grok.chat.create(messages=[{"role": "invalid_role", "content": "test"}])
    assert len(await grok.models.list()) == 14


async def test_the_listing_that_was_recorded_is_answered_through_a_client(har):
    cassette = har("language-models-list", drift="ignore")

    models = await client(cassette, "grok-4.3").models.list_language()

    assert models


async def test_the_drift_of_a_recording_of_april_is_named_by_field(har):
    cassette = har("models-list", drift="warn")

    with pytest.warns(UserWarning, match=r"/data/\*/aliases: required, and missing \(14 times\)"):
        await client(cassette, "grok-4.3").models.list()


@pytest.mark.parametrize("source", STREAMS, ids=lambda source: source.name)
async def test_a_recorded_stream_replays_frame_for_frame(source, tmp_path):
    frames = source.read_bytes().splitlines()
    body = b"".join(b"data: " + frame + b"\n\n" for frame in frames) + b"data: [DONE]\n\n"
    path = "/chat/completions" if source.name.startswith("chat") else "/responses"
    pieces = [body[start : start + 1000] for start in range(0, len(body), 1000)]

    def real(_):
        reply = body_reply(b"", "text/event-stream")
        reply.stream = Body(pieces)
        return reply

    async def read(cassette):
        call = Call(
            method="POST", base_url="https://api.x.ai/v1", path=path, operation="t", id="c", body={"stream": True}
        )
        return await (await cassette.send(call)).read(10_000_000)

    tape = tmp_path / "test.json"

    assert await read(Cassette(tape, transport=MockTransport(real))) == body
    assert await read(Cassette(tape, "none", drift="ignore")) == body
    assert sum('"at"' in line for line in tape.read_text("utf-8").splitlines()) == len(frames) + 1
