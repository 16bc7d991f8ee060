"""What a simulator remembers of many requests: the last ones, and the count of them all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from grokkit.errors import ConnectionLost
from grokkit.testing import TurnableClock
from grokkit.testing.simulator import Fault, Seen, Simulator
from grokkit.testing.simulator.record import Record

CHAT = "/v1/chat/completions"
HI: dict[str, Any] = {"model": "grok-4.3", "messages": [{"role": "user", "content": "Hi"}]}


async def test_every_request_is_counted_and_only_the_last_are_remembered() -> None:
    sim = Simulator(remembers=3)

    for _ in range(5):
        await sim.fetch("POST", CHAT, json=HI)
    await sim.fetch("GET", "/v1/models/grok-4.3")
    await sim.fetch("GET", "/v1/nowhere")

    assert len(sim.calls) == 3
    assert (sim.tally.arrived, sim.tally.in_flight, sim.count()) == (7, 0, 7)
    assert sim.count(path="/chat/completions") == sim.count(path=CHAT, model="grok-4.3", status=200) == 5
    assert (sim.count(path="/models/{model_id}"), sim.count(status=404)) == (1, 1)


async def test_reset_forgets_the_counts_too() -> None:
    sim = Simulator()
    await sim.fetch("GET", "/v1/models")

    sim.reset()

    assert (sim.calls, sim.count(), sim.tally.arrived) == ([], 0, 0)


async def test_requests_are_in_flight_until_the_last_byte_of_their_answer() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.faults(latency=5)

    asked = [asyncio.ensure_future(sim.fetch("POST", CHAT, json=HI)) for _ in range(4)]
    await clock.advance(4)
    during = (sim.tally.in_flight, sim.count())
    await clock.advance(1)
    await asyncio.gather(*asked)

    assert during == (4, 0)
    assert (sim.tally.in_flight, sim.tally.most_in_flight, sim.count(status=200)) == (0, 4, 4)


async def test_a_request_that_gets_no_answer_is_counted_when_it_ends() -> None:
    sim = Simulator()
    sim.on().reply("never", fault=Fault(hang_up=True))

    with pytest.raises(ConnectionLost):
        await sim.fetch("POST", CHAT, json=HI)

    assert (sim.count(), sim.count(status=200), sim.tally.in_flight) == (1, 0, 0)


def test_bodies_are_forgotten_before_their_requests() -> None:
    record = Record(most=10, most_bytes=100)

    for _ in range(5):
        record.append(Seen(method="POST", path="/", content=b"x" * 40))

    assert [len(seen.content) for seen in record] == [0, 0, 0, 40, 40]


def test_one_body_that_is_too_large_leaves_room_for_the_next() -> None:
    record = Record(most=10, most_bytes=100)

    for size in (200, 40):
        record.append(Seen(method="POST", path="/", content=b"x" * size))

    assert [len(seen.content) for seen in record] == [0, 40]


async def test_stored_responses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grokkit.testing.simulator.nouns.responses.storage._MOST", 2)
    sim = Simulator()

    ids = [(await sim.fetch("POST", "/v1/responses", json={"input": "Hi"})).json["id"] for _ in range(3)]

    assert [(await sim.fetch("GET", f"/v1/responses/{name}")).status for name in ids] == [404, 200, 200]
