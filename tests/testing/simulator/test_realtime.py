"""Conversations by voice: the session, turns that are heard, answers that are told, and what goes wrong."""

from __future__ import annotations

import base64
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import openai
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.nouns.voice.speech import Format, spoken, written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.testing.simulator.conftest import Connect, Wire

WEATHER = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@asynccontextmanager
async def _talking(connected: Connect, sim: Simulator, path: str = "/realtime", **session: Any) -> AsyncIterator[Wire]:
    async with connected(sim, path) as wire:
        await wire.until("conversation.created")
        if session:
            await wire.send("session.update", session=session)
            assert (await wire.event())["type"] == "session.updated"
        yield wire


def _kinds(events: list[dict[str, Any]]) -> list[str]:
    """The types of events, repeated ones once."""
    kinds = [event["type"] for event in events]
    return [kind for index, kind in enumerate(kinds) if index == 0 or kinds[index - 1] != kind]


def _pcm(text: str, rate: int = 24_000) -> bytes:
    return written(spoken(text), Format(codec="pcm", sample_rate=rate))


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def _say(wire: Wire, text: str) -> None:
    content = [{"type": "input_text", "text": text}]
    await wire.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    assert (await wire.event())["type"] == "conversation.item.added"


async def test_a_session_begins_with_its_settings(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/realtime") as wire:
        session, conversation = await wire.event(), await wire.event()
        await wire.send(
            "session.update",
            session={
                "instructions": "Be brief.",
                "voice": "Leo",
                "turn_detection": None,
                "audio": {"input": {"format": {"type": "audio/pcmu"}}},
                "tools": [WEATHER],
            },
        )
        updated = await wire.event()

    assert (session["type"], conversation["type"]) == ("session.created", "conversation.created")
    assert session["session"]["model"] == "grok-voice-3.0"
    assert session["session"]["turn_detection"]["type"] == "server_vad"
    assert updated["session"]["id"] == session["session"]["id"]
    assert (updated["session"]["voice"], updated["session"]["turn_detection"]) == ("leo", None)
    assert updated["session"]["audio"]["input"]["format"]["type"] == "audio/pcmu"
    assert updated["session"]["audio"]["output"]["format"]["type"] == "audio/pcm"
    assert session["event_id"] != conversation["event_id"]


async def test_an_answer_is_spoken_with_its_events_in_order(connected: Connect) -> None:
    async with Simulator() as sim, _talking(connected, sim) as wire:
        await _say(wire, "What is 17*23?")
        await wire.send("response.create")
        events = await wire.until("response.done")

    assert list(dict.fromkeys(event["type"] for event in events)) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    heard = "".join(event["delta"] for event in events if event["type"] == "response.output_audio_transcript.delta")
    sound = b"".join(
        base64.b64decode(event["delta"]) for event in events if event["type"] == "response.output_audio.delta"
    )
    done = events[-1]["response"]
    assert heard == "17 * 23 = 391" == done["output"][0]["content"][0]["transcript"]
    assert len(sound) / 48_000 == pytest.approx(len(heard) / 16, abs=0.01)
    assert (done["status"], done["id"]) == ("completed", events[0]["response"]["id"])
    assert done["usage"]["total_tokens"] == done["usage"]["input_tokens"] + done["usage"]["output_tokens"]
    assert done["usage"]["cost_in_usd_ticks"] == pytest.approx(len(heard) / 16 / 60 * 8 * 10**8, rel=0.01)


async def test_an_answer_can_be_text_alone(connected: Connect) -> None:
    async with Simulator() as sim, _talking(connected, sim) as wire:
        await _say(wire, "What is 2+2?")
        await wire.send("response.create", response={"modalities": ["text"]})
        events = await wire.until("response.done")

    kinds = [event["type"] for event in events]
    assert "response.text.delta" in kinds
    assert not [kind for kind in kinds if "audio" in kind]
    text = next(event for event in events if event["type"] == "response.text.done")
    assert text["text"] == "2 + 2 = 4"


async def test_functions_are_called_and_their_results_used(connected: Connect) -> None:
    async with Simulator() as sim, _talking(connected, sim, tools=[WEATHER]) as wire:
        sim.on(tool="weather", nth=1).reply(tool_calls=[("weather", {"city": "Oslo"})])
        sim.on(last="4 degrees").reply("It is cold in Oslo.")
        await _say(wire, "The weather in Oslo?")
        await wire.send("response.create")
        events = await wire.until("response.done")
        call = events[-1]["response"]["output"][0]
        result = {"type": "function_call_output", "call_id": call["call_id"], "output": "4 degrees"}
        await wire.send("conversation.item.create", item=result)
        await wire.send("response.create")
        answer = (await wire.until("response.done"))[-1]["response"]

    assert _kinds(events) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.done",
    ]
    assert (call["type"], call["name"], call["arguments"]) == ("function_call", "weather", '{"city":"Oslo"}')
    assert answer["output"][0]["content"][0]["transcript"] == "It is cold in Oslo."


