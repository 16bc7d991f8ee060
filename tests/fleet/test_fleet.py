"""Processes keep one limit together, as the server sees it, whatever happens to one of them or to the store."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from grokkit.layers.circuit.shared import LEASE
from grokkit.testing import Fault, Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping


WORKER = Path(__file__).parent / "worker.py"

MODEL = "grok-4.20-non-reasoning"  # does not reason: a plain call is not streamed underneath
LIMIT = 40
"""Calls a second, far below what the machine can do."""
MOST, LEAST = 1.02 * LIMIT, 0.93 * LIMIT
"""What may arrive in a second, and what must: a limit is kept for a little more than a second, to be sure."""
WINDOW = 5.0
"""Seconds: long enough for a call that a busy machine makes late by a tenth of a second to be of no weight."""
SECOND = 1.1
"""After that, calls which were let go under other rules are of the past."""
CALLERS, ANSWER = 30, 0.5
"""Of one process, and the seconds of an answer: any two processes could ask for three times the limit."""
LIMITED = {"mode": "fixed", "requests_per_second": LIMIT, "tokens_per_minute": 10_000_000}


class Line(msgspec.Struct):
    """What a process says."""

    name: str
    at: float
    """On the simulator's clock."""
    text: str


class Member:
    """A process of the fleet, and the lines it says."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.lines: list[Line] = []
        self._process = process
        self._listening = asyncio.create_task(self._listen())

    def said(self, name: str) -> list[Line]:
        """Its lines of this name."""
        return [line for line in self.lines if line.name == name]

    async def until(self, name: str) -> Line:
        """Its first line of this name."""
        await until(lambda: self.said(name) or self._listening.done())
        assert self.said(name), self.lines
        return self.said(name)[0]

    def go_on(self) -> None:
        """Let it begin, or say how it is."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    async def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if line.endswith(b"\n"):  # the last one may be cut off
                self.lines.append(msgspec.json.decode(line, type=Line))


