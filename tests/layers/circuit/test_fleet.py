"""Several processes with one store: breakers side by side, and real processes over a SQLite file."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from grokkit.errors import CircuitOpen, InvalidRequest, NoCapacity, ServerFailed
from grokkit.layers.circuit import LEASE
from grokkit.layers.circuit.shared import LOOK_EVERY
from grokkit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.layers.circuit.conftest import Process

    from grokkit.testing import TurnableClock

DOWN = ServerFailed("upstream is down", status=500)


class CountedStore(MemoryStore):
    """Counts how often a value is asked for."""

    reads = 0

    async def get(self, key: str) -> bytes | None:
        self.reads += 1
        return await super().get(key)


async def open_by_first(fleet: list[Process]) -> None:
    """The first opens the circuit, the others have made a call before."""
    for process in fleet:
        await process.send()
    await fleet[0].fail(DOWN, times=3)


async def test_a_circuit_that_one_opened_is_open_for_all_within_a_second(
    clock: TurnableClock, fleet: list[Process]
) -> None:
    await open_by_first(fleet)
    await clock.advance(LOOK_EVERY)

    for process in fleet[1:]:
        with pytest.raises(CircuitOpen, match=r"of \d calls failed, the last with ServerFailed: upstream") as refused:
            await process.send()
        assert refused.value.retry_after == pytest.approx(4.0)
        assert process.heard == ["CircuitOpened"]


async def test_a_newcomer_meets_an_open_circuit_at_its_first_call(
    clock: TurnableClock, start_process: Callable[..., Process], fleet: list[Process]
) -> None:
    await open_by_first(fleet)
    await clock.advance(2)

    with pytest.raises(CircuitOpen) as refused:
        await start_process().send()

    assert refused.value.retry_after == LOOK_EVERY


async def test_one_probe_runs_in_the_fleet(clock: TurnableClock, fleet: list[Process]) -> None:
    await open_by_first(fleet)
    server = fleet[0].server
    before, server.most, server.seconds = server.calls, 0, 30.0
    await clock.advance(5)

    tasks = [process.start() for process in fleet for _ in range(5)]
    await clock.advance(20)
    tasks += [process.start() for process in fleet for _ in range(5)]
    await clock.advance(20)

    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert (server.calls - before, server.most) == (1, 1)
    assert sum(isinstance(result, CircuitOpen) for result in results) == len(tasks) - 1
    assert clock.waiting == 0


async def test_a_good_probe_of_one_closes_it_for_all_within_a_second(
    clock: TurnableClock, fleet: list[Process]
) -> None:
    await open_by_first(fleet)
    await clock.advance(LOOK_EVERY)
    for process in fleet[1:]:
        with pytest.raises(CircuitOpen):
            await process.send()
    await clock.advance(4)
    await fleet[1].send()

    await clock.advance(LOOK_EVERY)
    for process in fleet:
        await process.send()

    assert [process.state for process in fleet] == ["closed"] * 3
    assert fleet[2].heard == ["CircuitOpened", "CircuitClosed"]


async def test_a_failed_probe_of_one_keeps_all_from_probing_for_twice_as_long(
    clock: TurnableClock, fleet: list[Process]
) -> None:
    await open_by_first(fleet)
    await clock.advance(5)
    await fleet[0].fail(NoCapacity("at capacity"))
    before = fleet[0].server.calls

    for _ in range(9):
        await clock.advance(1)
        for process in fleet:
            with pytest.raises(CircuitOpen):
                await process.send()

    assert fleet[0].server.calls == before
    await clock.advance(1)
    await fleet[2].send()


async def test_a_probe_that_is_given_back_may_be_anybody_s(clock: TurnableClock, fleet: list[Process]) -> None:
    await open_by_first(fleet)
    await clock.advance(5)
    await fleet[0].fail(InvalidRequest("bad"))

    await fleet[1].send()

    assert fleet[1].state == "closed"


async def test_a_prober_that_was_killed_blocks_nobody_for_longer_than_its_lease(
    clock: TurnableClock, fleet: list[Process]
) -> None:
    await open_by_first(fleet)
    await clock.advance(5)
    await fleet[0].layer._bulletin.may_probe("circuit/acme/responses grok-4.7")
    with pytest.raises(CircuitOpen):
        await fleet[1].send()

    await clock.advance(LEASE)

    await fleet[1].send()


async def test_the_store_is_looked_at_once_a_second_and_not_by_every_call(
    clock: TurnableClock, start_process: Callable[..., Process]
) -> None:
    store = CountedStore(clock.now)
    process = start_process(store)

    for _ in range(100):
        await clock.advance(0.1)
        await process.send()

    assert store.reads == pytest.approx(10, abs=1)


async def test_a_record_that_nobody_understands_changes_nothing(
    process: Process, store: MemoryStore, clock: TurnableClock
) -> None:
    await store.set("circuit/acme/responses grok-4.7", b'{"id": 7}')

    await process.send()

    assert process.state == "closed"


async def test_what_was_not_told_because_the_caller_left_is_told_by_the_next_call(
    clock: TurnableClock, fleet: list[Process], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for process in fleet:
        await process.send()
    telling = asyncio.Event()

    async def hang(*_: object, **__: object) -> None:
        telling.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(store, "set", hang)
        await fleet[0].fail(DOWN, times=2)
        fleet[0].server.error = DOWN
        opening = fleet[0].start()
        await telling.wait()
        opening.cancel()
        await asyncio.wait([opening])
    with pytest.raises(CircuitOpen):
        await fleet[0].send()

    await clock.advance(LOOK_EVERY)
    with pytest.raises(CircuitOpen):
        await fleet[1].send()


async def test_an_own_probe_outweighs_what_others_say_of_an_open_circuit(
    clock: TurnableClock, fleet: list[Process], store: MemoryStore
) -> None:
    await open_by_first(fleet)
    await clock.advance(5)
    fleet[0].server.seconds = 5.0
    probe = fleet[0].start()
    await clock.advance(1)
    await store.set("circuit/acme/responses grok-4.7", b'{"id": "another", "open": true, "rest": 60, "times": 4}')
    with pytest.raises(CircuitOpen, match="a probe is on its way"):
        await fleet[0].send()

    await clock.advance(5)
    await probe

    assert fleet[0].state == "closed"


async def test_old_news_do_not_undo_what_happened_while_they_were_read(
    clock: TurnableClock, fleet: list[Process], store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_by_first(fleet)
    await clock.advance(5)
    await fleet[0].send()
    old, arrived = await store.get("circuit/acme/responses grok-4.7"), asyncio.Event()

    async def late(_: str) -> bytes | None:
        await arrived.wait()
        return old

    with monkeypatch.context() as patch:
        patch.setattr(store, "get", late)
        reader = fleet[1].start()
        await clock.settle()
        await fleet[1].fail(DOWN, times=3)
        arrived.set()
        with pytest.raises(CircuitOpen):
            await reader

    assert fleet[1].state == "open"


PACE = 4.0
"""Seconds of the processes in one second of the test, which is in a hurry."""

PROCESS = """
import asyncio, sys, time
from grokkit.call import Call, Reply
from grokkit.clock import SystemClock
from grokkit.config.policies import Circuit, Policies
from grokkit.errors import CircuitOpen, ServerFailed
from grokkit.layers.circuit import CircuitBreaker
from grokkit.stores.sqlite import SQLiteStore

