"""Calls that are started, answered, failed and cancelled in any order, at any await, in two processes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from grokkit.call import Call, Reply
from grokkit.config.policies import Circuit, Policies
from grokkit.errors import CircuitOpen, InvalidRequest, ServerFailed
from grokkit.layers.circuit import LEASE, CircuitBreaker
from grokkit.layers.circuit.shared import LOOK_EVERY
from grokkit.stores.memory import MemoryStore
from grokkit.testing import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Sequence

POLICY = Circuit(min_calls=3, window=30.0, open_for=5.0, longest=20.0)
CALL = Call(
    method="POST",
    base_url="https://api.x.ai/v1",
    path="/responses",
    operation="responses",
    id="c-1",
    account="acme",
    policies=Policies(circuit=POLICY),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "start", "answer", "fail", "fail", "refuse", "cancel", "turn", "loop"]),
        st.integers(0, 5),
    ),
    max_size=60,
)


class Slow(MemoryStore):
    """A store that can be left while it is asked, before it has done anything and after."""

    async def get(self, key: str) -> bytes | None:
        await asyncio.sleep(0)
        return await super().get(key)

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        await asyncio.sleep(0)
        await super().set(key, value, ttl=ttl)
        await asyncio.sleep(0)

    async def lease(self, key: str, holder: str, *, seconds: float) -> bool:
        await asyncio.sleep(0)
        leased = await super().lease(key, holder, seconds=seconds)
        await asyncio.sleep(0)
        return leased

    async def release(self, key: str, holder: str) -> None:
        await asyncio.sleep(0)
        await super().release(key, holder)


class World:
    """Two breakers over one store, and the calls that have reached the server."""

    def __init__(self) -> None:
        self.clock = TurnableClock()
        store = Slow(self.clock.now)
        self.breakers = [CircuitBreaker(self.clock, store) for _ in range(2)]
        self.tasks: list[asyncio.Task[Reply]] = []
        self.arrived: list[asyncio.Future[Reply]] = []

    async def server(self, call: Call) -> Reply:
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.arrived.append(answer)
        try:
            return await answer
        finally:
            self.arrived.remove(answer)

    async def step(self, what: str, number: int) -> None:
        if what == "start":
            breaker = self.breakers[number % 2]
            self.tasks.append(asyncio.create_task(breaker(CALL, self.server)))
        elif what == "cancel" and self.tasks:
            self.tasks[number % len(self.tasks)].cancel()
        elif what == "turn":
            await self.clock.advance(number)
        elif what == "loop":
            await asyncio.sleep(0)
        elif self.arrived:
            self.settle(what, self.arrived[number % len(self.arrived)])

    def settle(self, what: str, answer: asyncio.Future[Reply]) -> None:
        if answer.done():
            return
        if what == "answer":
            answer.set_result(Reply(200, {}, body=b""))
        else:
            answer.set_exception(ServerFailed("down") if what == "fail" else InvalidRequest("bad"))

    async def end(self) -> None:
        """Whoever is left is cancelled."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.clock.settle()


async def live_through(steps: Sequence[tuple[str, int]]) -> None:
    world = World()
    for step in steps:
        await world.step(*step)
    await world.end()
    assert (world.clock.waiting, world.arrived) == (0, [])
    assert "half_open" not in {health.state for breaker in world.breakers for health in breaker.health()}

    await world.clock.advance(POLICY.longest + LEASE)
    for breaker in world.breakers:
        await world.clock.advance(LOOK_EVERY)
        passing = asyncio.create_task(breaker(CALL, world.server))
        await world.clock.settle()
        assert len(world.arrived) == 1, "a call that nobody stands in the way of was not sent"
        others = []
        for each in world.breakers * 2:
            others.append(asyncio.create_task(each(CALL, world.server)))
            await world.clock.settle()  # while a breaker looks at what others told, more calls pass as it knew before
        states = [health.state for each in world.breakers for health in each.health()]
        assert states.count("half_open") <= 1, "one probe at a time, whoever sends it"
        for answer in list(world.arrived):
            answer.set_result(Reply(200, {}, body=b""))
        await passing
        for other in others:
            with suppress(CircuitOpen):
                await other
    await world.clock.advance(1)
    for breaker in world.breakers:
        assert [health.state for health in breaker.health()] == ["closed"]


@settings(max_examples=250, deadline=None)
@given(STEPS)
def test_nothing_is_left_behind_and_a_good_probe_closes_it_for_all(steps: list[tuple[str, int]]) -> None:
    asyncio.run(live_through(steps))
