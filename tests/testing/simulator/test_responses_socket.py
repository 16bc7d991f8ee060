"""WebSocket mode, with a WebSocket client that knows nothing of grokkit."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import frame_drift
from grokkit.testing.simulator import Fault, Simulator
from grokkit.testing.simulator.nouns.responses import Habits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATH = "/v1/responses"
LAST = {"response.completed", "response.incomplete", "response.failed", "error"}


@asynccontextmanager
async def connected(sim: Simulator) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    headers = {"Authorization": f"Bearer {sim.key}"}
    url = sim.base_url.replace("http", "ws", 1) + "/responses"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, headers=headers) as socket:
        yield socket


async def turn(socket: aiohttp.ClientWebSocketResponse, **body: Any) -> list[dict[str, Any]]:
    await socket.send_json({"type": "response.create", "model": "grok-4.6", "input": "Hi", **body})
    return await events(socket)


async def events(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] not in LAST:
        found.append(await socket.receive_json(timeout=5))
    assert [frame_drift(PATH, frame) for frame in found if frame_drift(PATH, frame)] == []
    return found


async def test_a_turn_is_the_same_as_a_stream() -> None:
    async with Simulator() as sim, connected(sim) as socket:
        sim.on().reply("Hello there")
        spoken = await turn(socket)
        streamed = await sim.fetch("POST", PATH, json={"model": "grok-4.6", "input": "Hi", "stream": True})

    assert [event["type"] for event in spoken] == [frame["type"] for frame in streamed.frames]
    assert [event["sequence_number"] for event in spoken] == list(range(len(spoken)))
    assert spoken[-1]["response"]["output"][-1]["content"][0]["text"] == "Hello there"


async def test_turns_go_on_from_each_other_without_being_stored() -> None:
    async with Simulator(zero_data_retention=True) as sim, connected(sim) as socket:
        first = (await turn(socket, input="My name is Ada.", store=False))[-1]["response"]
        second = await turn(socket, store=False, previous_response_id=first["id"])
        on_http = await sim.fetch("GET", f"{PATH}/{first['id']}")

    assert second[-1]["type"] == "response.completed"
    assert second[-1]["response"]["previous_response_id"] == first["id"]
    assert second[-1]["response"]["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    assert on_http.status == 404


async def test_only_the_latest_response_is_remembered() -> None:
    async with Simulator() as sim, connected(sim) as socket:
        first = (await turn(socket, store=False))[-1]["response"]
        await turn(socket, store=False)
        lost = await turn(socket, store=False, previous_response_id=first["id"])

    assert lost == [
        {
            "type": "error",
            "status": 400,
            "error": {
                "code": "previous_response_not_found",
                "message": f"Previous response with id {first['id']} not found.",
                "param": "previous_response_id",
            },
        }
    ]


async def test_what_is_stored_can_be_gone_on_from_on_any_connection() -> None:
    async with Simulator() as sim:
        async with connected(sim) as socket:
            first = (await turn(socket))[-1]["response"]
        async with connected(sim) as socket:
            second = await turn(socket, previous_response_id=first["id"])
        fetched = await sim.fetch("GET", f"{PATH}/{first['id']}")

    assert second[-1]["type"] == "response.completed"
    assert fetched.json == first


@pytest.mark.parametrize("failure", ["refused", "failed"])
async def test_a_turn_that_failed_evicts_what_was_remembered(failure: str) -> None:
    async with Simulator() as sim, connected(sim) as socket:
        first = (await turn(socket, store=False))[-1]["response"]
        if failure == "failed":
            sim.on(times=1).reply(text="No.", finish_reason="failed")
            wrong = await turn(socket, store=False, previous_response_id=first["id"])
        else:
            wrong = await turn(socket, store=False, temperature=9)
        lost = await turn(socket, store=False, previous_response_id=first["id"])

    assert wrong[-1]["type"] == {"failed": "response.failed", "refused": "error"}[failure]
    assert lost[-1]["error"]["code"] == "previous_response_not_found"


async def test_warming_up_gives_an_id_to_go_on_from_and_no_output() -> None:
    async with Simulator() as sim, connected(sim) as socket:
        warm = await turn(socket, input="A long context.", store=False, generate=False)
        response = warm[-1]["response"]
        answer = await turn(socket, store=False, previous_response_id=response["id"])

    assert [event["type"] for event in warm] == ["response.created", "response.in_progress", "response.completed"]
    assert response["output"] == []
    assert answer[-1]["response"]["previous_response_id"] == response["id"]


async def test_turns_asked_for_at_once_are_answered_one_after_the_other() -> None:
    async with Simulator() as sim, connected(sim) as socket:
        for text in ("one", "two"):
            await socket.send_json({"type": "response.create", "model": "grok-4.6", "input": text})
        first, second = await events(socket), await events(socket)

    assert first[0]["response"]["id"] != second[0]["response"]["id"]
    assert {event["response"]["id"] for event in second if "response" in event} == {second[0]["response"]["id"]}


async def test_refusals_have_one_shape_whatever_theirs_was() -> None:
    async with Simulator() as sim, connected(sim) as socket:
        flat = (await turn(socket, model="grok-0"))[-1]
        text = (await turn(socket, input=5))[-1]
        bad = {"type": "compaction", "encrypted_content": "AAAA"}
        nested = (await turn(socket, input=[bad]))[-1]
        fine = await turn(socket)

    assert [event["status"] for event in (flat, text, nested)] == [400, 422, 400]
    assert flat["error"]["message"] == "Model not found: grok-0"
    assert "input: invalid type" in text["error"]["message"]
    assert nested["error"]["code"] == "invalid_compaction_blob"
    assert fine[-1]["type"] == "response.completed"


@pytest.mark.parametrize("message", ["no JSON", "[]", '{"type":"response.cancel"}', b"\xff\xfe"])
async def test_what_is_no_request_is_answered_with_an_error(message: str | bytes) -> None:
    async with Simulator() as sim, connected(sim) as socket:
        await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_str(message))
        (error,) = await events(socket)
        fine = await turn(socket)

    assert (error["status"], error["error"]["type"]) == (400, "invalid_request_error")
    assert fine[-1]["type"] == "response.completed"


async def test_a_connection_ends_after_25_minutes() -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock) as sim, connected(sim) as socket:
        await turn(socket)
        await clock.advance(25 * 60)
        (error,) = await events(socket)
        closing = await socket.receive(timeout=5)

    assert error["error"]["code"] == "websocket_connection_limit_reached"
    assert "25 minutes" in error["error"]["message"]
    assert closing.type is aiohttp.WSMsgType.CLOSE
    assert clock.waiting == 0


async def test_a_wrong_key_does_not_get_in() -> None:
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        url = sim.base_url.replace("http", "ws", 1) + "/responses"
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(url, headers={"Authorization": "Bearer xai-wrong"})

    assert caught.value.status in {400, 403}


async def test_closing_in_the_middle_of_a_turn_leaves_nothing_waiting() -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock, pace=1.0) as sim:
        async with connected(sim) as socket:
            sim.on().reply("one two three four five")
            await socket.send_json({"type": "response.create", "model": "grok-4.6", "input": "Hi"})
            await socket.receive_json(timeout=5)
        await clock.advance(60)
        await clock.settle()

    assert clock.waiting == 0


async def test_the_habits_of_streams_hold_on_sockets() -> None:
    async with Simulator() as sim, connected(sim) as socket:
        sim.state(Habits).empty_output = True
        spoken = await turn(socket)

    assert spoken[-1]["response"]["output"] == []


async def test_every_turn_is_a_call_that_was_seen() -> None:
    async with Simulator() as sim, connected(sim) as socket:
        await turn(socket, input="one")
        await turn(socket, model="grok-0")
        await turn(socket, input="two", generate=False)

    assert [seen.last for seen in sim.calls] == ["one", "Hi", "two"]
    assert [seen.status for seen in sim.calls] == [200, 400, 200]
    assert sim.calls[0].bill is not None
    assert sim.calls[0].json["input"] == "one"
    assert all(seen.finished for seen in sim.calls)


async def test_scripts_and_faults_reach_turns_on_sockets() -> None:
    async with Simulator() as sim, connected(sim) as socket:
        sim.on(last="busy").reply(error="capacity")
        sim.on(last="broken").reply("never whole", fault=Fault(error_at_event=3))
        sim.on(last="gone").reply("cut", fault=Fault(cut_at_byte=100))
        busy = await turn(socket, input="busy")
        broken = await turn(socket, input="broken")
        await socket.send_json({"type": "response.create", "model": "grok-4.6", "input": "gone"})
        part = await socket.receive(timeout=5)
        closing = await socket.receive(timeout=5)

    assert (busy[0]["type"], busy[0]["status"]) == ("error", 429)
    assert broken[-1]["type"] == "error"
    assert len(part.data) == 100
    assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1011)
    assert [seen.fault is not None for seen in sim.calls] == [False, True, True]


async def test_a_turn_takes_the_time_its_script_says() -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock) as sim, connected(sim) as socket:
        sim.on().reply("late again", delay=5.0, pace=1.0)
        await socket.send_json({"type": "response.create", "model": "grok-4.3", "input": "Hi"})
        await clock.advance(6.5)
        before = sim.calls[-1].ended
        await clock.advance(1.0)
        spoken = await events(socket)

    assert before is None
    assert spoken[-1]["type"] == "response.completed"
    assert sim.calls[-1].ended == pytest.approx(sim.calls[-1].started + 7.0)
