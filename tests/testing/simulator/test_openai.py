"""Somebody else's client, unchanged: what works against the API works against the simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openai
import pydantic
import pytest

from grokkit.testing.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "grok-4.7"


class Person(pydantic.BaseModel):
    """What structured output is parsed into."""

    name: str
    age: int


@pytest.fixture(scope="module")
def serving() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def sim(serving: Simulator) -> Simulator:
    serving.reset()
    return serving


@pytest.fixture
def client(sim: Simulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=sim.key, base_url=sim.base_url, max_retries=0) as client:
        yield client


def test_a_plain_call_is_answered(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "What is 6*7?"}])

    assert completion.choices[0].message.content == "6 * 7 = 42"
    assert completion.usage is not None
    assert completion.usage.prompt_tokens > 0


def test_a_stream_brings_the_same_text(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Count to 5"}],
        stream=True,
        stream_options={"include_usage": True},
    )

    chunks = list(stream)

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "1, 2, 3, 4, 5"
    assert chunks[-1].usage is not None


def test_a_tool_is_called_and_its_result_used(client: openai.OpenAI) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": parameters}}]
    messages = [{"role": "user", "content": "What is the weather in Oslo?"}]

    called = client.chat.completions.create(model=MODEL, messages=messages, tools=tools).choices[0]  # type: ignore[call-overload]
    call = called.message.tool_calls[0]
    messages += [called.message, {"role": "tool", "tool_call_id": call.id, "content": "rain"}]
    answer = client.chat.completions.create(model=MODEL, messages=messages, tools=tools).choices[0]  # type: ignore[call-overload]

    assert (called.finish_reason, call.function.arguments) == ("tool_calls", '{"city":"Oslo"}')
    assert answer.message.content == "weather says: rain"


def test_structured_output_is_parsed(client: openai.OpenAI) -> None:
    completion = client.chat.completions.parse(
        model=MODEL, messages=[{"role": "user", "content": "Ada Lovelace is 36"}], response_format=Person
    )

    assert completion.choices[0].message.parsed == Person(name="Ada Lovelace", age=36)


def test_streamed_helpers_work(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=[{"role": "user", "content": "2+2?"}]) as stream:
        final = stream.get_final_completion()

    assert final.choices[0].message.content == "2 + 2 = 4"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("rate_limit", openai.RateLimitError),
        ("credits", openai.RateLimitError),
        ("wrong_key", openai.BadRequestError),
        ("no_key", openai.AuthenticationError),
        ("content", openai.PermissionDeniedError),
        ("model", openai.NotFoundError),
        ("unreadable", openai.UnprocessableEntityError),
        ("server", openai.InternalServerError),
        ("edge", openai.InternalServerError),
    ],
)
def test_errors_are_told_apart(
    sim: Simulator, client: openai.OpenAI, error: str, kind: type[openai.APIStatusError]
) -> None:
    sim.on().reply(error=error)

    with pytest.raises(kind):
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}])


def test_a_stream_that_is_cut_is_told(sim: Simulator, client: openai.OpenAI) -> None:
    sim.faults(cut_at_byte=500)

    with pytest.raises(openai.APIConnectionError):
        list(
            client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": "Write 30 words"}], stream=True
            )
        )


def test_it_retries_what_can_be_retried(sim: Simulator) -> None:
    sim.on(times=1).reply(error="unavailable", retry_after=0.001)

    with openai.OpenAI(api_key=sim.key, base_url=sim.base_url, max_retries=1) as client:
        completion = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "1+1?"}])

    assert completion.choices[0].message.content == "1 + 1 = 2"
    assert [seen.status for seen in sim.calls] == [503, 200]
    assert sim.calls[1].headers["x-stainless-retry-count"] == "1"