part, path, pace = sys.argv[1], sys.argv[2], float(sys.argv[3])

class Hurried(SystemClock):
    def now(self):
        return time.monotonic() * pace
    async def sleep(self, seconds):
        await asyncio.sleep(seconds / pace)

policy = Circuit(min_calls=2, open_for=0.5, longest=0.5)
call = Call(method="POST", base_url="https://api.x.ai/v1", path="/responses", operation="responses", id="c",
            model="grok-4.7", account="acme", policies=Policies(circuit=policy))

async def down(call):
    raise ServerFailed("down")

async def hang(call):
    print("probing", flush=True)
    await asyncio.Event().wait()

async def good(call):
    return Reply(200, {}, body=b"")

async def main():
    clock, store = Hurried(), SQLiteStore(path, lambda: time.time() * pace)
    breaker = CircuitBreaker(clock, store)
    async def send(server):
        try:
            await breaker(call, server)
        except (CircuitOpen, ServerFailed) as error:
            return type(error).__name__, error.retry_after
        return "sent", None
    if part == "open":
        print([await send(down) for _ in range(3)][-1][0], flush=True)
    else:
        while (outcome := await send(hang if part == "hang" else good))[0] != "sent":
            print(outcome[0], flush=True)
            await clock.sleep(outcome[1])
        print("sent", clock.now(), flush=True)
    await store.aclose()

asyncio.run(main())
"""


class Member:
    """A process of the fleet, and the lines it writes."""

    def __init__(self, part: str, path: Path) -> None:
        arguments = [sys.executable, "-c", PROCESS, part, str(path), str(PACE)]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.lines = self.process.stdout

    def until(self, line: str) -> str:
        """Wait for a line that begins so."""
        return next(found for found in self.lines if found.startswith(line))

    def end(self) -> str:
        """Kill it; what it had still to say."""
        self.process.kill()
        with self.process:
            return self.lines.read()


def test_processes_over_one_file_probe_one_at_a_time_and_survive_a_killed_prober(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    members = [opener := Member("open", path)]
    try:
        opener.until("CircuitOpen")
        members.append(prober := Member("hang", path))
        prober.until("probing")
        members += [Member("hang", path), other := Member("good", path)]
        for member in members[2:]:
            member.until("CircuitOpen")

        also_probing = members[2].end().count("probing")
        prober.end()
        killed_at = time.monotonic() * PACE
        sent_at = float(other.until("sent").split()[1])
    finally:
        for member in members:
            with suppress(ValueError):  # it is ended already
                member.end()

    assert also_probing == 0
    assert killed_at < sent_at < killed_at + LEASE + 10 * LOOK_EVERY
