"""Responses that are kept: fetched, forgotten, gone on from, listed, made short; and content only the server reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.keys import Key

if TYPE_CHECKING:
    from grokkit.testing.simulator.fetching import Fetched

PATH = "/v1/responses"
DAY = 24 * 3600


def simulator(**options: Any) -> Simulator:
    return Simulator(clock=TurnableClock(), **options)


async def post(sim: Simulator, path: str = PATH, **body: Any) -> Fetched:
    return await sim.fetch("POST", path, json={"model": "grok-4.6", "input": "Hi", **body})


def said(answer: dict[str, Any]) -> str:
    return "".join(part["text"] for item in answer["output"] if item["type"] == "message" for part in item["content"])


async def test_a_response_is_kept_for_30_days() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    made = (await post(sim)).json

    fetched = await sim.fetch("GET", f"{PATH}/{made['id']}")
    await clock.advance(30 * DAY + 1)
    later = await sim.fetch("GET", f"{PATH}/{made['id']}")

    assert drift(f"{PATH}/{made['id']}", 200, fetched.body, method="GET") == []
    assert fetched.json == made
    assert (later.status, later.json["code"]) == (404, "not-found")


async def test_a_streamed_response_is_kept_as_it_ended() -> None:
    sim = simulator()
    streamed = (await post(sim, stream=True)).frames[-1]["response"]

    fetched = await sim.fetch("GET", f"{PATH}/{streamed['id']}")

    assert fetched.json == streamed


async def test_what_is_not_to_be_stored_is_not_found() -> None:
    sim = simulator()
    made = (await post(sim, store=False)).json

    fetched = await sim.fetch("GET", f"{PATH}/{made['id']}")
    chained = await post(sim, previous_response_id=made["id"])

    assert made["store"] is False
    assert (fetched.status, chained.status) == (404, 404)
    assert fetched.json["error"] == f"Response with id={made['id']} not found."


async def test_a_response_belongs_to_its_team() -> None:
    sim = simulator()
    sim.keys.add(Key(secret="xai-other", id="other", team_id="another"))
    made = (await post(sim)).json

    fetched = await sim.fetch("GET", f"{PATH}/{made['id']}", headers={"authorization": "Bearer xai-other"})

    assert fetched.status == 404


async def test_a_deleted_response_is_gone() -> None:
    sim = simulator()
    made = (await post(sim)).json
    path = f"{PATH}/{made['id']}"

    deleted = await sim.fetch("DELETE", path)
    again = await sim.fetch("DELETE", path)

    assert drift(path, 200, deleted.body, method="DELETE") == []
    assert deleted.json == {"id": made["id"], "object": "response", "deleted": True}
    assert again.status == 404


async def test_a_chain_remembers_its_instructions_inputs_and_outputs() -> None:
    sim = simulator()
    first = (await post(sim, input="My name is Ada.", instructions="Be kind.")).json
    second = (await post(sim, input="Go on.", previous_response_id=first["id"])).json
    asked: list[Any] = []
    sim.on().reply(function=lambda visit: asked.append(visit) or None)

    third = (await post(sim, input="What is my name?", previous_response_id=second["id"])).json

    assert third["previous_response_id"] == second["id"]
    assert third["usage"]["input_tokens"] > second["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    assert third["usage"]["input_tokens_details"]["cached_tokens"] >= second["usage"]["input_tokens"] - 3
    assert len(asked) == 1


async def test_a_chain_goes_on_with_a_function_result() -> None:
    sim = simulator()
    tool = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
    asked = (await post(sim, input="Weather?", tools=[tool])).json
    call = next(item for item in asked["output"] if item["type"] == "function_call")
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "Rain all day"}

    answer = (await post(sim, input=[result], previous_response_id=asked["id"], tools=[tool])).json

    assert "Rain all day" in said(answer)


async def test_without_retention_nothing_may_be_stored() -> None:
    sim = simulator(zero_data_retention=True)

    refused = await post(sim)
    served = await post(sim, store=False)

    assert (refused.status, served.status) == (400, 200)
    assert "zero data retention" in refused.json["error"]
    assert served.headers["x-zero-data-retention"] == "true"


async def test_what_was_given_is_listed_in_pages() -> None:
    sim = simulator()
    items = [{"role": "user", "content": f"number {number}"} for number in range(25)]
    made = (await post(sim, input=items)).json
    path = f"{PATH}/{made['id']}/input_items"

    first = await sim.fetch("GET", path)
    second = await sim.fetch("GET", f"{path}?after={first.json['last_id']}")
    last = await sim.fetch("GET", f"{path}?limit=1&order=desc")

    assert [drift(path, 200, page.body) for page in (first, second, last)] == [[], [], []]
    assert (len(first.json["data"]), first.json["has_more"]) == (20, True)
    assert (len(second.json["data"]), second.json["has_more"]) == (5, False)
    assert first.json["first_id"] == first.json["data"][0]["id"]
    assert last.json["data"][0]["content"] == [{"type": "input_text", "text": "number 24"}]
    assert len({item["id"] for page in (first, second) for item in page.json["data"]}) == 25


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "order=sideways", "after=nothing"])
async def test_a_page_that_cannot_be_is_refused(query: str) -> None:
    sim = simulator()
    made = (await post(sim)).json

    page = await sim.fetch("GET", f"{PATH}/{made['id']}/input_items?{query}")

    assert (page.status, page.json["code"]) == (400, "invalid-argument")


async def test_a_compacted_conversation_heads_the_next_input() -> None:
    sim = simulator()
    path = f"{PATH}/compact"
    talk = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Tell me of Rust. " * 50},
        {"role": "assistant", "content": "Rust is a language. " * 50},
        {"role": "user", "content": "How does ownership work?"},
    ]

    compacted = await post(sim, path, input=talk)
    answer = await post(sim, input=[*compacted.json["output"], {"role": "user", "content": "Go on."}])

    assert drift(path, 200, compacted.body) == []
    assert compacted.json["object"] == "response.compaction"
    assert compacted.json["id"].startswith("cmp_")
    usage = compacted.json["usage"]
    assert usage["dropped_message_count"] == 2
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert answer.status == 200
    assert 20 < answer.json["usage"]["input_tokens"] < usage["input_tokens"]


async def test_a_compaction_that_was_changed_is_refused_and_its_place_named() -> None:
    sim = simulator()
    item = {"type": "compaction", "encrypted_content": "bm90IG91cnM="}

    refused = await post(sim, input=[item, {"role": "user", "content": "Go on."}])

    assert refused.status == 400
    error = refused.json["error"]
    assert (error["code"], error["param"]) == ("invalid_compaction_blob", "input[0].encrypted_content")
    assert error["type"] == "invalid_request_error"


async def test_a_compaction_has_to_be_the_first_item() -> None:
    sim = simulator()
    item = (await post(sim, f"{PATH}/compact")).json["output"][0]

    refused = await post(sim, input=[{"role": "user", "content": "Hi"}, item])

    assert (refused.status, refused.json["code"]) == (400, "invalid-argument")


async def test_encrypted_reasoning_comes_back_with_its_summary() -> None:
    sim = simulator()
    question = {"role": "user", "content": "Hi"}
    made = (await post(sim, include=["reasoning.encrypted_content"])).json
    reasoning = made["output"][0]
    bare = {name: value for name, value in reasoning.items() if name != "summary"}
    foreign = {**reasoning, "encrypted_content": "AAAA" * 20}

    kept, without, changed = [
        await post(sim, input=[question, item, made["output"][1], question]) for item in (reasoning, bare, foreign)
    ]

    assert kept.status == 200
    for refused in (without, changed):
        assert (refused.status, refused.json["code"]) == (400, "invalid-argument")
        assert "Could not decode" in refused.json["error"]


async def test_one_simulator_cannot_read_what_another_sealed() -> None:
    blob = (await post(simulator(seed=1), f"{PATH}/compact")).json["output"][0]

    refused = await post(simulator(seed=2), input=[blob, {"role": "user", "content": "Go on."}])

    assert refused.status == 400


async def test_reset_forgets_what_was_kept() -> None:
    sim = simulator()
    made = (await post(sim)).json

    sim.reset()

    assert (await sim.fetch("GET", f"{PATH}/{made['id']}")).status == 404
