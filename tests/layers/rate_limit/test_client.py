"""Limits as the callers of a client see them."""

from __future__ import annotations

import asyncio

from grokkit.testing import Simulator, TurnableClock


async def test_one_refusal_in_a_quiet_moment_does_not_bound_what_runs_later() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on().reply(lambda _: "Hi", delay=1.0)
    sim.on(last="first", times=1).reply(json={"error": "Too many requests"}, status=429)
    grok = sim.async_grok()

    async with clock.rushing():
        await grok.ask("first")
        began = clock.now()
        await asyncio.gather(*(grok.ask(f"{number}") for number in range(200)))

    assert clock.now() - began < 5
