"""Assertions about tool calls, tokens and cost: what they accept, and how they tell what was there instead."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit import AsyncGrok, ToolCall, Usage
from grokkit.testing import (
    MockTransport,
    Simulator,
    assert_called,
    assert_cost_below,
    assert_not_called,
    assert_tokens_below,
)

OSLO = ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo","days":2,"unit":{"of":"C"}}')
BERGEN = ToolCall(id="call_2", name="weather", arguments='{"city":"Bergen"}')
SEARCH = ToolCall(id="call_3", name="search", arguments='{"query":"umbrella"}')


class Wants:
    """An answer that wants tools called."""

    def __init__(self, *calls: ToolCall) -> None:
        self.tool_calls = list(calls)


class Took:
    """An answer that took tokens."""

    def __init__(self, usage: Usage) -> None:
        self.usage = usage


def usage(ticks: int | None = 300_000, **more: Any) -> Usage:
    return Usage(**{"input_tokens": 10, "output_tokens": 25, "total_tokens": 35, "cost_ticks": ticks, **more})


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"city": "Bergen"},
        {"city": re.compile("^Ber")},
        {"city": ...},
        {"city": lambda city: city.endswith("gen")},
    ],
)
def test_a_call_is_found_by_some_of_its_arguments(arguments: dict[str, Any]) -> None:
    answer = Wants(SEARCH, BERGEN)

    found = assert_called(answer, "weather", **arguments)

    assert found is BERGEN


def test_objects_may_have_more_fields() -> None:
    assert assert_called(Wants(OSLO), "weather", unit={"of": "C"}) is OSLO


def test_a_call_that_is_missing_is_told_with_the_nearest() -> None:
    with pytest.raises(AssertionError) as failed:
        assert_called(Wants(SEARCH, BERGEN, OSLO), "weather", city="Oslo", days=3)

    assert str(failed.value).splitlines() == [
        "weather(city='Oslo', days=3) was not called",
        "  there was: search(query='umbrella'), weather(city='Bergen'), weather(city='Oslo', days=2, unit={'of': 'C'})",
        "  nearest: weather(city='Oslo', days=2, unit={'of': 'C'})",
        "    /days: wanted 3, was 2",
    ]


def test_no_call_at_all_is_told() -> None:
    with pytest.raises(AssertionError, match=r"weather\(\) was not called\n  no tool was called at all"):
        assert_called(Wants(), "weather")


@pytest.mark.parametrize("arguments", ["", "{broken", "[1]", '"text"'])
def test_arguments_that_are_no_object_are_shown_as_they_are(arguments: str) -> None:
    answer = Wants(ToolCall(id="call_1", name="weather", arguments=arguments))

    assert_called(answer, "weather") if not arguments else None
    with pytest.raises(AssertionError, match="was not called"):
        assert_called(answer, "weather", city="Oslo")


def test_no_key_is_shown() -> None:
    answer = Wants(ToolCall(id="call_1", name="log_in", arguments='{"key":"xai-0123456789abcdef"}'))

    with pytest.raises(AssertionError) as failed:
        assert_called(answer, "log_in", key="another")

    assert "0123456789" not in str(failed.value)


def test_what_must_not_be_called() -> None:
    assert_not_called(Wants())
    assert_not_called(Wants(OSLO), "search")
    assert_not_called(Wants(OSLO), "weather", city="Bergen")

    with pytest.raises(AssertionError, match=r"no tool was to be called, and there was: search\(query='umbrella'\)"):
        assert_not_called(Wants(SEARCH))
    with pytest.raises(AssertionError, match=r"weather\(city='Oslo'\) was to be called"):
        assert_not_called(Wants(OSLO), "weather", city="Oslo")


async def _handles_a_tool_call(grok: AsyncGrok, dialect: str) -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    if dialect == "chat":
        messages: list[dict[str, Any]] = [{"role": "user", "content": "Rain in Oslo?"}]
        wanted = await grok.chat.create(messages=messages, tools=tools)
        call = wanted.tool_calls[0]
        function = {"name": call.name, "arguments": call.arguments}
        messages += [
            {"role": "assistant", "tool_calls": [{"id": call.id, "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": call.id, "content": "dry"},
        ]
        await grok.chat.create(messages=messages, tools=tools)
        return
    flat = [{"type": "function", "name": "weather", "parameters": {"type": "object"}}]
    given: list[dict[str, Any]] = [{"role": "user", "content": "Rain in Oslo?"}]
    wanted = await grok.responses.create(input=given, tools=flat)
    call = wanted.tool_calls[0]
    given += [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments},
        {"type": "function_call_output", "call_id": call.id, "output": "dry"},
    ]
    await grok.responses.create(input=given, tools=flat)


@pytest.mark.parametrize("dialect", ["chat", "responses"])
@pytest.mark.parametrize("kind", ["mock", "simulator"])
async def test_of_a_mock_or_a_simulator_it_is_what_the_program_handled(kind: str, dialect: str) -> None:
    server: MockTransport | Simulator
    if kind == "mock":
        server = MockTransport()
        server.on().reply(tool_calls=[OSLO]).then("Dry.")
        grok = AsyncGrok(api_key="test", transport=server)
    else:
        server = Simulator()
        server.on().reply(tool_calls=[("weather", {"city": "Oslo", "days": 2})]).then("Dry.")
        grok = server.async_grok()

    await _handles_a_tool_call(grok, dialect)

    assert assert_called(server, "weather", city="Oslo", days=2).name == "weather"
    assert_not_called(server, "weather", city="Bergen")


async def test_a_call_that_was_wanted_and_not_handled_does_not_count() -> None:
    mock = MockTransport()
    mock.on().reply(tool_calls=[OSLO])

    answer = await AsyncGrok(api_key="test", transport=mock).ask("Rain in Oslo?")

    assert_called(answer, "weather")
    assert_not_called(mock)


def test_requests_without_json_have_no_tool_calls() -> None:
    simulator = Simulator()

    simulator.grok().models.list()

    assert_not_called(simulator)


def test_cost_is_compared_and_told() -> None:
    assert_cost_below(Took(usage()), usd=0.0001)
    assert_cost_below([usage(), Took(usage())], usd=0.0001)

    with pytest.raises(AssertionError) as failed:
        assert_cost_below([usage(), usage(estimated=True, cached_tokens=4)], usd=0.00006)

    assert str(failed.value) == (
        "it cost $0.00006 (estimated), and less than $0.00006 was expected:"
        " 20 tokens in (4 cached), 50 out (0 reasoning)"
    )


def test_a_cost_that_is_not_known_fails() -> None:
    with pytest.raises(AssertionError, match="what it cost is not known"):
        assert_cost_below(usage(ticks=None), usd=1.0)


@pytest.mark.parametrize("limit", ["total", "input", "output", "reasoning"])
def test_tokens_are_compared_and_told(limit: str) -> None:
    took = usage(reasoning_tokens=5)
    used = getattr(took, f"{limit}_tokens")
    limits: dict[str, Any] = {limit: used + 1}

    assert_tokens_below(took, **limits)

    with pytest.raises(AssertionError, match=f"{used} {limit} tokens, and fewer than {used} were expected"):
        assert_tokens_below(took, **{limit: used})


@given(st.lists(st.integers(0, 10**12), max_size=20), st.integers(0, 10**13))
def test_a_sum_is_below_exactly_when_it_is(ticks: list[int], limit: int) -> None:
    usages = [usage(ticks=each) for each in ticks]

    try:
        assert_cost_below(usages, usd=limit / 10**10)
    except AssertionError:
        assert sum(ticks) >= limit
    else:
        assert sum(ticks) < limit


def test_what_has_nothing_to_assert_on_is_an_error_of_another_kind() -> None:
    with pytest.raises(TypeError, match="int has no tool calls"):
        assert_called(3, "weather")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="str has no usage"):
        assert_cost_below("much", usd=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="needs a limit"):
        assert_tokens_below(usage())
