"""Typed answers and forced calls of functions by a real model: 135 million parameters, held to a schema."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import pytest

from grokkit import AsyncTypedStream, Partial
from grokkit.errors import AnswerCutOff
from grokkit.local.dialect import LocalDialect
from grokkit.tools import tool

if TYPE_CHECKING:
    from tests.conftest import Face

    from grokkit import Answer
    from grokkit.local import Engine

pytestmark = pytest.mark.engine


@dataclass
class City:
    """A city."""

    city: str
    country: str
    climate: Literal["hot", "mild", "cold"]


@dataclass
class Stay:
    where: City
    nights: Annotated[int, msgspec.Meta(ge=1, le=14)]


@tool
def book(stay: Stay, *, guests: Annotated[int, msgspec.Meta(ge=1, le=4)] = 1) -> str:
    """Book a stay in a city."""
    return f"{guests} in {stay.where.city} for {stay.nights} nights"


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return city


PROMPT = "Book a stay of 3 nights in Oslo for 2 guests."


@pytest.fixture
def grok(face: Face, shared_engine: Engine) -> Any:
    """A client as `Grok.local()` makes it."""
    where = {"base_url": shared_engine.base_url, "model": shared_engine.model, "api_key": "local"}
    return face.client(**where, layers=[LocalDialect()])


async def test_a_value_of_a_class_comes_back_in_both_dialects(face: Face, grok: Any) -> None:
    question = "What is the capital of France?"
    messages = [{"role": "user", "content": question}]

    one = await face.call(grok.parse, question, into=City, temperature=0, max_output_tokens=60)
    other = await face.call(grok.chat.parse, messages=messages, into=City, temperature=0, max_completion_tokens=60)

    assert one.value.city == other.value.city == "Paris"
    assert one.value.climate in {"hot", "mild", "cold"}
    assert one.usage.output_tokens > 0


async def test_choices_unions_and_bounds_hold(face: Face, grok: Any) -> None:
    options = {"temperature": 0, "max_output_tokens": 80}
    hot = await face.call(grok.parse, "Is ice hot or cold?", into=Literal["hot", "cold"], **options)
    either = await face.call(grok.parse, "What is two and two?", into=int | City, **options)
    few = await face.call(
        grok.parse, "Three colours.", into=Annotated[list[str], msgspec.Meta(min_length=3, max_length=3)], **options
    )

    assert hot.value in {"hot", "cold"}
    assert isinstance(either.value, int | City)
    assert len(few.value) == 3


async def test_a_stream_hands_out_items_and_ends_with_the_plain_answer(face: Face, grok: Any) -> None:
    kind = Annotated[list[City], msgspec.Meta(min_length=2, max_length=3)]
    options = {"into": kind, "temperature": 0, "max_output_tokens": 200}
    plainly = await face.call(grok.parse, "Name some cities.", **options)
    stream = grok.parse_stream("Name some cities.", **options)

    if isinstance(stream, AsyncTypedStream):
        async with stream:
            items = [item async for item in stream.items()]
    else:

        def read() -> list[Any]:
            with stream:
                return list(stream.items())

        items = await asyncio.to_thread(read)

    assert items == stream.result.value == plainly.value
    assert all(type(item) is City for item in items)
    assert isinstance(stream.partial, Partial)


async def test_an_answer_that_is_cut_off_is_told_although_the_engine_does_not_say_so(face: Face, grok: Any) -> None:
    with pytest.raises(AnswerCutOff):
        await face.call(grok.parse, "Tell a story.", into=City, temperature=0, max_output_tokens=3)


async def ask(face: Face, grok: Any, dialect: str, choice: Any, tools: list[Any]) -> Answer:
    options = {"tools": tools, "tool_choice": choice, "temperature": 0}
    if dialect == "responses":
        answer: Answer = await face.call(grok.responses.create, input=PROMPT, max_output_tokens=120, **options)
        return answer
    messages = [{"role": "user", "content": PROMPT}]
    asked: Answer = await face.call(grok.chat.create, messages=messages, max_completion_tokens=120, **options)
    return asked


@pytest.mark.parametrize("dialect", ["responses", "chat"])
async def test_a_function_that_must_be_called_is_called(face: Face, grok: Any, dialect: str) -> None:
    answer = await ask(face, grok, dialect, "required", [book])

    [call] = answer.tool_calls
    assert (call.name, answer.finish_reason, answer.text) == ("book", "tool_calls", "")
    arguments = book.decode(call.arguments)
    assert 1 <= arguments["stay"].nights <= 14
    result = await book.run(arguments, key=call.id)
    assert result.endswith("nights")


@pytest.mark.parametrize("dialect", ["responses", "chat"])
async def test_the_function_that_is_named_is_called(face: Face, grok: Any, dialect: str) -> None:
    named = {"type": "function", "name": "book"}
    choice = named if dialect == "responses" else {"type": "function", "function": {"name": "book"}}

    answer = await ask(face, grok, dialect, choice, [weather, book])

    assert [call.name for call in answer.tool_calls] == ["book"]


async def test_a_stream_has_the_forced_call_too(face: Face, grok: Any) -> None:
    stream = grok.stream(
        PROMPT, tools=[weather.definition()], tool_choice="required", temperature=0, max_output_tokens=60
    )

    async with face.reading(stream) as reading:
        names = [type(event).__name__ for event in await reading.events()]

    assert "ToolCallDone" in names
    assert weather.decode(stream.result.tool_calls[0].arguments)["city"]


async def test_functions_that_need_not_be_called_are_left_to_the_model(face: Face, grok: Any) -> None:
    answer = await ask(face, grok, "responses", "auto", [weather])

    assert answer.text
