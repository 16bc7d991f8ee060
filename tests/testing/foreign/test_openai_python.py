"""`openai` for Python, unchanged: what it has besides chat completions and Responses, and its asynchronous face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openai
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grokkit.testing.simulator import Simulator

MODEL = "grok-4.7"


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=simulator.base_url, api_key=simulator.key, max_retries=0) as client:
        yield client


async def test_files_come_and_go(client: openai.AsyncOpenAI) -> None:
    text = "Grüße, Welt\n".encode()

    made = await client.files.create(file=("Gruß 你好.txt", text, "text/plain"), purpose="assistants")
    listed = [file.id async for file in client.files.list()]
    found = await client.files.retrieve(made.id)
    content = await client.files.content(made.id)
    gone = await client.files.delete(made.id)

    assert (found.filename, found.bytes, content.content) == ("Gruß 你好.txt", len(text), text)
    assert listed == [made.id]
    assert gone.deleted
    assert [file.id async for file in client.files.list()] == []
    with pytest.raises(openai.NotFoundError):
        await client.files.content(made.id)


async def test_every_page_of_files_is_walked_once(client: openai.AsyncOpenAI) -> None:
    made = [(await client.files.create(file=(f"{number}.txt", b"x"), purpose="assistants")).id for number in range(5)]

    listed = [file.id async for file in client.files.list(limit=2)]

    for file in made:
        await client.files.delete(file)
    assert sorted(listed) == sorted(made)


async def test_a_streamed_tool_call_is_put_together(client: openai.AsyncOpenAI, simulator: Simulator) -> None:
    simulator.on(last="Weather in parts?").reply(tool_calls=[("weather", {"city": "Oslo"})], fragments=True)

    async with client.chat.completions.stream(
        model=MODEL, messages=[{"role": "user", "content": "Weather in parts?"}]
    ) as stream:
        final = await stream.get_final_completion()

    (call,) = final.choices[0].message.tool_calls or []
    assert call.function.arguments == '{"city":"Oslo"}'


async def test_models_embeddings_and_images_are_read(client: openai.AsyncOpenAI) -> None:
    models = [model.id async for model in client.models.list()]
    vectors = await client.embeddings.create(model="v1", input=["one", "two"])
    image = await client.images.generate(model="grok-imagine-image", prompt="A fjord", response_format="b64_json")

    assert MODEL in models
    assert len({len(vector.embedding) for vector in vectors.data}) == 1
    assert image.data
    assert image.data[0].b64_json


async def test_the_old_completions_are_answered(client: openai.AsyncOpenAI) -> None:
    completion = await client.completions.create(model="grok-4.20-0309-non-reasoning", prompt="1, 2, 3,", max_tokens=5)

    assert completion.choices[0].text


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("rate_limit", openai.RateLimitError),
        ("no_key", openai.AuthenticationError),
        ("content", openai.PermissionDeniedError),
        ("model", openai.NotFoundError),
        ("unreadable", openai.UnprocessableEntityError),
        ("server", openai.InternalServerError),
    ],
)
async def test_errors_of_responses_are_told_apart(
    client: openai.AsyncOpenAI, error: str, kind: type[openai.APIStatusError]
) -> None:
    with pytest.raises(kind):
        await client.responses.create(model=MODEL, input=f"fails with {error}")


async def test_a_response_that_breaks_in_mid_stream_is_told(client: openai.AsyncOpenAI) -> None:
    stream = await client.responses.create(model=MODEL, input="breaks in the middle", stream=True)

    broken = [event.message async for event in stream if event.type == "error"]

    assert broken == ["Timed out waiting for first token"]
