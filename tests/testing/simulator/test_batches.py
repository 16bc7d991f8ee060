"""Batches: how they are filled, get on by the clock, end, and what comes out."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator

BATCHES = "/v1/batches"
ZEROS = {"num_requests": 0, "num_pending": 0, "num_success": 0, "num_error": 0, "num_cancelled": 0}
BOUNDARY = "a-boundary"


def _simulator(**options: Any) -> Simulator:
    return Simulator(clock=TurnableClock(), as_of=date(2026, 10, 30), job_seconds=10.0, **options)


def _asking(text: str, model: str = "grok-4.3") -> dict[str, Any]:
    return {"chat_get_completion": {"model": model, "messages": [{"role": "user", "content": text}]}}


async def _turn(sim: Simulator, seconds: float) -> None:
    clock = sim.clock
    assert isinstance(clock, TurnableClock)
    await clock.advance(seconds)


async def _create(sim: Simulator, **body: Any) -> str:
    reply = await sim.fetch("POST", BATCHES, json={"name": "a batch", **body})
    assert reply.status == 200, reply.body
    batch_id: str = reply.json["batch_id"]
    return f"{BATCHES}/{batch_id}"


async def _add(sim: Simulator, path: str, *asked: dict[str, Any], first: int = 0) -> Any:
    numbered = [
        {"batch_request_id": f"r{number}", "batch_request": request} for number, request in enumerate(asked, first)
    ]
    return await sim.fetch("POST", f"{path}/requests", json={"batch_requests": numbered})


async def _state(sim: Simulator, path: str) -> dict[str, int]:
    state: dict[str, int] = (await sim.fetch("GET", path)).json["state"]
    return state


async def _file(sim: Simulator, *lines: Any) -> str:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="batch.jsonl"\r\n\r\n'
    reply = await sim.fetch(
        "POST",
        "/v1/files",
        content=f"{head}{text}\r\n--{BOUNDARY}--\r\n".encode(),
        headers={"content-type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    file_id: str = reply.json["id"]
    return file_id


def _line(custom_id: str, **changed: Any) -> dict[str, Any]:
    body = {"model": "grok-4.3", "messages": [{"role": "user", "content": custom_id}]}
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body, **changed}


async def test_a_new_batch_is_empty_and_lives_for_thirty_days() -> None:
    sim = _simulator()

    reply = await sim.fetch("POST", BATCHES, json={"name": "mine"})

    assert reply.json["state"] == ZEROS
    assert (reply.json["create_time"], reply.json["expire_time"]) == ("2026-10-30", "2026-11-29")
    assert reply.json["cancel_time"] is None


async def test_a_batch_without_a_name_is_a_422_that_says_so() -> None:
    reply = await _simulator().fetch("POST", BATCHES, json={})

    assert (reply.status, reply.headers["content-type"]) == (422, "text/plain; charset=utf-8")
    assert b"missing field `name`" in reply.body


async def test_adding_requests_answers_null_and_they_are_answered_one_after_the_other() -> None:
    sim = _simulator()
    path = await _create(sim)

    added = await _add(sim, path, _asking("one"), _asking("two"))
    waiting = await _state(sim, path)
    await _turn(sim, 5)
    half = await _state(sim, path)
    await _turn(sim, 5)
    done = await _state(sim, path)

    assert (added.status, added.body) == (200, b"null")
    assert [state["num_pending"] for state in (waiting, half, done)] == [2, 1, 0]
    assert [state["num_success"] for state in (waiting, half, done)] == [0, 1, 2]


async def test_results_are_chat_completions_under_their_ids() -> None:
    sim = _simulator()
    path = await _create(sim)
    await _add(sim, path, _asking("one"))
    await _turn(sim, 10)

    result = (await sim.fetch("GET", f"{path}/results")).json["results"][0]

    completion = result["batch_result"]["response"]["chat_get_completion"]
    assert result["batch_request_id"] == "r0"
    assert drift("/v1/chat/completions", 200, completion) == []
    assert completion["choices"][0]["message"]["content"]


async def test_the_discount_is_for_the_models_that_have_one() -> None:
    sim = _simulator()
    path = await _create(sim)
    await _add(sim, path, _asking("Hello", "grok-4.3"), _asking("Hello", "grok-4.7"))
    await _turn(sim, 10)

    results = (await sim.fetch("GET", f"{path}/results")).json["results"]
    batch = (await sim.fetch("GET", path)).json

    for result, discount in zip(results, (0.8, 1.0), strict=True):
        completion = result["batch_result"]["response"]["chat_get_completion"]
        request = {"model": completion["model"], "messages": [{"role": "user", "content": "Hello"}]}
        live = await Simulator(clock=TurnableClock()).fetch("POST", "/v1/chat/completions", json=request)
        assert completion["usage"]["cost_in_usd_ticks"] == live.json["usage"]["cost_in_usd_ticks"] * discount
    total = batch["cost_breakdown"]["total_cost_usd_ticks"]
    assert total == sum(entry["cost_usd_ticks"] for entry in batch["cost_breakdown"]["endpoint_costs"]) > 0


async def test_a_request_that_fails_is_a_result_with_its_reason() -> None:
    sim = _simulator()
    path = await _create(sim)
    await _add(sim, path, _asking("one", "gpt-5"), {"chat_get_completion": {"model": "grok-4.7", "messages": []}})
    await _turn(sim, 10)

    unknown, empty = (await sim.fetch("GET", f"{path}/results")).json["results"]

    assert unknown["batch_result"]["error"]["code"] == 5
    assert "gpt-5" in unknown["error_message"]
    assert empty["batch_result"]["error"] == {"code": 3, "message": "Bad data: Messages cannot be empty"}
    assert (await _state(sim, path))["num_error"] == 2


async def test_the_requests_of_a_batch_are_listed_with_their_states() -> None:
    sim = _simulator()
    path = await _create(sim)
    await _add(sim, path, _asking("one"), _asking("two", "gpt-5"))
    await _turn(sim, 5)

    entries = (await sim.fetch("GET", f"{path}/requests")).json["batch_request_metadata"]

    assert [(entry["state"], entry["finish_time"] is None) for entry in entries] == [
        ("succeeded", False),
        ("pending", True),
    ]
    assert entries[0]["endpoint"] == "xai_api.Chat/GetCompletion"
    assert entries[0]["model"] == "grok-4.3"


async def test_results_come_in_pages_also_while_the_batch_runs() -> None:
    sim = _simulator()
    path = await _create(sim)
    await _add(sim, path, *(_asking(str(number)) for number in range(5)))
    await _turn(sim, 6)

    first = (await sim.fetch("GET", f"{path}/results?limit=2")).json
    await _turn(sim, 4)
    rest = (await sim.fetch("GET", f"{path}/results?limit=3&pagination_token={first['pagination_token']}")).json

    ids = [result["batch_request_id"] for result in first["results"] + rest["results"]]
    assert ids == ["r0", "r1", "r2", "r3", "r4"]
    assert rest["pagination_token"] is None


async def test_cancelling_keeps_what_is_answered_and_can_be_said_twice() -> None:
    sim = _simulator()
    path = await _create(sim)
    await _add(sim, path, _asking("one"), _asking("two"))
    await _turn(sim, 5)

    cancelled = await sim.fetch("POST", f"{path}:cancel")
    again = await sim.fetch("POST", f"{path}:cancel")
    late = await _add(sim, path, _asking("three"), first=2)
    await _turn(sim, 20)

    assert cancelled.json["cancel_time"] == "2026-10-30"
    assert cancelled.json["cancel_by_xai_message"] is None
    assert again.json == cancelled.json
    assert late.status == 400
    assert await _state(sim, path) == ZEROS | {"num_requests": 2, "num_success": 1, "num_cancelled": 1}


async def test_batches_are_listed_newest_first_in_pages() -> None:
    sim = _simulator()
    paths = []
    for _ in range(3):
        paths.append(await _create(sim))
        await _turn(sim, 1)

    first = (await sim.fetch("GET", f"{BATCHES}?limit=2")).json
    second = (await sim.fetch("GET", f"{BATCHES}?limit=2&pagination_token={first['pagination_token']}")).json

    listed = [f"{BATCHES}/{batch['batch_id']}" for batch in first["batches"] + second["batches"]]
    assert listed == paths[::-1]
    assert second["pagination_token"] is None


async def test_a_file_is_a_batch_of_its_lines_with_zeros_until_it_is_read() -> None:
    sim = _simulator()
    file_id = await _file(sim, _line("a"), _line("b"))
    path = await _create(sim, input_file_id=file_id)

    unread = await _state(sim, path)
    await _turn(sim, 5)
    read = await _state(sim, path)
    await _turn(sim, 5)
    done = await _state(sim, path)
    late = await _add(sim, path, _asking("c"))

    assert unread == ZEROS
    assert (read["num_requests"], read["num_pending"]) == (2, 2)
    assert (done["num_pending"], done["num_success"]) == (0, 2)
    assert late.status == 400


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "not valid JSON"),
        ("[]", "not a JSON object"),
        (_line(""), "missing field `custom_id`"),
        (_line("a"), "used twice"),
        (_line("b", method="GET"), "must be POST"),
        (_line("b", url="/v1/embeddings"), "unsupported url"),
        (_line("b", body={}), "missing field `body.model`"),
        (_line("b", body={"model": "grok-4.5", "messages": []}), "not supported for batch processing"),
    ],
)
async def test_one_bad_line_cancels_the_whole_file(line: Any, reason: str) -> None:
    sim = _simulator()
    path = await _create(sim, input_file_id=await _file(sim, _line("a"), line))
    await _turn(sim, 60)

    batch = (await sim.fetch("GET", path)).json

    assert batch["state"] == ZEROS
    assert batch["cancel_time"] == "2026-10-30"
    assert "line 2" in batch["cancel_by_xai_message"]
    assert reason in batch["cancel_by_xai_message"]


async def test_a_file_that_is_none_is_a_404_and_one_without_lines_is_cancelled() -> None:
    sim = _simulator()

    none = await sim.fetch("POST", BATCHES, json={"name": "x", "input_file_id": "file_none"})
    path = await _create(sim, input_file_id=await _file(sim, " "))
    await _turn(sim, 60)

    assert none.status == 404
    assert "no requests" in (await sim.fetch("GET", path)).json["cancel_by_xai_message"]


async def test_the_third_creation_within_a_second_is_a_429() -> None:
    sim = _simulator()
    await _create(sim)
    await _create(sim)

    third = await sim.fetch("POST", BATCHES, json={"name": "x"})
    await _turn(sim, 1)
    fourth = await sim.fetch("POST", BATCHES, json={"name": "x"})

    assert (third.status, third.json["code"]) == (429, "resource-exhausted")
    assert fourth.status == 200


async def test_a_batch_is_gone_after_thirty_days() -> None:
    sim = _simulator()
    path = await _create(sim)

    await _turn(sim, 30 * 24 * 3600)

    assert (await sim.fetch("GET", path)).status == 404
    assert (await sim.fetch("GET", BATCHES)).json["batches"] == []


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"batch_request": {}}, 422),
        ({"batch_request": {"embedding": {}}}, 422),
        ({"batch_request_id": "r0"}, 422),
        ({"batch_request": {"chat_get_completion": {"model": "grok-4.5"}}}, 400),
    ],
)
async def test_what_cannot_be_added_is_refused(request_: dict[str, Any], status: int) -> None:
    sim = _simulator()
    path = await _create(sim)

    reply = await sim.fetch("POST", f"{path}/requests", json={"batch_requests": [request_]})

    assert reply.status == status
    assert await _state(sim, path) == ZEROS


async def test_an_id_is_used_once_in_a_batch() -> None:
    sim = _simulator()
    path = await _create(sim)
    await _add(sim, path, _asking("one"))

    assert (await _add(sim, path, _asking("two"))).status == 400


@pytest.mark.parametrize("path", ["", "/requests", "/results", ":cancel"])
async def test_a_batch_that_is_none_is_a_404(path: str) -> None:
    method = "POST" if path == ":cancel" else "GET"

    assert (await _simulator().fetch(method, f"{BATCHES}/batch_none{path}")).status == 404


async def test_a_batch_runs_where_a_key_may_not_ask_any_more() -> None:
    sim = _simulator()
    sim.keys.by_secret[sim.key].qpm = 1
    path = await _create(sim)
    await _add(sim, path, _asking("one"), _asking("two"), _asking("three"))
    await _turn(sim, 10)

    assert (await _state(sim, path))["num_success"] == 3


async def test_a_batch_mixes_responses_images_and_videos() -> None:
    sim = _simulator()
    path = await _create(sim)
    await _add(
        sim,
        path,
        {"responses": {"model": "grok-4.3", "input": "Hello"}},
        {"image_generation": {"model": "grok-imagine-image", "prompt": "A cat"}},
        {"video_generation": {"model": "grok-imagine-video", "prompt": "A cat", "duration": 2}},
    )
    await _turn(sim, 10)
    while_the_video_is_made = await _state(sim, path)
    await _turn(sim, 10)
    results = (await sim.fetch("GET", f"{path}/results")).json["results"]

    answers = {result["batch_request_id"]: result["batch_result"].get("response", result) for result in results}
    assert while_the_video_is_made["num_pending"] == 1
    assert answers["r0"]["chat_get_completion"]["choices"][0]["message"]["content"]
    assert drift("/v1/chat/completions", 200, answers["r0"]["chat_get_completion"]) == []
    assert answers["r1"]["image_generation"]["data"]
    assert answers["r2"]["video_generation"]["video"]["url"]


async def test_a_scripted_failure_fails_its_request_only() -> None:
    sim = _simulator()
    sim.on(last="two").reply(error="capacity")
    path = await _create(sim)
    await _add(sim, path, _asking("one"), _asking("two"))
    await _turn(sim, 10)

    results = (await sim.fetch("GET", f"{path}/results")).json["results"]

    assert "response" in results[0]["batch_result"]
    assert results[1]["batch_result"]["error"]["code"] == 8


async def test_a_thousand_and_one_additions_within_half_a_minute_are_too_many() -> None:
    sim = _simulator()
    path = await _create(sim)

    statuses = [(await _add(sim, path)).status for _ in range(1001)]
    await _turn(sim, 30)

    assert statuses == [200] * 1000 + [429]
    assert (await _add(sim, path)).status == 200