async def until(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    while not is_so():
        await asyncio.sleep(0.01)


@asynccontextmanager
async def started(sim: Simulator, name: str, callers: int, options: Mapping[str, Any]) -> AsyncIterator[Member]:
    """A process that is ready."""
    client = {"base_url": sim.base_url, "api_key": sim.key, "model": MODEL, "retries": 0, **options}
    job = msgspec.json.encode({"name": name, "callers": callers, "options": client})
    pipe = asyncio.subprocess.PIPE
    member = Member(name, await asyncio.create_subprocess_exec(sys.executable, WORKER, job, stdin=pipe, stdout=pipe))
    try:
        await member.until("ready")
        yield member
    finally:
        await member.kill()


@asynccontextmanager
async def fleet(sim: Simulator, *names: str, callers: int = CALLERS, **options: Any) -> AsyncIterator[list[Member]]:
    """Processes that are ready."""
    async with AsyncExitStack() as stack:
        starting = [stack.enter_async_context(started(sim, name, callers, options)) for name in names]
        yield await asyncio.gather(*starting)


class Arrival(NamedTuple):
    """A call that the simulator saw."""

    at: float
    sent: float
    """When it was let go: on a machine that stands still for a moment, calls are long on their way."""


class Seen:
    """The calls that arrived, by the simulator's clock, which is also that of the processes."""

    def __init__(self, sim: Simulator) -> None:
        sim.on().reply("Hello!", delay=ANSWER)
        self._sim = sim

    def arrived(self, after: float = 0.0, before: float = math.inf, *, of: Member | None = None) -> list[Arrival]:
        """Those between two moments, of one process or of all."""
        return sorted(
            Arrival(call.started, float(call.headers["x-sent"]))
            for call in self._calls(of)
            if after < call.started < before
        )

    def running(self, of: Member) -> bool:
        """Whether calls of a process have no answer yet."""
        return any(not call.finished for call in self._calls(of))

    async def next(self, seconds: float) -> list[Arrival]:
        """The calls of so many seconds from now on, and of more until they are as many as the limit lets pass."""
        before = len(self._sim.calls)
        await until(lambda: len(self._sim.calls) >= before + LIMIT * seconds)
        end = self._sim.calls[before].started + seconds
        await until(lambda: self._sim.calls[-1].started > end)
        return self.arrived()[before:]

    def _calls(self, of: Member | None) -> list[Any]:
        return [call for call in list(self._sim.calls) if of is None or call.headers["x-process"] == of.name]


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """The server that all of them call."""
    with Simulator() as sim:
        yield sim


@pytest.fixture
def seen(sim: Simulator) -> Seen:
    """What it sees of them."""
    return Seen(sim)


def rate(arrived: list[Arrival]) -> float:
    """Calls a second on the average."""
    return (len(arrived) - 1) / (arrived[-1].at - arrived[0].at)


def in_windows(arrived: list[Arrival], window: float) -> list[float]:
    """The calls a second that were sent and arrived in the windows which end with a call."""
    begins = [(last.at - window, last.at) for last in arrived]
    return [sum(begin < call.sent and call.at <= end for call in arrived) / window for begin, end in begins]


def assert_kept(arrived: list[Arrival]) -> None:
    """The limit holds: in every window, and in most single seconds, where some milliseconds count."""
    assert max(in_windows(arrived, WINDOW)) <= MOST
    assert median(in_windows(arrived, 1.0)) <= MOST


async def begin(seen: Seen, members: list[Member]) -> float:
    """Let them ask, until the first calls are over: late since everything is new, and a burst with a gap after it."""
    for member in members:
        member.go_on()
    return (await seen.next(2 * SECOND))[-1].at


def lifetimes(server: Any) -> dict[str, float]:
    """Seconds that each key in Redis has still to live; below zero for one that stays for ever."""
    names = [f'"{name}"' for name in server.ask("KEYS", "*").decode().split("\r\n") if name.startswith("grokkit:")]
    return {name: int(server.ask("PTTL", name)[1:]) / 1000 for name in names}


async def test_four_processes_keep_one_limit_while_one_is_killed_and_redis_is_restarted(
    sim: Simulator, seen: Seen, redis_server: Any
) -> None:
    rates = {}

    async with fleet(sim, "one", "two", "three", "doomed", state=redis_server.url, rate_limit=LIMITED) as members:
        *others, doomed = members
        began = await begin(seen, members)
        rates["four"] = rate(await seen.next(WINDOW))
        await until(lambda: seen.running(doomed))
        await doomed.kill()
        killed = time.monotonic()
        await until(lambda: seen.arrived(after=killed + SECOND))  # what it took and did not send is lost until then
        rates["three"] = rate(await seen.next(WINDOW))
        left = lifetimes(redis_server)
        before = seen.arrived(began)
        await asyncio.to_thread(redis_server.kill)
        lost = [(await other.until("StateLost")).at for other in others]
        await asyncio.to_thread(redis_server.start)
        found = [(await other.until("StateRecovered")).at for other in others]
        await until(lambda: seen.arrived(after=max(found) + SECOND))
        after = await seen.next(WINDOW)
        rates["three, again"] = rate(after)

    assert_kept(before)
    assert_kept(after)
    for other, since, until_then in zip(others, lost, found, strict=True):
        alone = seen.arrived(since + SECOND, until_then, of=other)
        assert_kept(alone)
        assert rate(alone) > LIMIT / 2  # by its own limit, and not by its share of the common one
        assert [line.name for line in other.lines if line.name != "warning"] == ["ready", "StateLost", "StateRecovered"]
        assert [line.text.split()[0] for line in other.said("warning")] == ["grok.state_lost", "grok.state_recovered"]
    assert min(rates.values()) >= LEAST, rates
    assert len(left) == 2
    assert all(0.0 < seconds < 65.0 for seconds in left.values()), left


async def test_two_processes_keep_one_limit_over_one_file(sim: Simulator, seen: Seen, tmp_path: Path) -> None:
    async with fleet(sim, "one", "two", state=f"sqlite:///{tmp_path}/state.db", rate_limit=LIMITED) as members:
        await begin(seen, members)
        arrived = await seen.next(WINDOW)

    assert_kept(arrived)
    assert rate(arrived) >= LEAST
    assert all(seen.arrived(arrived[0].at, of=member) for member in members)
    assert [line.name for member in members for line in member.lines] == ["ready", "ready"]


async def test_a_prober_that_is_killed_leaves_a_lease_that_runs_out(sim: Simulator, redis_server: Any) -> None:
    script = sim.on(header={"x-process": "doomed"}).reply(error="capacity").then(error="capacity")
    script.then(fault=Fault(stall_before_headers=True))
    circuit = {"min_calls": 2, "open_for": 0.3, "longest": 0.3}

    async with fleet(sim, "doomed", "other", callers=1, state=redis_server.url, circuit=circuit) as (doomed, other):
        doomed.go_on()
        await until(lambda: len(sim.calls) == 3)
        other.go_on()
        await other.until("CircuitOpen")
        await doomed.kill()
        leases = {name: left for name, left in lifetimes(redis_server).items() if ":lease:" in name}
        while_leased = len(sim.calls)
        redis_server.ask("PEXPIRE", *leases, "1")
        await other.until("CircuitClosed")

    assert doomed.said("CircuitProbed")
    assert [0.0 < left <= LEASE for left in leases.values()] == [True]
    assert while_leased == 3
    assert other.said("CircuitOpen")[-1].at < other.said("CircuitProbed")[0].at


async def test_a_limit_that_one_process_ran_into_is_known_to_the_next(sim: Simulator, redis_server: Any) -> None:
    sim.limit(requests_per_minute=30)
    sim.on().reply("Hello!", delay=ANSWER)  # so that the refusal is heard before the headers of a reply

    async with fleet(sim, "first", "next", callers=31, state=redis_server.url, timeout=20) as (first, next_one):
        first.go_on()
        await first.until("RateLimited")
        next_one.go_on()
        await next_one.until("WouldExceedDeadline")
        next_one.go_on()
        health = await next_one.until("health")

    assert "'requests_per_minute': 30.0" in first.said("LimitLearned")[0].text
    assert sim.count(status=429) == 1
    assert len(sim.calls) == 31
    assert "30 requests per minute (refusal)" in health.text
