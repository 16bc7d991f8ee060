"""What the engine answers, in both dialects: real requests to a real model over plain HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import openai
import pytest

from grokkit.local.dialect import responses_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.local import Engine

pytestmark = pytest.mark.engine

QUESTION = "What is the capital of France?"
MESSAGES = [{"role": "user", "content": QUESTION}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "country": {"type": "string"}},
    "required": ["city", "country"],
    "additionalProperties": False,
}

Json = dict[str, object]


def send(engine: Engine, path: str, body: object) -> tuple[int, str, str]:
    address = urlsplit(engine.base_url)
    connection = http.client.HTTPConnection(address.netloc, timeout=60)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", address.path + path, json.dumps(body), headers)
        reply = connection.getresponse()
        return reply.status, reply.headers["Content-Type"], reply.read().decode()
    finally:
        connection.close()


def chat(engine: Engine, **options: object) -> str:
    body = {"model": engine.model, "messages": MESSAGES, "temperature": 0, "max_tokens": 40, **options}
    return send(engine, "/chat/completions", body)[2]


def respond(engine: Engine, **options: object) -> str:
    body = {"model": engine.model, "input": QUESTION, "temperature": 0, "max_output_tokens": 40, **options}
    return send(engine, "/responses", body)[2]


def chat_text(reply: str) -> str:
    return str(json.loads(reply)["choices"][0]["message"]["content"])


def response_text(reply: str) -> str:
    return str(json.loads(reply)["output"][0]["content"][0]["text"])


def frames(stream: str) -> Iterator[tuple[str, str]]:
    for block in stream.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        yield lines.get("event", "message"), lines["data"]


def chunks(stream: str) -> list[dict[str, object]]:
    return [json.loads(data) for _, data in frames(stream) if data != "[DONE]"]


def streamed_text(stream: str) -> str:
    deltas = [json.loads(data)["choices"] for _, data in frames(stream) if data != "[DONE]"]
    return "".join(choices[0]["delta"].get("content") or "" for choices in deltas if choices)


class TestChat:
    def test_a_plain_call_gives_text_usage_and_the_engine_s_model_name(self, shared_engine: Engine) -> None:
        reply = json.loads(chat(shared_engine, model="whatever-is-asked"))

        assert reply["choices"][0]["message"] == {"role": "assistant", "content": "The capital of France is Paris."}
        assert reply["choices"][0]["finish_reason"] == "stop"
        assert reply["model"] == shared_engine.model
        usage = reply["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]

    def test_a_stream_begins_with_the_role_and_ends_with_done(self, shared_engine: Engine) -> None:
        status, kind, stream = send(
            shared_engine, "/chat/completions", {"messages": MESSAGES, "stream": True, "max_tokens": 5}
        )

        assert (status, kind) == (200, "text/event-stream")
        first, *_, last = chunks(stream)
        assert first["choices"] == [
            {"finish_reason": None, "index": 0, "delta": {"role": "assistant", "content": None}}
        ]
        assert last["choices"] == [{"finish_reason": "length", "index": 0, "delta": {}}]
        assert [data for _, data in frames(stream)][-1] == "[DONE]"
        assert {name for name, _ in frames(stream)} == {"message"}

    def test_usage_comes_in_a_last_chunk_without_choices_when_asked_for(self, shared_engine: Engine) -> None:
        stream = chat(shared_engine, stream=True, stream_options={"include_usage": True})

        plain = json.loads(chat(shared_engine))
        last = chunks(stream)[-1]
        assert last["choices"] == []
        usage = last["usage"]
        assert isinstance(usage, dict)
        assert usage["total_tokens"] == plain["usage"]["total_tokens"]

    def test_a_schema_is_obeyed(self, shared_engine: Engine) -> None:
        form = {"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": SCHEMA}}

        answer = json.loads(chat_text(chat(shared_engine, response_format=form, max_tokens=100)))

        assert set(answer) == {"city", "country"}

    def test_a_prompt_longer_than_the_window_is_refused_by_name(self, shared_engine: Engine) -> None:
        body = {"messages": [{"role": "user", "content": "word " * 9000}]}

        status, _, reply = send(shared_engine, "/chat/completions", body)

        assert status == 400
        assert json.loads(reply)["error"]["type"] == "exceed_context_size_error"


class TestResponses:
    def test_a_plain_call_gives_a_message_and_usage(self, shared_engine: Engine) -> None:
        reply = json.loads(respond(shared_engine))

        assert reply["object"] == "response"
        assert reply["status"] == "completed"
        assert reply["output"][0]["content"][0]["text"] == "The capital of France is Paris."
        assert reply["usage"]["total_tokens"] == reply["usage"]["input_tokens"] + reply["usage"]["output_tokens"]

    def test_a_stream_tells_the_story_in_order(self, shared_engine: Engine) -> None:
        told = list(frames(respond(shared_engine, stream=True)))

        names = [name for name, _ in told]
        assert [name for name in names if name != "response.output_text.delta"] == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
        assert all(json.loads(data)["type"] == name for name, data in told)

    def test_the_last_event_holds_what_the_plain_call_returns(self, shared_engine: Engine) -> None:
        completed = json.loads(list(frames(respond(shared_engine, stream=True)))[-1][1])["response"]

        plain = json.loads(respond(shared_engine))
        assert response_text(json.dumps(completed)) == response_text(json.dumps(plain))
        assert completed["usage"]["total_tokens"] == plain["usage"]["total_tokens"]
        assert completed["model"] == plain["model"] == shared_engine.model

    def test_a_schema_is_obeyed_once_it_is_said_in_both_places(self, shared_engine: Engine) -> None:
        form = {"type": "json_schema", "name": "place", "strict": True, "schema": SCHEMA}
        body = responses_body({"input": QUESTION, "text": {"format": form}, "temperature": 0})

        answer = json.loads(response_text(send(shared_engine, "/responses", body)[2]))

        assert set(answer) == {"city", "country"}


@pytest.mark.parametrize("sampling", [{"temperature": 0}, {"temperature": 0.8, "seed": 7}])
def test_the_same_sampling_gives_the_same_text_in_every_way_of_asking(shared_engine: Engine, sampling: Json) -> None:
    prompt = "Write two sentences about the sea."
    messages = [{"role": "user", "content": prompt}]

    texts = {
        chat_text(chat(shared_engine, messages=messages, **sampling)),
        streamed_text(chat(shared_engine, messages=messages, stream=True, **sampling)),
        chat_text(chat(shared_engine, messages=messages, **sampling)),
        response_text(respond(shared_engine, input=prompt, **sampling)),
    }

    assert len(texts) == 1


async def test_four_requests_at_once_are_answered_as_if_they_were_alone(shared_engine: Engine) -> None:
    topics = ["the sea", "a cat", "winter", "bread"]

    async def ask(session: aiohttp.ClientSession, topic: str) -> str:
        messages = [{"role": "user", "content": f"Write a sentence about {topic}."}]
        body = {"messages": messages, "temperature": 0, "max_tokens": 30}
        async with session.post(f"{shared_engine.base_url}/chat/completions", json=body) as reply:
            return chat_text(await reply.text())

    async with aiohttp.ClientSession() as session:
        together = await asyncio.gather(*(ask(session, topic) for topic in topics))
        alone = [await ask(session, topic) for topic in topics]

    assert together == alone
    assert len(set(alone)) == len(topics)


class TestOpenAIClient:
    @pytest.fixture
    def client(self, shared_engine: Engine) -> Iterator[openai.OpenAI]:
        with openai.OpenAI(base_url=shared_engine.base_url, api_key="none", max_retries=0) as client:
            yield client

    def test_it_gets_the_same_text_plain_and_streamed(self, client: openai.OpenAI, shared_engine: Engine) -> None:
        plain = client.chat.completions.create(
            model=shared_engine.model, messages=[{"role": "user", "content": QUESTION}], temperature=0
        )
        stream = client.chat.completions.create(
            model=shared_engine.model,
            messages=[{"role": "user", "content": QUESTION}],
            temperature=0,
            stream=True,
        )

        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        assert text == plain.choices[0].message.content == chat_text(chat(shared_engine))

    def test_it_gets_the_same_text_from_responses(self, client: openai.OpenAI, shared_engine: Engine) -> None:
        reply = client.responses.create(model=shared_engine.model, input=QUESTION, temperature=0)

        assert reply.output_text == chat_text(chat(shared_engine))
