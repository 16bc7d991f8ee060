"""Two hundred callers at once on real sockets: limits, outages, empty accounts and stalls hold, and nothing is left."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from grokkit.testing.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

CALLERS = 200
HI: dict[str, Any] = {"model": "grok-4.3", "messages": [{"role": "user", "content": "Hi"}]}


@asynccontextmanager
async def crowd(sim: Simulator) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=CALLERS)
    headers = {"Authorization": f"Bearer {sim.key}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        yield session


async def ask(session: aiohttp.ClientSession, sim: Simulator, **fields: Any) -> tuple[int, str]:
    async with session.post(f"{sim.base_url}/chat/completions", json=HI | fields) as reply:
        return reply.status, await reply.text()


async def storm(sim: Simulator, session: aiohttp.ClientSession, **fields: Any) -> Counter[int]:
    replies = await asyncio.gather(*(ask(session, sim, **fields) for _ in range(CALLERS)))
    return Counter(status for status, _ in replies)


async def until(holds: Callable[[], bool]) -> None:
    """Let callers and server, which share this loop, go on until something holds."""
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0)


async def test_exactly_as_many_are_let_in_as_the_limit_allows() -> None:
    async with Simulator() as sim, crowd(sim) as session:
        sim.limit(requests_per_minute=70)

        statuses = await storm(sim, session)

        assert statuses == {200: 70, 429: 130}
        assert (sim.count(status=200), sim.count(status=429)) == (70, 130)
        assert sim.tally.arrived == CALLERS


async def test_nobody_is_served_in_an_outage_nor_without_credit() -> None:
    async with Simulator() as sim, crowd(sim) as session:
        sim.outage(3600)
        during = await storm(sim, session)
        sim.limits.outages.clear()
        sim.credit(usd=0)
        _, text = await ask(session, sim)
        broke = await storm(sim, session, stream=True)

    assert during == broke == {429: CALLERS}
    assert "used all available credits" in text


async def test_callers_that_give_up_on_a_stall_leave_nothing_behind() -> None:
    async with Simulator() as sim, crowd(sim) as session:
        sim.faults(stall_at_event=2)
        waiting = [asyncio.ensure_future(ask(session, sim, stream=True)) for _ in range(CALLERS)]
        await until(lambda: sim.count(status=200) == CALLERS)
        everybody = sim.tally.in_flight

        for caller in waiting:
            caller.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await until(lambda: sim.tally.in_flight == 0)

        assert everybody == sim.tally.most_in_flight == CALLERS
        assert all(seen.disconnected for seen in sim.calls)


async def test_a_simulator_closes_at_once_while_two_hundred_stall() -> None:
    sim = Simulator()
    async with sim:
        sim.faults(stall_before_headers=True)
        async with crowd(sim) as session:
            waiting = [asyncio.ensure_future(ask(session, sim)) for _ in range(CALLERS)]
            await until(lambda: sim.tally.in_flight == CALLERS)
            await sim.__aexit__()
            ends = await asyncio.gather(*waiting, return_exceptions=True)

    assert all(isinstance(end, aiohttp.ClientError) for end in ends)
    assert sim.tally.in_flight == 0
