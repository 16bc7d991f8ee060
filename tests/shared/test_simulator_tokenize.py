"""The recorded tokenising, reproduced. What differs: the token ids (there is no vocabulary), and the limits, which
the catalogue does not have for models of that day.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import Simulator

CAPTURE = Path(__file__).parents[3] / "shared" / "captures" / "har" / "tokenize-text.json"
OF_THE_CONNECTION = {"connection", "content-encoding", "transfer-encoding"}

pytestmark = pytest.mark.skipif(not CAPTURE.exists(), reason="the recordings are not here")


def _without_ids(body: dict[str, Any]) -> list[list[tuple[str, Any]]]:
    return [
        [(name, type(value) if name == "token_id" else value) for name, value in token.items()]
        for token in body["token_ids"]
    ]


async def test_the_recorded_text_has_the_recorded_tokens_and_headers() -> None:
    recorded = json.loads(CAPTURE.read_text(encoding="utf-8"))[0]
    sim = Simulator(clock=TurnableClock(), as_of=date(2026, 4, 16))

    reply = await sim.fetch("POST", "/v1/tokenize-text", json=json.loads(recorded["request"]["body"]))

    assert reply.status == recorded["response"]["status"]
    assert _without_ids(reply.json) == _without_ids(json.loads(recorded["response"]["body"]))
    names = {name.lower() for name in recorded["response"]["headers"]} - OF_THE_CONNECTION
    assert names <= {name.lower() for name in reply.headers}