async def test_the_end_of_speech_is_heard_and_answered(connected: Connect) -> None:
    async with Simulator() as sim, _talking(connected, sim) as wire:
        sim.on(path="/v1/stt").reply("What is 3*3?")
        sound = bytes(24_000) + _pcm("anything at all") + bytes(48_000)
        for start in range(0, len(sound), 9_600):
            await wire.send("input_audio_buffer.append", audio=_coded(sound[start : start + 9_600]))
        events = await wire.until("response.done")

    assert _kinds(events)[:6] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
    ]
    assert events[0]["audio_start_ms"] == 500
    assert events[4]["transcript"] == "What is 3*3?"
    assert events[2]["item_id"] == events[3]["item"]["id"] == events[4]["item_id"]
    assert events[-1]["response"]["output"][0]["content"][0]["transcript"] == "3 * 3 = 9"


async def test_without_turn_detection_the_client_commits_and_asks(connected: Connect) -> None:
    async with Simulator() as sim, _talking(connected, sim, turn_detection=None) as wire:
        await wire.send("input_audio_buffer.append", audio=_coded(_pcm("hello") + bytes(96_000)))
        await wire.send("input_audio_buffer.commit")
        committed = await wire.until("conversation.item.input_audio_transcription.completed")
        await wire.send("response.create")
        answered = await wire.until("response.done")

    assert _kinds(committed) == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.input_audio_transcription.completed",
    ]
    assert committed[-1]["transcript"]
    assert answered[0]["type"] == "response.created"


async def test_a_cleared_buffer_has_nothing_to_commit(connected: Connect) -> None:
    async with Simulator() as sim, _talking(connected, sim, turn_detection=None) as wire:
        await wire.send("input_audio_buffer.append", audio=_coded(_pcm("hello")))
        await wire.send("input_audio_buffer.clear")
        await wire.send("input_audio_buffer.commit", event_id="mine")
        cleared, error = await wire.event(), await wire.event()

    assert cleared["type"] == "input_audio_buffer.cleared"
    assert (error["error"]["code"], error["error"]["event_id"]) == ("input_audio_buffer_commit_empty", "mine")


async def test_an_answer_can_be_cancelled_while_it_is_told(connected: Connect) -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock, pace=1.0) as sim, _talking(connected, sim) as wire:
        sim.on(last="long").reply("a very long story about nothing at all")
        await _say(wire, "Tell me a long one")
        await wire.send("response.create")
        await wire.until("response.output_audio.delta")
        await wire.send("response.create")
        busy = (await wire.until("error"))[-1]
        await wire.send("response.cancel")
        done = (await wire.until("response.done"))[-1]["response"]
        await wire.send("response.cancel")
        nothing = await wire.event()

    assert busy["error"]["code"] == "conversation_already_has_active_response"
    assert done["status"] == "cancelled"
    assert done["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert nothing["error"]["code"] == "response_cancel_not_active"


async def test_speech_interrupts_an_answer(connected: Connect) -> None:
    async with Simulator(clock=TurnableClock(), pace=1.0) as sim, _talking(connected, sim) as wire:
        await _say(wire, "Count to 20")
        await wire.send("response.create")
        await wire.until("response.output_audio.delta")
        await wire.send("input_audio_buffer.append", audio=_coded(_pcm("stop")))
        done = (await wire.until("response.done"))[-1]["response"]

    assert done["status_details"]["reason"] == "turn_detected"


async def test_the_pace_is_that_of_the_clock(connected: Connect) -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock, pace=10.0) as sim, _talking(connected, sim) as wire:
        sim.on(last="three").reply(pieces=["one ", "two ", "three"])
        await _say(wire, "three words")
        began = clock.now()
        async with clock.rushing():
            await wire.send("response.create")
            await wire.until("response.done")

    assert clock.now() - began == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("sing", {}),
        ("session.update", {}),
        ("session.update", {"session": {"voice": "nobody"}}),
        ("session.update", {"session": {"turn_detection": {"type": "psychic"}}}),
        ("session.update", {"session": {"audio": {"input": {"format": {"type": "audio/opus"}}}}}),
        ("input_audio_buffer.append", {}),
        ("input_audio_buffer.append", {"audio": "%%%"}),
        ("input_audio_buffer.rewind", {}),
        ("input_audio_buffer.commit", {}),
        ("conversation.item.create", {}),
        ("conversation.item.create", {"item": {"type": "message", "role": "ghost"}}),
        ("conversation.item.create", {"item": {"type": "function_call_output"}}),
        ("conversation.item.create", {"item": {"type": "message", "role": "user", "content": ["x"]}}),
        ("conversation.item.create", {"item": {"type": "message", "role": "user", "content": 5}}),
        ("conversation.item.create", {"item": {"type": "message", "role": "user"}, "previous_item_id": []}),
        ("session.update", {"session": {"audio": {"input": {"format": {"rate": 0}}}}}),
        ("session.update", {"session": {"turn_detection": {"silence_duration_ms": -1}}}),
        ("input_audio_buffer.append", {"audio": "\u00e9"}),
        (
            "conversation.item.create",
            {"item": {"type": "message", "role": "user"}, "previous_item_id": "none"},
        ),
        ("response.create", {"response": {"modalities": ["smell"]}}),
        ("response.cancel", {}),
    ],
)
async def test_what_cannot_be_done_is_an_error_and_the_talk_goes_on(
    connected: Connect, kind: str, fields: dict[str, Any]
) -> None:
    async with Simulator() as sim, _talking(connected, sim) as wire:
        await wire.send(kind, **fields)
        error = await wire.event()
        await wire.send("conversation.item.truncate")
        await _say(wire, "Hello")

    assert error["type"] == "error"
    assert error["error"]["message"]
    assert error["error"]["code"]


