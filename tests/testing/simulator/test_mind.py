"""Unscripted prompts: sums, memory, greetings, tools and JSON, the same for the same seed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from grokkit.testing.simulator.calling import calls_for
from grokkit.testing.simulator.mind import Mind
from grokkit.testing.simulator.thought import OfferedTool, Prompt, Thought, Turn

WEATHER = OfferedTool(
    name="get_weather",
    description="The weather in a city",
    parameters={
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "unit": {"enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city"],
    },
)
MAIL = OfferedTool(
    name="send_mail",
    description="Send an email",
    parameters={
        "type": "object",
        "properties": {"to": {"type": "string", "format": "email"}, "subject": {"type": "string"}},
        "required": ["to", "subject"],
    },
)


def prompt_of(*texts: str, **fields: Any) -> Prompt:
    roles = ("user", "assistant")
    turns = tuple(Turn(role=roles[number % 2], text=text) for number, text in enumerate(texts))
    return Prompt(**{"model": "grok-4.3", "turns": turns, **fields})


async def think(*texts: str, seed: int = 0, **fields: Any) -> Thought:
    return await Mind(seed).think(prompt_of(*texts, **fields))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("What is 17*23?", "17 * 23 = 391"),
        ("what's 2+2", "2 + 2 = 4"),
        ("How much is 12 plus 30?", "12 + 30 = 42"),
        ("Compute 100 divided by 8.", "100 / 8 = 12.5"),
        ("the sum of 3 and 4", "3 + 4 = 7"),
        ("Subtract 3 from 10", "10 - 3 = 7"),
        ("Multiply 6 by 7", "6 * 7 = 42"),
        ("What is 2 to the power of 10?", "2 ** 10 = 1024"),
        ("What is 5 squared?", "5 ** 2 = 25"),
        ("What is (3 + 4) * 2?", "(3 + 4) * 2 = 14"),
        ("What is 15% of 80?", "15 / 100 * 80 = 12"),
        ("the square root of 144", "sqrt(144) = 12"),
        ("seven times six", "7 * 6 = 42"),
        ("1,000 + 1", "1000 + 1 = 1001"),
        ("0.1 + 0.2", "0.1 + 0.2 = 0.3"),
        ("What is 2+2? Answer with just the number.", "4"),
        ("Hi", "Hello! How can I help you today?"),
        ("Say hello in one sentence.", "Hello! How can I help you today?"),
        ("Repeat after me: blue moon", "blue moon"),
        ("Reply with exactly 'pong'", "pong"),
        ("Say a single word.", "Hello"),
        ("Count from 3 to 6", "3, 4, 5, 6"),
        ("Why is the sky blue?", "You said: Why is the sky blue?"),
        ("", "There is nothing to answer."),
    ],
)
async def test_plain_prompts_are_answered_sensibly(text: str, answer: str) -> None:
    assert (await think(text)).text == answer


@pytest.mark.parametrize(
    "text",
    ["Call 555-1234 on 2026-01-02", "Meet me at 10", "9**9**9", "((((9**64)**64)**64)**64)**64", "10" * 50 + "+1"],
)
async def test_what_is_no_sum_is_not_solved(text: str) -> None:
    assert (await think(text)).text == f"You said: {text}"


@pytest.mark.parametrize("text", [" " * 300_000, "write " * 60_000, "1 " * 200_000, "(" * 300_000, "A " * 200_000])
async def test_very_long_prompts_are_answered_at_once(text: str) -> None:
    began = time.perf_counter()

    thought = await think(text, tools=(WEATHER,), tool_choice="none", schema={"type": "string"})
    await think(text)

    assert thought.text
    assert time.perf_counter() - began < 5


async def test_a_division_by_zero_is_told() -> None:
    assert "divides by zero" in (await think("What is 1/0?")).text


async def test_a_sum_goes_on_from_the_last_answer() -> None:
    assert (await think("What's 2+2?", "2 + 2 = 4", "Times three?")).text == "4 * 3 = 12"


async def test_what_was_said_before_is_remembered() -> None:
    assert (await think("My name is Ada.", "Hello Ada", "What is my name?")).text == "Your name is Ada."
    assert (await think("What is my name?")).text == "You have not told me your name."


async def test_as_many_words_are_written_as_wanted() -> None:
    assert len((await think("Write 250 words about rain")).text.split()) == 250


async def test_the_same_seed_thinks_the_same_and_another_something_else() -> None:
    same = [await think("Write a story", seed=1) for _ in range(2)]

    assert same[0] == same[1]
    assert await think("Write a story", seed=2) != same[0]
    assert await think("Write a story", seed=1, choice=1) != same[0]


async def test_reasoning_models_reason_more_with_more_effort() -> None:
    low, high = await think("Hi", effort="low"), await think("Hi", effort="high")

    assert 0 < len(low.reasoning) < len(high.reasoning)
    assert (await think("Hi", effort="none")).reasoning == ""
    assert (await think("Hi", model="grok-4.20-0309-non-reasoning")).reasoning == ""


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("Weather in Oslo?", '{"city":"Oslo"}'),
        (
            "What's the weather in San Francisco for 3 days, in celsius?",
            '{"city":"San Francisco","days":3,"unit":"celsius"}',
        ),
        ("weather in paris please", '{"city":"paris"}'),
        ("I want to know about the weather. City: Rome", '{"city":"Rome"}'),
    ],
)
async def test_the_one_tool_offered_is_called_with_what_the_prompt_says(text: str, arguments: str) -> None:
    (call,) = (await think(text, tools=(WEATHER,))).tool_calls

    assert (call.name, call.arguments) == ("get_weather", arguments)
    assert call.id.startswith("call_")


async def test_several_things_are_asked_for_in_parallel_calls() -> None:
    calls = (await think("Weather in Oslo, Rome and New York?", tools=(WEATHER,))).tool_calls

    assert [call.arguments for call in calls] == ['{"city":"Oslo"}', '{"city":"Rome"}', '{"city":"New York"}']
    assert len({call.id for call in calls}) == 3


async def test_parallel_calls_can_be_switched_off() -> None:
    thought = await think("Weather in Oslo and Rome?", tools=(WEATHER,), parallel_tool_calls=False)

    assert len(thought.tool_calls) == 1


async def test_of_several_tools_the_one_that_is_meant_is_called() -> None:
    tools = (WEATHER, MAIL)

    mail = await think('Send an email to bob@example.org with subject "Lunch"', tools=tools)

    assert [(call.name, call.arguments) for call in mail.tool_calls] == [
        ("send_mail", '{"to":"bob@example.org","subject":"Lunch"}')
    ]
    assert (await think("Who are you?", tools=tools)).tool_calls == ()


def test_a_tool_choice_is_obeyed() -> None:
    tools = (WEATHER, MAIL)

    assert calls_for(prompt_of("Weather?", tools=tools, tool_choice="none"), "") == ()
    assert calls_for(prompt_of("Weather?", tools=tools, tool_choice="send_mail"), "")[0].name == "send_mail"
    assert len(calls_for(prompt_of("Who are you?", tools=tools, tool_choice="required"), "")) == 1


async def test_a_tool_s_result_is_used_in_the_answer() -> None:
    turns = (Turn(role="user", text="Weather in Oslo?"), Turn(role="tool", text='{"sky":"rain"}', tool_call_id="c"))

    thought = await Mind(0).think(Prompt(model="grok-4.3", turns=turns, tools=(WEATHER,)))

    assert thought.tool_calls == ()
    assert thought.text == "The tool says: sky: rain"


@pytest.mark.parametrize(
    ("tool", "kind", "counter"),
    [
        ({"type": "web_search", "allowed_domains": ["x.ai"]}, "web_search_call", None),
        ({"type": "x_search"}, "custom_tool_call", "x_search_calls"),
        ({"type": "code_interpreter"}, "code_interpreter_call", None),
        ({"type": "file_search"}, "file_search_call", None),
        ({"type": "mcp", "server_label": "docs"}, "mcp_call", None),
        ({"type": "image_generation"}, "image_generation_call", None),
    ],
)
async def test_server_side_tools_are_used(tool: dict[str, Any], kind: str, counter: str | None) -> None:
    thought = await think("What is 3+4?", server_tools=(tool,))

    assert [call.type for call in thought.server_calls] == [kind]
    assert counter is None or thought.usage[counter] == 1


async def test_a_search_cites_pages_of_the_allowed_domains() -> None:
    thought = await think("News on grok", server_tools=({"type": "web_search", "allowed_domains": ["x.ai"]},))

    assert [citation.url for citation in thought.citations] == ["https://x.ai/news-on-grok"]
