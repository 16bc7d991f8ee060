"""The recorded upload and deletion, reproduced. What differs: the id and the moment."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import Simulator

CAPTURE = Path(__file__).parents[3] / "shared" / "captures" / "har" / "files-crud.json"
OF_THE_CONNECTION = {"connection", "content-encoding", "transfer-encoding"}
MADE_UP = {"id", "created_at"}
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="delete-test.json"\r\n'
    b'Content-Type: application/json\r\n\r\n{"delete":"test"}\r\n--x--\r\n'
)

pytestmark = pytest.mark.skipif(not CAPTURE.exists(), reason="the recordings are not here")


def _comparable(body: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, type(value) if name in MADE_UP else value) for name, value in body.items()]


async def test_a_recorded_life_of_a_file_is_lived_again() -> None:
    uploaded, deleted = json.loads(CAPTURE.read_text(encoding="utf-8"))
    sim = Simulator(clock=TurnableClock(), as_of=date(2026, 4, 3))

    up = await sim.fetch("POST", "/v1/files", content=FORM, headers={"content-type": "multipart/form-data; boundary=x"})
    down = await sim.fetch("DELETE", f"/v1/files/{up.json['id']}")

    for reply, recorded in ((up, uploaded["response"]), (down, deleted["response"])):
        assert reply.status == recorded["status"]
        assert _comparable(reply.json) == _comparable(json.loads(recorded["body"]))
        names = {name.lower() for name in recorded["headers"]} - OF_THE_CONNECTION
        assert names == {name.lower() for name in reply.headers} - {"content-length", "date"}