async def test_text_that_is_no_message_is_an_error(connected: Connect) -> None:
    async with Simulator() as sim, _talking(connected, sim) as wire:
        await wire.send_bytes(b"\xff")

        assert (await wire.event())["error"]["message"] == "the message is no JSON"


async def test_items_can_be_put_in_between_and_spoken(connected: Connect) -> None:
    async with Simulator() as sim, _talking(connected, sim) as wire:
        first = {"id": "one", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "1"}]}
        sound = {"type": "input_audio", "audio": _coded(_pcm("anything"))}
        second = {"id": "two", "type": "message", "role": "user", "content": [sound]}
        await wire.send("conversation.item.create", item=first)
        await wire.send("conversation.item.create", item=second, previous_item_id="root")
        one, two = await wire.event(), await wire.event()

    assert (one["previous_item_id"], two["previous_item_id"]) == (None, None)
    assert two["item"]["content"][0]["transcript"]


async def test_troubles_of_an_answer_are_told_on_the_socket(connected: Connect) -> None:
    async with Simulator() as sim, _talking(connected, sim) as wire:
        sim.on(path="/v1/realtime").reply(error="capacity")
        await _say(wire, "Hello")
        await wire.send("response.create")

        error = await wire.event()

    assert (error["type"], error["error"]["code"]) == ("error", "resource-exhausted")


async def test_an_unknown_model_is_refused_on_the_socket(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/realtime?model=grok-4.7") as wire:
        assert (await wire.event())["type"] == "error"
        assert await wire.closed() == 1008


async def test_the_same_seed_has_the_same_conversation(connected: Connect) -> None:
    async def talk() -> list[dict[str, Any]]:
        async with Simulator(seed=7) as sim, _talking(connected, sim) as wire:
            await _say(wire, "Write a poem")
            await wire.send("response.create")
            return await wire.until("response.done")

    assert await talk() == await talk()


async def test_the_realtime_client_of_openai_talks() -> None:
    async with (
        Simulator() as sim,
        openai.AsyncOpenAI(base_url=sim.base_url, api_key=sim.key) as client,
        client.realtime.connect(model="grok-voice-latest") as connection,
    ):
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What is 6*7?"}]}
        )
        await connection.response.create()
        heard = ""
        async for event in connection:
            if event.type == "response.output_audio_transcript.delta":
                heard += event.delta
            if event.type == "response.done":
                break

    assert heard == "6 * 7 = 42"


async def test_odd_items_do_not_break_an_answer(connected: Connect) -> None:
    odd = {"type": "message", "role": "user", "id": ["x"], "content": [{"type": "input_text", "text": 5}]}
    tools = [{"type": "function", "parameters": 5}]
    async with Simulator() as sim, _talking(connected, sim, tools=tools, tool_choice="none") as wire:
        await wire.send("conversation.item.create", item=odd)
        await wire.event()
        await wire.send("response.create")

        assert (await wire.until("response.done"))[-1]["response"]["status"] == "completed"
