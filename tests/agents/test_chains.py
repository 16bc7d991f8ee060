"""Chains: steps of any kind, one after the other, side by side, for each of many, or one of two."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from grokkit import tool
from grokkit.agents import Decision, Outcome, RunResult, branch, mapped, parallel, record_of, sequence
from grokkit.agents.chains import run
from grokkit.errors import Misused
from grokkit.testing import Simulator


@tool(effects="read_only")
def shout(text: str) -> str:
    """In capitals."""
    return text.upper()


@tool(effects="read_only")
async def reverse(text: str) -> str:
    """Backwards."""
    await asyncio.sleep(0)
    return text[::-1]


@pytest.fixture
def sim() -> Simulator:
    sim = Simulator(seed=3)
    sim.on(last="poem").reply("roses")
    sim.on(last="1").reply("one")
    return sim


async def test_steps_of_all_kinds_are_one_chain_with_one_form_of_result(sim: Simulator) -> None:
    poet = sim.async_grok().agent(name="poet")

    outcome = await sequence(poet, shout, reverse, len).run("a poem")

    assert type(outcome) is Outcome
    assert (outcome.value, outcome.name) == (5, "poet > shout > reverse > len")
    assert [(step.name, step.value) for step in outcome.steps] == [
        ("poet", "roses"),
        ("shout", "ROSES"),
        ("reverse", "SESOR"),
        ("len", 5),
    ]
    assert isinstance(outcome.steps[0], RunResult)
    assert outcome.usage == outcome.steps[0].usage
    assert outcome.seconds >= 0


async def test_steps_side_by_side_get_the_same_and_answer_in_order() -> None:
    together = asyncio.Barrier(2)

    async def first(text: str) -> str:
        await together.wait()
        return text + "1"

    async def second(text: str) -> str:
        await together.wait()
        return text + "2"

    outcome = await parallel(first, second, shout).run("a")

    assert outcome.value == ["a1", "a2", "A"]


async def test_many_values_go_through_a_step_a_bounded_number_at_a_time() -> None:
    running = 0
    most = 0

    async def step(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(3):
            await asyncio.sleep(0)
        running -= 1
        return number * number

    outcome = await mapped(step, limit=3).run(range(10))

    assert outcome.value == [number * number for number in range(10)]
    assert most == 3
    assert len(outcome.steps) == 10


@pytest.mark.parametrize(("value", "expected"), [("long enough", "LONG ENOUGH"), ("short", "trohs")])
async def test_a_branch_takes_one_of_two_steps(value: str, expected: str) -> None:
    async def is_long(text: str) -> bool:
        return len(text) > 6

    assert (await branch(is_long, shout, reverse).run(value)).value == expected


async def test_chains_are_steps_of_chains() -> None:
    chain = sequence(str.split, mapped(parallel(len, shout)), branch(bool, len))

    outcome = await chain.run("one three")

    assert outcome.value == 2
    assert outcome.steps[1].value == [[3, "ONE"], [5, "THREE"]]


async def test_what_a_step_raises_ends_the_chain_and_says_where() -> None:
    def breaks(text: str) -> str:
        raise ValueError(text)

    with pytest.raises(ValueError, match="a") as raised:
        await sequence(str.strip, breaks, shout).run(" a ")

    assert raised.value.__notes__ == ["in the step 'breaks' of <strip > breaks > shout>"]


async def test_where_one_raises_the_others_are_cancelled() -> None:
    ended = asyncio.Event()

    async def hangs(_: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def breaks(_: str) -> None:
        await asyncio.sleep(0)
        raise ValueError("broken")

    before = asyncio.all_tasks()
    with pytest.raises(ValueError, match="broken"):
        await parallel(hangs, breaks).run("a")

    assert ended.is_set()
    assert asyncio.all_tasks() == before


async def test_cancelling_a_chain_cancels_its_steps() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hangs(_: str) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    chain = asyncio.create_task(mapped(hangs).run("ab"))
    await begun.wait()
    chain.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chain

    assert ended.is_set()


async def test_sync_steps_hold_up_nothing() -> None:
    together = threading.Barrier(2, timeout=20)

    outcome = await parallel(lambda _: together.wait() >= 0, lambda _: together.wait() >= 0).run(None)

    assert outcome.value == [True, True]


async def test_an_agent_gets_values_that_are_no_text_as_json(sim: Simulator) -> None:
    agent = sim.async_grok().agent(name="reader")

    await sequence(agent).run({"a": 1})
    await sequence(agent).run([{"role": "user", "content": "say 1"}])

    assert sim.calls[0].json["input"] == [{"role": "user", "content": '{"a":1}'}]
    assert sim.calls[1].json["input"] == [{"role": "user", "content": "say 1"}]


async def test_typed_agents_hand_values_on(sim: Simulator) -> None:
    sim.on(last="numbers").reply('{"value": [1, 2, 3]}')
    agent = sim.async_grok().agent(name="counter", into=list[int])

    assert (await sequence(agent, sum).run("numbers")).value == 6


def test_the_blocking_client_runs_steps_and_chains(sim: Simulator) -> None:
    grok = sim.grok()
    poet = grok.agent(name="poet")

    assert grok.run(sequence(poet, shout), "a poem").value == "ROSES"
    assert grok.run(poet, "a poem").value == "roses"
    assert grok.run(shout, "hi").value == "HI"


async def test_the_client_runs_any_step(sim: Simulator) -> None:
    assert (await sim.async_grok().run(reverse, "abc")).value == "cba"


@pytest.mark.parametrize("wrong", [None, "poet", 7])
async def test_what_is_no_step_is_refused(wrong: Any) -> None:
    with pytest.raises(Misused, match="is no step"):
        await run(wrong, "a")


def test_a_limit_of_none_at_all_is_refused() -> None:
    with pytest.raises(Misused, match="limit=0"):
        mapped(shout, limit=0)


async def test_a_run_that_pauses_in_a_chain_can_go_on(sim: Simulator) -> None:
    sim.on(last="Pay").reply(tool_calls=[("shout", {"text": "paid"})])
    sim.on(last="PAID").reply("Paid.")
    payer = sim.async_grok().agent(name="payer", tools=[shout], approve="always")

    with pytest.raises(Misused, match="waits for approval") as raised:
        await sequence(payer, len).run("Pay")
    record = record_of(raised.value) or pytest.fail("no record")
    result = await payer.resume(record, {record.turns[0].calls[0].id: Decision.approve()})

    assert raised.value.__notes__ == ["in the step 'payer' of <payer > len>"]
    assert result.value == "Paid."


async def test_a_condition_that_raises_says_where() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        await branch(lambda value: bool(value / 0), len).run(1)

    assert raised.value.__notes__ == ["in the condition of <len if <lambda>>"]
