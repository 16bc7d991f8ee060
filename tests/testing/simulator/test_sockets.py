"""Voice over sockets: speech while text is written, and text while somebody speaks."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.nouns.voice import mp3
from grokkit.testing.simulator.nouns.voice.hearing import Listener
from grokkit.testing.simulator.nouns.voice.sound import Tone, rendered
from grokkit.testing.simulator.nouns.voice.speech import Format, spoken, written

if TYPE_CHECKING:
    from tests.testing.simulator.conftest import Connect


def _kinds(events: list[dict[str, Any]]) -> list[str]:
    """The types of events, repeated ones once."""
    kinds = [event["type"] for event in events]
    return [kind for index, kind in enumerate(kinds) if index == 0 or kinds[index - 1] != kind]


def _pcm(text: str, rate: int = 24_000) -> bytes:
    return written(spoken(text), Format(codec="pcm", sample_rate=rate))


# --- speech while text is written ---------------------------------------------------------------------------------


async def test_text_is_spoken_sentence_by_sentence(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/tts?language=en&voice=ara&codec=pcm&sample_rate=8000") as wire:
        await wire.send("text.delta", delta="Hello there. ")
        first = await wire.event()
        await wire.send("text.delta", delta="And good")
        await wire.send("text.delta", delta=" night")
        await wire.send("text.done")
        events = [first, *await wire.until("audio.done")]

    sound = b"".join(base64.b64decode(event["delta"]) for event in events[:-1])
    assert _kinds(events) == ["audio.delta", "audio.done"]
    assert sound == _pcm("Hello there. ", 8000) + _pcm("And good night", 8000)
    assert events[-1]["trace_id"]


async def test_the_next_utterance_goes_over_the_same_socket(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/tts?language=en") as wire:
        for text in ("one", "two"):
            await wire.send("text.delta", delta=text)
            await wire.send("text.done")
            events = await wire.until("audio.done")
            sound = b"".join(base64.b64decode(event["delta"]) for event in events[:-1])
            assert mp3.seconds_of(sound) == pytest.approx(3 / 16, abs=0.05)


async def test_text_can_be_taken_back_and_speech_changed(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/tts?language=en") as wire:
        await wire.send("text.delta", delta="never mind")
        await wire.send("text.clear")
        await wire.send("session.update", session={"speed": 1.5, "voice": "leo"})
        await wire.send("text.done")

        assert _kinds(await wire.until("audio.done")) == ["audio.clear", "session.updated", "audio.done"]


async def test_messages_that_mean_nothing_are_answered_with_errors(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/tts?language=en") as wire:
        await wire.send("text.delta")
        await wire.send("sing")
        await wire.send("session.update", session={"speed": 9})
        await wire.send("session.update", session={"voice": "nobody"})

        messages = [(await wire.event())["message"] for _ in range(4)]

    assert messages == [
        "text.delta: missing field `delta`",
        "unknown message type: sing",
        "speed must be between 0.7 and 1.5",
        "Voice not found: nobody",
    ]


@pytest.mark.parametrize(
    "query", ["codec=flac", "voice=nobody", "sample_rate=1", "speed=3", "bit_rate=x", "optimize_streaming_latency=5"]
)
async def test_a_voice_that_cannot_be_closes_the_socket(connected: Connect, query: str) -> None:
    async with Simulator() as sim, connected(sim, f"/tts?{query}") as wire:
        assert (await wire.event())["type"] == "error"
        assert await wire.closed() == 1008


async def test_sound_comes_at_the_pace_of_the_clock(connected: Connect) -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock, pace=2.0) as sim, connected(sim, "/tts?codec=pcm&sample_rate=8000") as wire:
        began = clock.now()
        async with clock.rushing():
            await wire.send("text.delta", delta="x" * 16)
            await wire.send("text.done")
            events = await wire.until("audio.done")

    assert clock.now() - began == pytest.approx((len(events) - 1) / 2.0)


# --- text while somebody speaks -----------------------------------------------------------------------------------


async def test_turns_are_written_down_and_then_all_of_it(connected: Connect) -> None:
    first, second = _pcm("Good morning", 16_000), _pcm("How are you", 16_000)
    async with Simulator() as sim, connected(sim, "/stt?sample_rate=16000&encoding=pcm&endpointing=300") as wire:
        created = await wire.event()
        sound = first + bytes(16_000) + second
        for start in range(0, len(sound), 3_200):
            await wire.send_bytes(sound[start : start + 3_200])
        await wire.send("audio.done")
        events = await wire.until("transcript.done")
        assert await wire.closed() == 1000

    assert created["type"] == "transcript.created"
    assert [event["type"] for event in events] == ["transcript.partial", "transcript.partial", "transcript.done"]
    assert all(event["is_final"] and event["speech_final"] for event in events[:-1])
    assert events[1]["start"] == pytest.approx(len(first) / 32_000 + 0.5, abs=0.02)
    assert events[1]["channel_index"] == 0
    assert events[-1]["text"] == f"{events[0]['text']} {events[1]['text']}"
    assert events[-1]["duration"] == pytest.approx(len(sound) / 32_000, abs=0.001)
    assert [word["text"] for word in events[-1]["words"]] == events[-1]["text"].split()
    assert sim.limits.spent_ticks == pytest.approx(len(sound) / 32_000 * 2 * 10**9 / 3600, rel=0.001)


async def test_interim_results_come_before_the_final_one(connected: Connect) -> None:
    sound = rendered([Tone(300, 2.0)], "mulaw", 8000)
    async with Simulator() as sim, connected(sim, "/stt?sample_rate=8000&encoding=mulaw&interim_results=true") as wire:
        await wire.event()
        for start in range(0, len(sound), 2_000):
            await wire.send_bytes(sound[start : start + 2_000])
        await wire.send("audio.done")
        events = await wire.until("transcript.done")

    partial = [event for event in events if event["type"] == "transcript.partial"]
    assert [event["is_final"] for event in partial] == [False, False, False, False, True]
    assert partial[-1]["text"].startswith(partial[1]["text"])


async def test_silence_ends_with_an_empty_text(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/stt?interim_results=true") as wire:
        await wire.event()
        await wire.send_bytes(bytes(64_000))
        await wire.send("audio.done")

        done = await wire.event()

    assert (done["type"], done["text"], done["duration"]) == ("transcript.done", "", 2.0)


async def test_a_script_says_what_each_turn_was(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/stt?endpointing=100") as wire:
        sim.on(path="/v1/stt").reply("First.").then("Second.")
        await wire.event()
        for _ in range(2):
            await wire.send_bytes(_pcm("whatever", 16_000) + bytes(16_000))
        await wire.send("audio.done")

        assert (await wire.until("transcript.done"))[-1]["text"] == "First. Second."


async def test_what_was_spoken_over_one_socket_is_understood_over_another(connected: Connect) -> None:
    async with Simulator() as sim:
        async with connected(sim, "/tts?codec=pcm&sample_rate=16000") as wire:
            await wire.send("text.delta", delta="Nice to meet you")
            await wire.send("text.done")
            spoken_events = await wire.until("audio.done")
        async with connected(sim, "/stt?endpointing=500") as wire:
            await wire.event()
            for event in spoken_events[:-1]:
                await wire.send_bytes(base64.b64decode(event["delta"]))
            await wire.send("audio.done")
            done = (await wire.until("transcript.done"))[-1]

    assert done["text"] == "Nice to meet you"


@pytest.mark.parametrize("query", ["encoding=opus", "sample_rate=10", "endpointing=5001", "multichannel=true"])
async def test_options_that_cannot_be_end_the_socket(connected: Connect, query: str) -> None:
    async with Simulator() as sim, connected(sim, f"/stt?{query}") as wire:
        error = await wire.event()

        assert (error["type"], list(error)) == ("error", ["type", "message"])
        assert await wire.closed() == 1008


async def test_an_error_is_the_end(connected: Connect) -> None:
    async with Simulator() as sim, connected(sim, "/stt") as wire:
        await wire.event()
        await wire.send("audio.pause")

        assert await wire.event() == {"type": "error", "message": "unknown message type: audio.pause"}
        assert await wire.closed() == 1008


async def test_sockets_are_refused_when_money_has_run_out(connected: Connect) -> None:
    async with Simulator() as sim:
        sim.credit(0)
        for path in ("/stt", "/tts"):
            async with connected(sim, path) as wire:
                assert "credits" in (await wire.event())["message"]


def test_a_listener_hears_the_same_however_sound_is_cut() -> None:
    sound = _pcm("one two", 8000) + bytes(8000) + _pcm("three", 8000)

    def turns(size: int) -> list[tuple[float, int, bool]]:
        listener = Listener("pcm", 8000, 0.3)
        found = [turn for start in range(0, len(sound), size) for turn in listener.feed(sound[start : start + size])]
        return [(turn.start, len(turn.data), turn.over) for turn in [*found, *listener.flush()]]

    assert turns(7) == turns(320) == turns(len(sound))
    assert [over for *_, over in turns(320)] == [True, False]


async def test_a_long_recording_at_once_is_heard_in_time() -> None:
    listener = Listener("pcm", 8000, 0.1)

    turns = listener.feed((_pcm("word", 8000) + bytes(8000)) * 400)

    assert len(turns) == 400


@pytest.mark.parametrize("message", ['{"type": "session.update", "session": 5}', "[]", "{", '{"type": 1}'])
async def test_nonsense_on_a_speaking_socket_is_an_error(connected: Connect, message: str) -> None:
    async with Simulator() as sim, connected(sim, "/tts?language=en") as wire:
        await wire.send_text(message)

        assert (await wire.event())["type"] == "error"


async def test_a_client_secret_opens_a_socket_until_it_expires() -> None:
    clock = TurnableClock()
    async with Simulator(clock=clock) as sim, aiohttp.ClientSession() as session:
        made = await sim.fetch("POST", "/v1/realtime/client_secrets", json={"expires_after": {"seconds": 60}})
        protocol = f"xai-client-secret.{made.json['value']}"
        url = f"{sim.base_url}/realtime?model=grok-voice-latest"

        async with session.ws_connect(url, protocols=[protocol]) as socket:
            assert (await socket.receive_json())["type"] == "session.created"
        await clock.advance(60)
        with pytest.raises(aiohttp.WSServerHandshakeError) as late:
            await session.ws_connect(url, protocols=[protocol])

    assert late.value.status == 400
