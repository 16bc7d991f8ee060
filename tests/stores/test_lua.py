"""The arithmetic on the server is that of `quota.py`: the same steps on the same clock, the same answers."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from grokkit.stores import Quota, Take, Taken, lua, operations
from grokkit.stores.redis import give_arguments, take_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.stores.operations import Rows

TEST_CLOCK = "local function clock() return tonumber(ARGV[#ARGV]) end"
START = 1_760_000_000.5
_runs = itertools.count()


class OnTestClock:
    """The scripts of the Redis store, told the time by the test."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._prefix = f"lua{next(_runs)}:"
        self.now = START

    async def take(self, takes: Sequence[Take]) -> tuple[float, float]:
        wait, now = await self._run(lua.TAKE, takes, take_arguments(takes))
        return wait / 1e6, now / 1e6

    async def give(self, takes: Sequence[Take], at: float) -> None:
        await self._run(lua.GIVE, takes, give_arguments(takes, at))

    async def _run(self, script: str, takes: Sequence[Take], arguments: list[str]) -> Any:
        keys = [f"{self._prefix}{take.quota.key}" for take in takes]
        now = str(round(self.now * 1e6))
        return await self._client.execute_command("EVAL", TEST_CLOCK + script, len(keys), *keys, *arguments, now)


class InPython:
    """The same operations on rows in a dictionary."""

    def __init__(self, server: OnTestClock) -> None:
        self._server = server
        self._rows: dict[str, bytes] = {}
        self.read = lambda _, key: self._rows.get(key)
        self.write = lambda _, key, value, __: self._rows.update({key: value})
        self.drop = lambda _, key: self._rows.pop(key)

    @property
    def now(self) -> float:
        return self._server.now

    async def take(self, takes: Sequence[Take]) -> Taken:
        return operations.take(cast("Rows", self), takes)

    async def give(self, takes: Sequence[Take], at: float) -> None:
        operations.give(cast("Rows", self), takes, at)


units = st.one_of(st.integers(0, 120), st.floats(0.001, 120))
limits = st.one_of(st.integers(1, 100), st.floats(0.1, 100))
windows = {"few": 60.0, "many": 7.3}


@st.composite
def takes(draw: st.DrawFn) -> list[Take]:
    keys = draw(st.sampled_from([["few"], ["many"], ["few", "many"]]))
    return [
        Take(Quota(key=key, limit=draw(limits), window=windows[key], depth=draw(units)), draw(units)) for key in keys
    ]


pauses = st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 90), st.floats(-90, 0))
steps = st.one_of(
    st.tuples(st.just("take"), takes(), pauses),
    st.tuples(st.just("wait and take"), takes(), pauses),
    st.tuples(st.just("give"), takes(), pauses),
    st.tuples(st.just("settle"), takes(), pauses),
)


@given(st.lists(steps, max_size=30))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_script_answers_as_the_arithmetic_in_python_does(common_redis: Any, steps: list[Any]) -> None:
    asyncio.run(_compare(common_redis.url, steps))


async def _compare(url: str, steps: list[Any]) -> None:
    async with Redis.from_url(url, protocol=2) as client:
        server = OnTestClock(client)
        here = InPython(server)
        times = [server.now]
        for kind, takes, pause in steps:
            server.now = round(server.now + pause, 6)
            if kind == "give":
                at = times[len(times) // 2]
                await asyncio.gather(here.give(takes, at), server.give(takes, at))
                continue
            if kind == "settle":
                excess = [Take(take.quota, -take.amount) for take in takes]
                await asyncio.gather(here.give(excess, times[-1]), server.give(excess, times[-1]))
                continue
            ours, (wait, at) = await asyncio.gather(here.take(takes), server.take(takes))
            if kind == "wait and take" and wait:
                server.now = round(server.now + ours.wait, 6)
                ours, (wait, at) = await asyncio.gather(here.take(takes), server.take(takes))
                assert wait == 0.0
            assert abs(ours.wait - wait) <= 2e-6
            assert ours.at == at
            times.append(at)


@pytest.mark.parametrize("depth", [0, 15, 60, 120])
def test_the_script_paces_steady_demand_as_python_does(common_redis: Any, depth: float) -> None:
    quota = Quota(key="few", limit=60, window=60.0, depth=depth)
    sizes = [1, 2.5, 0.3, 7] * 45

    asyncio.run(_compare(common_redis.url, [("wait and take", [Take(quota, size)], 0.0) for size in sizes]))


@pytest.mark.parametrize("back", [0.3, 5.0, 70.0, 3600.0])
async def test_a_clock_that_is_put_back_costs_the_same(common_redis: Any, back: float) -> None:
    async with Redis.from_url(common_redis.url, protocol=2) as client:
        server = OnTestClock(client)
        here = InPython(server)
        quota = Take(Quota(key="k", limit=60, window=60, depth=30), 5)
        for _ in range(3):
            await asyncio.gather(here.take([quota]), server.take([quota]))
            server.now += 1.5

        server.now -= back

        ours, (wait, at) = await asyncio.gather(here.take([quota]), server.take([quota]))
        full, (rest, _) = await asyncio.gather(here.take([Take(quota.quota, 50)]), server.take([Take(quota.quota, 50)]))
        assert (ours.wait, ours.at) == (wait, at)
        assert full.wait == pytest.approx(rest, abs=2e-6)
        assert full.wait <= 61.001
