"""Both faces of ours and openai's client, on the same real model: the same question gives the same answer."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import openai
import pytest

from grokkit import Answer, AsyncGrok, Grok
from grokkit.local import Engine

pytestmark = pytest.mark.engine

QUESTION = "Name three moons of Jupiter."
MESSAGES = [{"role": "user", "content": QUESTION}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "country": {"type": "string"}},
    "required": ["city", "country"],
    "additionalProperties": False,
}
Ask = Callable[[Engine], Answer]


def client_options(engine: Engine) -> dict[str, str]:
    return {"base_url": engine.base_url, "model": engine.model, "api_key": "local"}


def blocking_ask(engine: Engine) -> Answer:
    with Grok(**client_options(engine)) as grok:
        return grok.ask(QUESTION, temperature=0, max_output_tokens=48)


def blocking_stream(engine: Engine) -> Answer:
    with Grok(**client_options(engine)) as grok, grok.stream(QUESTION, temperature=0, max_output_tokens=48) as stream:
        text = "".join(stream.text())
    assert text == stream.result.text
    return stream.result


def blocking_chat(engine: Engine) -> Answer:
    with Grok(**client_options(engine)) as grok:
        return grok.chat.create(messages=MESSAGES, temperature=0, max_completion_tokens=48)


def async_ask(engine: Engine) -> Answer:
    async def ask() -> Answer:
        async with AsyncGrok(**client_options(engine)) as grok:
            return await grok.ask(QUESTION, temperature=0, max_output_tokens=48)

    return asyncio.run(ask())


def async_stream(engine: Engine) -> Answer:
    async def ask() -> Answer:
        grok = AsyncGrok(**client_options(engine))
        async with grok, grok.chat.stream(messages=MESSAGES, temperature=0, max_completion_tokens=48) as stream:
            return await stream.done()

    return asyncio.run(ask())


@pytest.fixture(scope="module")
def theirs(shared_engine: Engine) -> str:
    with openai.OpenAI(base_url=shared_engine.base_url, api_key="local", max_retries=0) as client:
        reply = client.chat.completions.create(
            model=shared_engine.model, messages=MESSAGES, temperature=0, max_completion_tokens=48
        )
    return reply.choices[0].message.content or ""


@pytest.mark.parametrize("ask", [blocking_ask, blocking_stream, blocking_chat, async_ask, async_stream])
def test_every_way_of_asking_gives_the_text_that_openai_gets(ask: Ask, shared_engine: Engine, theirs: str) -> None:
    answer = ask(shared_engine)

    assert answer.text == theirs != ""
    assert answer.model == shared_engine.model
    assert answer.usage.output_tokens > 0
    assert answer.usage.input_tokens + answer.usage.output_tokens == answer.usage.total_tokens


def test_local_starts_the_engine_and_binds_a_client_to_it(model_path: Path) -> None:
    with Grok.local(model_path) as grok:
        answer = grok.ask("Say hello.", max_output_tokens=8)

    assert answer.text


def test_a_json_schema_is_obeyed_in_both_dialects(model_path: Path) -> None:
    responses_format = {"format": {"type": "json_schema", "name": "place", "schema": SCHEMA}}
    chat_format = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}

    with Grok.local(model_path) as grok:
        asked = grok.ask("Where is the Eiffel Tower?", text=responses_format, temperature=0, max_output_tokens=64)
        chatted = grok.chat.create(
            messages=[{"role": "user", "content": "Where is the Eiffel Tower?"}],
            response_format=chat_format,
            temperature=0,
            max_completion_tokens=64,
        )

    assert set(msgspec.json.decode(asked.text)) == {"city", "country"}
    assert set(msgspec.json.decode(chatted.text)) == {"city", "country"}
