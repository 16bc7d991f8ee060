"""Recorded chat replies, reproduced by a scripted simulator: same keys, types, order of frames, and headers.

What differs is written down here: ids, times and the fingerprint are the simulator's own.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from grokkit.testing import TurnableClock
from grokkit.testing.simulator import Simulator

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
CHAT = "/v1/chat/completions"
OWN = {"id", "created", "system_fingerprint"}
"""Values that belong to one reply: their types are compared, not they themselves."""
OF_THE_CONNECTION = {"connection", "transfer-encoding", "content-encoding", "content-length"}
"""The simulator does not compress, and knows the length of a plain reply."""
MEASURED = {"date", "traceparent", "x-request-id", "x-metrics-e2e-ms", "x-metrics-mean-itl-ms", "x-metrics-ttft-ms"}
OF_THE_TEAM = {
    name
    for kind in ("requests", "tokens")
    for name in (f"x-ratelimit-{word}-{kind}" for word in ("limit", "remaining"))
}

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the shared captures are not here")


@pytest.fixture
def sim() -> Simulator:
    return Simulator(as_of=date(2026, 4, 16), clock=TurnableClock())


def frames_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CAPTURES / "streams" / f"{name}.chunks.txt").read_text().splitlines() if line]


def exchanges_of(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CAPTURES / "har" / f"{name}.json").read_text())
    return found


def usage_of(raw: dict[str, Any]) -> dict[str, int]:
    reasoning = raw["completion_tokens_details"]["reasoning_tokens"]
    return {
        "input_tokens": raw["prompt_tokens"],
        "cached_tokens": raw["prompt_tokens_details"]["cached_tokens"],
        "output_tokens": raw["completion_tokens"] + reasoning,
        "reasoning_tokens": reasoning,
    }


def calls_of(raw: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{"id": call["id"], **call["function"]} for call in raw or []]


def shape(value: Any, name: str = "") -> Any:
    """A value with what is its own replaced by its type; keys keep their order."""
    if isinstance(value, dict):
        return [(key, shape(part, key)) for key, part in value.items()]
    if isinstance(value, list):
        return [shape(part) for part in value]
    return type(value).__name__ if name in OWN else value


@pytest.mark.parametrize("name", ["chat-text", "chat-tool-call"])
async def test_a_recorded_completion_is_reproduced(sim: Simulator, name: str) -> None:
    recorded = json.loads((CAPTURES / "streams" / f"{name}.json").read_text())
    message = recorded["choices"][0]["message"]
    sim.on().reply(
        text=message["content"],
        reasoning=message["reasoning_content"],
        tool_calls=calls_of(message.get("tool_calls")),
        usage=usage_of(recorded["usage"]),
    )

    reply = await sim.fetch(
        "POST", CHAT, json={"model": recorded["model"], "messages": [{"role": "user", "content": "x"}]}
    )

    assert shape(reply.json) == shape(recorded)


@pytest.mark.parametrize("name", ["chat-text", "chat-tool-call"])
async def test_a_recorded_stream_is_reproduced_frame_by_frame(sim: Simulator, name: str) -> None:
    recorded = frames_of(name)
    deltas = [frame["choices"][0]["delta"] for frame in recorded if frame["choices"]]
    sim.on().reply(
        reasoning="".join(delta.get("reasoning_content", "") for delta in deltas),
        pieces=[delta["content"] for delta in deltas if "content" in delta],
        tool_calls=[call for delta in deltas for call in calls_of(delta.get("tool_calls"))],
        usage=usage_of(recorded[-1]["usage"]),
    )

    body = {"model": recorded[0]["model"], "stream": True, "messages": [{"role": "user", "content": "x"}]}
    reply = await sim.fetch("POST", CHAT, json=body)

    assert [shape(frame) for frame in reply.frames] == [shape(frame) for frame in recorded]
    assert reply.events[-1].data == b"[DONE]"


async def test_a_recorded_exchange_is_reproduced_with_its_headers(sim: Simulator) -> None:
    (recorded,) = exchanges_of("chat-hello")
    body = json.loads(recorded["response"]["body"])
    sim.on().reply(text=body["choices"][0]["message"]["content"], usage=usage_of(body["usage"]))

    reply = await sim.fetch("POST", CHAT, json=json.loads(recorded["request"]["body"]))

    assert shape(reply.json) == shape(body)
    assert reply.headers["x-request-id"] == reply.json["id"]
    then = {name: value for name, value in recorded["response"]["headers"].items() if name not in OF_THE_CONNECTION}
    now = {name: value for name, value in reply.headers.items() if name not in OF_THE_CONNECTION | {"date"}}
    assert now.keys() == then.keys()
    same = then.keys() - MEASURED - OF_THE_TEAM
    assert {name: now[name] for name in same} == {name: then[name] for name in same}


@pytest.mark.parametrize("number", [0, 1])
async def test_recorded_refusals_are_reproduced_to_the_byte(sim: Simulator, number: int) -> None:
    recorded = exchanges_of("error-handling")[number]

    reply = await sim.fetch(
        "POST", CHAT, content=recorded["request"]["body"].encode(), headers={"content-type": "application/json"}
    )

    assert reply.status == recorded["response"]["status"]
    assert reply.body.decode() == recorded["response"]["body"]
    assert reply.headers["content-type"] == recorded["response"]["headers"]["content-type"]
    assert reply.headers.keys() - {"date"} == recorded["response"]["headers"].keys() - {"connection"}
