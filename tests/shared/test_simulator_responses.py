"""Recorded replies of the Responses API, made again by a scripted simulator: the same keys, types and order of events.

What differs, and why:
- values that no two calls share: ids, moments, texts of reasoning that is encrypted;
- nothing else: shapes are compared whole.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import ServerCall, Simulator

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
PATH = "/v1/responses"

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the recorded replies are not beside this repository")


def recorded_frames(name: str) -> list[dict[str, Any]]:
    lines = (CAPTURES / "streams" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip() and line.strip() != "[DONE]"]


def recorded_har() -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    (exchange,) = json.loads((CAPTURES / "har" / "responses-create.json").read_text(encoding="utf-8"))
    response = exchange["response"]
    return json.loads(exchange["request"]["body"]), json.loads(response["body"]), response["headers"]


def day_of(response: dict[str, Any]) -> date:
    return datetime.fromtimestamp(response["created_at"], UTC).date()


def shape(value: Any) -> Any:
    """A value with its leaves replaced by their kinds; whole numbers and fractions are one kind."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def told_again(response: dict[str, Any], pieces: list[str] | None = None) -> dict[str, Any]:
    """The words of a script that make this response again."""
    told: dict[str, Any] = {"server_calls": [], "usage": counts(response["usage"])}
    for item in response["output"]:
        if item["type"] == "message":
            (part,) = item["content"]
            told["text"] = part["text"]
            told["citations"] = [annotation["url"] for annotation in part["annotations"]]
        elif item["type"] == "reasoning":
            told["reasoning"] = item["summary"][0]["text"]
        else:
            told["server_calls"].append(ServerCall(type=item["type"], fields={**item, "id": ""}))
    return {**told, "pieces": pieces} if pieces else told


def counts(usage: dict[str, Any]) -> dict[str, int]:
    return {
        "input_tokens": usage["input_tokens"],
        "cached_tokens": usage["input_tokens_details"]["cached_tokens"],
        "output_tokens": usage["output_tokens"],
        "reasoning_tokens": usage["output_tokens_details"]["reasoning_tokens"],
    }


@pytest.mark.parametrize("name", ["responses-text-streaming.1.chunks.txt", "responses-web-search-tool.1.chunks.txt"])
async def test_a_recorded_stream_is_made_again(name: str) -> None:
    recorded = recorded_frames(name)
    last = recorded[-1]["response"]
    pieces = [frame["delta"] for frame in recorded if frame["type"] == "response.output_text.delta"]
    sim = Simulator(clock=TurnableClock(), as_of=day_of(last))
    sim.on().reply(**told_again(last, pieces))

    body = {"model": last["model"], "input": "Hi", "stream": True, "tools": last["tools"]}
    made = (await sim.fetch("POST", PATH, json=body)).frames

    assert without_reasoning(made) == without_reasoning(recorded)
    assert made[-1]["response"]["usage"] == last["usage"]
    assert text_of(made) == text_of(recorded)
    assert [frame["sequence_number"] for frame in made] == list(range(len(made)))


def without_reasoning(frames: list[dict[str, Any]]) -> list[Any]:
    """Shapes of all events; pieces of reasoning, which the simulator cuts by its own tokens, are told once."""
    shapes: list[Any] = []
    for frame in frames:
        known = (frame["type"], shape({**frame, "sequence_number": 0}))
        if not (shapes and shapes[-1] == known and "reasoning" in frame["type"]):
            shapes.append(known)
    return shapes


def text_of(frames: list[dict[str, Any]]) -> str:
    return "".join(frame["delta"] for frame in frames if frame["type"] == "response.output_text.delta")


async def test_a_recorded_reply_with_code_is_made_again() -> None:
    path = CAPTURES / "streams" / "responses-code-execution-tool.1.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))
    sim = Simulator(clock=TurnableClock(), as_of=day_of(recorded))
    sim.on().reply(**told_again(recorded))

    made = await sim.fetch(
        "POST", PATH, json={"model": recorded["model"], "input": "Hi", "tools": [{"type": "code_interpreter"}]}
    )

    assert shape(made.json) == shape(recorded)
    assert made.json["usage"] == recorded["usage"]
    assert made.json["output"][0] == {**recorded["output"][0], "id": made.json["output"][0]["id"]}


async def test_the_recorded_exchange_of_april_is_made_again() -> None:
    request, recorded, headers = recorded_har()
    sim = Simulator(clock=TurnableClock(), as_of=day_of(recorded))
    sim.on().reply(**told_again(recorded))

    made = await sim.fetch("POST", PATH, json=request)

    volatile = {"id", "created_at", "completed_at", "output"}
    assert shape(made.json) == shape(recorded)
    assert {name: made.json[name] for name in recorded.keys() - volatile} == {
        name: recorded[name] for name in recorded.keys() - volatile
    }
    of_the_connection = {"connection", "transfer-encoding", "content-encoding"}
    assert headers.keys() - made.headers.keys() <= of_the_connection
    assert made.headers["x-request-id"] == made.json["id"]
