"""Limits of a run: decided once for each turn, exactly, and what is over can go on."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit import RunLimits, Usage, tool
from grokkit.agents import RunLimitReached, record_of
from grokkit.agents.limits import Spent, exceeded
from grokkit.errors import ConfigInvalid
from grokkit.testing import Simulator, TurnableClock
from grokkit.wire.usage import TICKS_PER_USD

COUNTS = st.integers(0, 50)
USAGES = st.builds(
    Usage,
    total_tokens=st.integers(0, 1000),
    cost_ticks=st.one_of(st.none(), st.integers(0, 10 * TICKS_PER_USD)),
)
SPENT = st.builds(Spent, turns=COUNTS, calls=COUNTS, usage=USAGES, bad_turns=st.integers(0, 5))
LIMITS = st.builds(
    RunLimits,
    turns=st.one_of(st.none(), st.integers(1, 50)),
    calls=st.one_of(st.none(), COUNTS),
    tokens=st.one_of(st.none(), st.integers(0, 1000)),
    usd=st.one_of(st.none(), st.floats(0, 10)),
    bad_calls=st.one_of(st.none(), st.integers(0, 5)),
)


@tool(effects="read_only")
def weather(city: str) -> str:
    """The weather of a city."""
    return f"Rain in {city}."


@pytest.fixture
def sim() -> Simulator:
    sim = Simulator(seed=3)
    sim.on().reply(tool_calls=[("weather", {"city": "Oslo"})])
    return sim


@given(LIMITS, SPENT, COUNTS)
def test_a_run_goes_on_exactly_while_nothing_is_used_up(limits: RunLimits, spent: Spent, calls: int) -> None:
    usage = spent.usage
    within = [
        limits.turns is None or spent.turns < limits.turns,
        limits.calls is None or spent.calls + calls <= limits.calls,
        limits.tokens is None or usage.total_tokens < limits.tokens,
        limits.usd is None or not spent.turns or (usage.cost_usd is not None and usage.cost_usd < limits.usd),
        limits.bad_calls is None or spent.bad_turns <= limits.bad_calls,
    ]

    assert (exceeded(limits, spent, calls=calls) is None) is all(within)


@given(SPENT, COUNTS)
def test_without_limits_nothing_ends_a_run(spent: Spent, calls: int) -> None:
    none = RunLimits(turns=None, calls=None, bad_calls=None)

    assert exceeded(none, spent, calls=calls) is None


@given(LIMITS, SPENT, COUNTS, COUNTS)
def test_what_is_over_stays_over(limits: RunLimits, spent: Spent, calls: int, more: int) -> None:
    later = Spent(turns=spent.turns + more, calls=spent.calls + more, usage=spent.usage, bad_turns=spent.bad_turns)

    if exceeded(limits, spent, calls=calls) is not None:
        assert exceeded(limits, later, calls=calls) is not None


@pytest.mark.parametrize(
    "wrong", [{"turns": 0}, {"calls": -1}, {"usd": -0.1}, {"tokens": "many"}, {"seconds": math.nan}]
)
def test_a_limit_that_is_none_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigInvalid, match=next(iter(wrong))):
        RunLimits(**wrong)


@pytest.mark.parametrize(
    ("limits", "limit", "turns", "calls"),
    [
        (RunLimits(turns=3), "turns", 3, 2),
        (RunLimits(calls=2), "calls", 3, 2),
        (RunLimits(calls=0), "calls", 1, 0),
        (RunLimits(tokens=1), "tokens", 1, 0),
        (RunLimits(usd=0.0000001), "usd", 1, 0),
    ],
)
async def test_a_limit_ends_the_run_before_tools_that_nobody_would_hear_of(
    sim: Simulator, limits: RunLimits, limit: str, turns: int, calls: int
) -> None:
    with pytest.raises(RunLimitReached) as raised:
        await sim.async_grok().agent(tools=[weather], limits=limits).run("Oslo")

    result = raised.value.result
    assert raised.value.limit == limit
    assert (result.stopped, result.turns, len(result.calls)) == ("limit", turns, calls)
    assert result.usage.total_tokens > 0
    assert record_of(raised.value) == result.record


async def test_a_run_that_was_ended_goes_on_with_higher_limits(sim: Simulator) -> None:
    grok = sim.async_grok()
    with pytest.raises(RunLimitReached) as raised:
        await grok.agent(tools=[weather], limits=RunLimits(turns=2)).run("Oslo")
    sim.on(last="Rain").reply("Enough.")

    result = await grok.agent(tools=[weather], limits=RunLimits(turns=3)).resume(raised.value.result.record)

    assert (result.value, result.turns, len(result.calls)) == ("Enough.", 3, 2)


async def test_an_answer_is_given_even_where_it_used_a_limit_up(sim: Simulator) -> None:
    sim.on().reply("Done.")

    result = await sim.async_grok().agent(tools=[weather], limits=RunLimits(turns=1, tokens=1, usd=0)).run("Hi")

    assert result.value == "Done."


async def test_money_that_nobody_can_count_is_over() -> None:
    sim = Simulator(seed=3)
    sim.on().reply(json={"id": "1", "model": "own", "object": "response", "status": "completed", "output": [CALL]})

    with pytest.raises(RunLimitReached, match="nobody knows"):
        await sim.async_grok().agent(tools=[weather], model="own", limits=RunLimits(usd=1)).run("Oslo")


CALL = {"type": "function_call", "id": "fc", "call_id": "c", "name": "weather", "arguments": '{"city":"Oslo"}'}
BAD = [("wether", {"city": "Oslo"})], [("weather", {"town": "Oslo"})]


@pytest.mark.parametrize("bad", BAD)
async def test_calls_that_cannot_be_made_go_back_a_bounded_number_of_times(bad: Any) -> None:
    sim = Simulator(seed=3)
    sim.on().reply(tool_calls=bad)

    with pytest.raises(RunLimitReached, match="3 turns in a row") as raised:
        await sim.async_grok().agent(tools=[weather], limits=RunLimits(bad_calls=2)).run("Oslo")

    assert raised.value.limit == "bad_calls"
    assert [call.status for call in raised.value.result.calls] == ["refused"] * 3


async def test_a_good_turn_makes_up_for_the_bad_ones_before() -> None:
    sim = Simulator(seed=3)
    good, (unknown, unfit) = [("weather", {"city": "Oslo"})], BAD
    answers = sim.on().reply(tool_calls=unknown)
    for calls in (unfit, good, unfit, unknown):
        answers = answers.then(tool_calls=calls)
    answers.then("Done.")

    result = await sim.async_grok().agent(tools=[weather], limits=RunLimits(bad_calls=2)).run("Oslo")

    assert (result.value, result.turns) == ("Done.", 6)


async def test_the_patience_that_was_used_up_is_remembered_when_the_run_goes_on() -> None:
    sim = Simulator(seed=3)
    sim.on().reply(tool_calls=BAD[0])
    grok = sim.async_grok()
    with pytest.raises(RunLimitReached) as raised:
        await grok.agent(tools=[weather], limits=RunLimits(bad_calls=2)).run("Oslo")

    with pytest.raises(RunLimitReached) as again:
        await grok.agent(tools=[weather], limits=RunLimits(bad_calls=3)).resume(raised.value.result.record)

    assert again.value.result.turns - raised.value.result.turns == 1


async def test_time_that_is_over_cancels_what_runs(hanging: Any) -> None:
    clock = TurnableClock()
    sim = Simulator(seed=3, clock=clock)
    sim.on().reply(tool_calls=[("hangs", {})])
    agent = sim.async_grok(timeout=None).agent(tools=[hanging.tool], limits=RunLimits(seconds=30))
    async with clock.rushing():
        with pytest.raises(RunLimitReached, match="longer than 30 s") as raised:
            await agent.run("Go")

    assert hanging.ended.is_set()
    assert (raised.value.limit, raised.value.result.turns, raised.value.result.seconds) == ("seconds", 1, 30)


async def test_time_that_is_over_ends_an_answer_too() -> None:
    clock = TurnableClock()
    sim = Simulator(seed=3, clock=clock)
    sim.on().reply("Late.", delay=60)

    async with clock.rushing():
        with pytest.raises(RunLimitReached) as raised:
            await sim.async_grok().agent(limits=RunLimits(seconds=30)).run("Go")

    assert (raised.value.limit, raised.value.result.turns) == ("seconds", 0)
    assert raised.value.result.answer is None
