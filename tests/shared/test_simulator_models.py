"""The recorded listings of models, reproduced: same models, keys, types, order, status and headers.

What differs: fingerprints (made from the id), and the order of aliases (the catalogue's own).
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import Simulator

CAPTURES = Path(__file__).parents[3] / "shared" / "captures" / "har"
RECORDED_ON = date(2026, 4, 16)
OF_THE_CONNECTION = {"connection", "content-encoding", "transfer-encoding"}

pytestmark = pytest.mark.skipif(not CAPTURES.exists(), reason="the recordings are not here")


def _recorded(name: str) -> dict[str, Any]:
    first: dict[str, Any] = json.loads((CAPTURES / name).read_text(encoding="utf-8"))[0]
    return first


def _comparable(model: dict[str, Any]) -> list[tuple[str, Any]]:
    changed = {"fingerprint": "any", "aliases": sorted(model.get("aliases", []))}
    return [(name, changed.get(name, value)) for name, value in model.items()]


@pytest.mark.parametrize(("name", "held_in"), [("models-list.json", "data"), ("language-models-list.json", "models")])
async def test_the_listing_of_april_is_the_recorded_one(name: str, held_in: str) -> None:
    recorded = _recorded(name)
    sim = Simulator(clock=TurnableClock(), as_of=RECORDED_ON)

    reply = await sim.fetch("GET", recorded["request"]["url"].removeprefix("https://api.x.ai"))

    expected = json.loads(recorded["response"]["body"])
    assert reply.status == recorded["response"]["status"]
    assert list(reply.json) == list(expected)
    assert [_comparable(model) for model in reply.json[held_in]] == [_comparable(model) for model in expected[held_in]]


@pytest.mark.parametrize("name", ["models-list.json", "language-models-list.json"])
async def test_the_headers_are_the_recorded_ones(name: str) -> None:
    recorded = _recorded(name)
    sim = Simulator(clock=TurnableClock(), as_of=RECORDED_ON)

    reply = await sim.fetch("GET", recorded["request"]["url"].removeprefix("https://api.x.ai"))

    names = {header.lower() for header in recorded["response"]["headers"]} - OF_THE_CONNECTION
    assert names <= {header.lower() for header in reply.headers}
    for same in ("content-type", "server", "vary", "access-control-expose-headers"):
        assert reply.headers[same] == recorded["response"]["headers"][same]
