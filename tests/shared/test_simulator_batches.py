"""The recorded creation and listing of batches, reproduced. What differs: ids, and which batches there are."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import Simulator

CAPTURE = Path(__file__).parents[3] / "shared" / "captures" / "har" / "batch-create-and-list.json"
OF_THE_CONNECTION = {"connection", "content-encoding", "transfer-encoding"}
MADE_UP = {"batch_id", "create_api_key_id"}

pytestmark = pytest.mark.skipif(not CAPTURE.exists(), reason="the recordings are not here")


def _comparable(batch: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, type(value) if name in MADE_UP else value) for name, value in batch.items()]


async def test_the_recorded_batch_is_made_and_listed_again() -> None:
    created, listed = json.loads(CAPTURE.read_text(encoding="utf-8"))
    sim = Simulator(clock=TurnableClock(), as_of=date(2026, 4, 16))

    made = await sim.fetch("POST", "/v1/batches", json=json.loads(created["request"]["body"]))
    listing = await sim.fetch("GET", "/v1/batches")

    recorded = json.loads(listed["response"]["body"])
    assert _comparable(made.json) == _comparable(json.loads(created["response"]["body"]))
    assert list(listing.json) == list(recorded)
    assert [_comparable(batch) for batch in listing.json["batches"]] == [_comparable(recorded["batches"][0])]
    for reply, capture in ((made, created["response"]), (listing, listed["response"])):
        assert reply.status == capture["status"]
        names = {name.lower() for name in capture["headers"]} - OF_THE_CONNECTION
        assert names == {name.lower() for name in reply.headers} - {"content-length", "date"}
        assert reply.headers["vary"] == capture["headers"]["vary"]


async def test_a_full_page_ends_with_the_token_of_its_last_batch_as_recorded() -> None:
    _, listed = json.loads(CAPTURE.read_text(encoding="utf-8"))
    recorded = json.loads(listed["response"]["body"])
    clock = TurnableClock()
    sim = Simulator(clock=clock, as_of=date(2026, 4, 16))
    for number in range(len(recorded["batches"]) + 1):
        await sim.fetch("POST", "/v1/batches", json={"name": str(number)})
        await clock.advance(1)

    page = (await sim.fetch("GET", "/v1/batches")).json

    assert len(page["batches"]) == len(recorded["batches"])
    assert page["pagination_token"] == page["batches"][-1]["batch_id"]
    assert recorded["pagination_token"] == recorded["batches"][-1]["batch_id"]
