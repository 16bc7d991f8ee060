"""Voice over requests: speech in every codec, transcripts, voices, secrets."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.nouns.voice import mp3
from grokkit.testing.simulator.nouns.voice.sound import (
    Recording,
    Tone,
    from_alaw,
    from_mulaw,
    loudness,
    read_wav,
    rendered,
    to_alaw,
    to_mulaw,
    wav,
)
from grokkit.testing.simulator.nouns.voice.speech import Format, encoding_of, spoken, written
from grokkit.testing.simulator.nouns.voice.voices import BUILT_IN, CustomVoices

if TYPE_CHECKING:
    from grokkit.testing.simulator.fetching import Fetched

BOUNDARY = "a-boundary"
TEXT = "Hello there, how are you today?"


def _simulator(**options: Any) -> Simulator:
    return Simulator(clock=TurnableClock(), **options)


def _form(*parts: tuple[str, str | bytes] | tuple[str, str | bytes, str]) -> bytes:
    body = b""
    for name, data, *filename in parts:
        named = f'; filename="{filename[0]}"' if filename else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
        body += head.encode() + (data if isinstance(data, bytes) else data.encode()) + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


async def _send(sim: Simulator, path: str, *parts: Any) -> Fetched:
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await sim.fetch("POST", path, content=_form(*parts), headers=headers)


async def _hear(sim: Simulator, *parts: Any) -> Fetched:
    return await _send(sim, "/v1/stt", *parts)


async def _speak(sim: Simulator, **body: Any) -> Fetched:
    return await sim.fetch("POST", "/v1/tts", json={"text": TEXT, "language": "en"} | body)


def _tone(seconds: float) -> bytes:
    return wav(rendered([Tone(440, seconds)], "pcm", 16_000), 16_000)


async def test_speech_is_an_mp3_by_default() -> None:
    sim = _simulator()

    reply = await _speak(sim)

    assert (reply.status, reply.headers["content-type"]) == (200, "audio/mpeg")
    assert "x-trace-id" in reply.headers
    assert "x-request-id" not in reply.headers
    assert mp3.seconds_of(reply.body) == pytest.approx(len(TEXT) / 16, abs=0.05)
    assert sim.calls[-1].bill is not None
    assert sim.calls[-1].bill.cost_ticks == len(TEXT) * 150_000


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize(
    ("codec", "media_type"),
    [("pcm", "audio/pcm"), ("mulaw", "audio/basic"), ("ulaw", "audio/basic"), ("alaw", "audio/alaw")],
)
async def test_raw_speech_has_its_samples(codec: Any, media_type: str, rate: int) -> None:
    reply = await _speak(_simulator(), output_format={"codec": codec, "sample_rate": rate})

    recording = Recording(reply.body, encoding_of(codec), rate)
    assert reply.headers["content-type"] == media_type
    assert recording.seconds == pytest.approx(len(TEXT) / 16, abs=0.01)
    assert 0.2 < loudness(reply.body, encoding_of(codec)) < 0.4


async def test_a_wav_says_what_it_is() -> None:
    reply = await _speak(_simulator(), output_format={"codec": "wav", "sample_rate": 8000})

    recording = read_wav(reply.body)
    assert reply.headers["content-type"] == "audio/wav"
    assert recording is not None
    assert (recording.encoding, recording.sample_rate, recording.channels) == ("pcm", 8000, 1)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("bit_rate", [32000, 64000, 96000, 128000, 192000])
def test_mp3s_of_every_rate_are_chains_of_frames(rate: int, bit_rate: int) -> None:
    content = written(spoken(TEXT), Format(sample_rate=rate, bit_rate=bit_rate))

    assert mp3.seconds_of(content) == pytest.approx(len(TEXT) / 16, abs=0.05)


def test_telephone_codecs_keep_the_sound() -> None:
    for sample in range(-32_000, 32_000, 37):
        assert from_mulaw(to_mulaw(sample)) == pytest.approx(sample, rel=0.07, abs=20)
        assert from_alaw(to_alaw(sample)) == pytest.approx(sample, rel=0.07, abs=20)


async def test_speech_is_the_same_for_the_same_text_and_faster_when_asked() -> None:
    sim, pcm = _simulator(), {"codec": "pcm"}

    first = await _speak(sim, output_format=pcm)
    again = await _speak(sim, output_format=pcm)
    fast = await _speak(sim, output_format=pcm, speed=1.25)

    assert first.body == again.body
    assert len(fast.body) == pytest.approx(len(first.body) / 1.25, rel=0.01)


async def test_timestamps_come_with_the_sound_in_json() -> None:
    reply = await _speak(_simulator(), text="Hi [pause]<whisper>you</whisper>", with_timestamps=True)

    times = reply.json["audio_timestamps"]["graph_times"]
    assert list(reply.json) == ["audio", "content_type", "duration", "audio_timestamps"]
    assert "".join(reply.json["audio_timestamps"]["graph_chars"]) == "Hi you"
    assert len(times) == 6
    assert times[3][0] - times[2][1] == pytest.approx(0.5)
    assert mp3.seconds_of(base64.b64decode(reply.json["audio"])) == pytest.approx(reply.json["duration"], abs=0.05)


async def test_words_are_replaced_before_they_are_said() -> None:
    reply = await _speak(_simulator(), text="At xAI.", replace={"xAI": "ex A I"}, with_timestamps=True)

    assert "".join(reply.json["audio_timestamps"]["graph_chars"]) == "At ex A I."


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"speed": 0.6}, "speed must be between 0.7 and 1.5"),
        ({"speed": 1.6}, "speed must be between 0.7 and 1.5"),
        ({"text": " "}, "text must not be empty"),
        ({"text": "x" * 15_001}, "text must be at most 15000 characters"),
        ({"language": None}, "language is required"),
        ({"optimize_streaming_latency": 3}, "optimize_streaming_latency must be between 0 and 2"),
        ({"output_format": {"sample_rate": 11025}}, "sample_rate must be one of"),
        ({"output_format": {"bit_rate": 1}}, "bit_rate must be one of"),
        ({"replace": {"": "x"}}, "replace must have words"),
        ({"replace": {"e": "x" * 201}}, "replace must have words"),
        ({"text": "e" * 1000, "replace": {"e": "x" * 200}}, "text must be at most 15000 characters"),
    ],
)
async def test_speech_that_cannot_be_is_refused_in_a_string(body: dict[str, Any], error: str) -> None:
    reply = await _speak(_simulator(), **body)

    assert (reply.status, list(reply.json)) == (400, ["error"])
    assert reply.json["error"].startswith(error)


async def test_wrong_types_and_unknown_voices_are_refused() -> None:
    sim = _simulator()

    assert (await _speak(sim, output_format={"codec": "flac"})).status == 422
    assert (await _speak(sim, text=None)).status == 422
    assert (await _speak(sim, voice_id="nobody")).status == 404
    assert (await _speak(sim, voice_id="ARA")).status == 200


async def test_the_voices_are_listed() -> None:
    sim = _simulator()

    listed = await sim.fetch("GET", "/v1/tts/voices")
    one = await sim.fetch("GET", "/v1/tts/voices/Leo")

    assert [voice["voice_id"] for voice in listed.json["voices"]] == list(BUILT_IN)
    assert one.json == {"voice_id": "leo", "name": "Leo"}
    assert (await sim.fetch("GET", "/v1/tts/voices/nobody")).status == 404


@pytest.mark.parametrize("codec", ["mp3", "wav"])
async def test_what_the_simulator_said_is_understood(codec: str) -> None:
    sim = _simulator()
    audio = (await _speak(sim, output_format={"codec": codec})).body

    reply = await _hear(sim, ("language", "en"), ("file", audio, f"a.{codec}"))

    assert reply.json["text"] == TEXT
    assert reply.json["duration"] == pytest.approx(len(TEXT) / 16, abs=0.05)
    assert [word["text"] for word in reply.json["words"]] == TEXT.split()
    assert sim.calls[-1].bill is not None
    assert sim.calls[-1].bill.cost_ticks == pytest.approx(reply.json["duration"] * 10**9 / 3600, abs=200)


async def test_words_follow_each_other_in_time() -> None:
    reply = await _hear(_simulator(), ("diarize", "true"), ("file", _tone(4.0), "a.wav"))

    words = reply.json["words"]
    assert len(words) == 10
    assert (words[0]["start"], words[-1]["end"]) == (0.0, 4.0)
    assert all(one["end"] == other["start"] for one, other in itertools.pairwise(words))
    assert {word["speaker"] for word in words} == {0}


async def test_unknown_sound_has_the_same_words_every_time() -> None:
    first = await _hear(_simulator(), ("file", _tone(2), "a.wav"))
    again = await _hear(_simulator(), ("file", _tone(2), "a.wav"))
    other = await _hear(_simulator(seed=1), ("file", _tone(2), "a.wav"))

    assert first.json == again.json != other.json


async def test_silence_has_no_words() -> None:
    reply = await _hear(_simulator(), ("file", wav(bytes(32_000), 16_000), "a.wav"))

    assert (reply.json["text"], reply.json["words"], reply.json["duration"]) == ("", [], 1.0)


async def test_raw_samples_need_a_format_and_a_rate() -> None:
    raw = rendered([Tone(300, 1.0)], "mulaw", 8000)

    reply = await _hear(_simulator(), ("audio_format", "mulaw"), ("sample_rate", "8000"), ("file", raw, "a.raw"))

    assert reply.json["duration"] == 1.0


async def test_channels_are_told_apart() -> None:
    reply = await _hear(_simulator(), ("multichannel", "true"), ("channels", "2"), ("file", _tone(1), "a.wav"))

    assert [channel["index"] for channel in reply.json["channels"]] == [0, 1]


async def test_an_address_is_heard_too() -> None:
    assert (await _hear(_simulator(), ("url", "https://example.com/a.mp3"))).json["text"]


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (("language", "en"),),
        (("file", _tone(1), "a.wav"), ("language", "en")),
        (("url", "https://example.com/a.mp3"), ("file", _tone(1), "a.wav")),
        (("file", b"", "a.wav"),),
        (("url", "ftp://example.com/a.mp3"),),
        (*[("keyterm", "x")] * 101, ("file", _tone(1), "a.wav")),
        (("multichannel", "true"), ("file", _tone(1), "a.wav")),
        (("multichannel", "true"), ("channels", "9"), ("file", _tone(1), "a.wav")),
        (("vad_threshold", "2"), ("file", _tone(1), "a.wav")),
        (("vad_threshold", "loud"), ("file", _tone(1), "a.wav")),
        (("diarize", "perhaps"), ("file", _tone(1), "a.wav")),
        (("audio_format", "pcm"), ("file", _tone(1), "a.raw")),
        (("audio_format", "pcm"), ("sample_rate", "96000"), ("file", _tone(1), "a.raw")),
    ],
)
async def test_forms_that_cannot_be_are_refused_in_a_string(parts: Any) -> None:
    reply = await _hear(_simulator(), *parts)

    assert (reply.status, list(reply.json)) == (400, ["error"])


async def test_a_body_that_is_no_form_is_refused() -> None:
    assert (await _simulator().fetch("POST", "/v1/stt", json={"url": "https://example.com/a.mp3"})).status == 415


async def test_a_script_says_what_was_heard() -> None:
    sim = _simulator()
    sim.on(path="/v1/stt").reply("Good morning.").then(error="capacity")

    heard = await _hear(sim, ("file", _tone(1), "a.wav"))
    full = await _hear(sim, ("file", _tone(1), "a.wav"))

    assert heard.json["text"] == "Good morning."
    assert full.status == 429


async def test_a_client_secret_lives_for_ten_minutes_or_as_asked() -> None:
    sim = _simulator()

    plain = await sim.fetch("POST", "/v1/realtime/client_secrets")
    hour = await sim.fetch("POST", "/v1/realtime/client_secrets", json={"expires_after": {"seconds": 3600}})

    assert list(plain.json) == ["value", "expires_at"]
    assert plain.json["value"].startswith("xai-realtime-client-secret-")
    assert plain.json["value"] != hour.json["value"]
    assert hour.json["expires_at"] - plain.json["expires_at"] == 3000
    assert plain.json["expires_at"] == int(sim.time()) + 600


@pytest.mark.parametrize("seconds", [0, 3601])
async def test_a_secret_for_too_long_is_refused(seconds: int) -> None:
    reply = await _simulator().fetch(
        "POST", "/v1/realtime/client_secrets", json={"expires_after": {"seconds": seconds}}
    )

    assert (reply.status, list(reply.json)) == (400, ["error"])


async def test_a_custom_voice_is_made_changed_used_and_deleted() -> None:
    sim = _simulator()
    made = await _send(sim, "/v1/custom-voices", ("name", "Mine"), ("gender", "female"), ("file", _tone(2), "a.wav"))
    path = f"/v1/custom-voices/{made.json['voice_id']}"

    changed = await sim.fetch("PATCH", path, json={"tone": "warm", "gender": None})
    audio = await sim.fetch("GET", f"{path}/audio")
    speech = await _speak(sim, voice_id=made.json["voice_id"])
    listed = await sim.fetch("GET", "/v1/custom-voices")
    deleted = await sim.fetch("DELETE", path)

    assert (made.json["name"], made.json["gender"], made.json["tone"]) == ("Mine", "female", None)
    assert (changed.json["tone"], changed.json["gender"]) == ("warm", None)
    assert audio.body == _tone(2)
    assert speech.status == 200
    assert listed.json == {"voices": [changed.json], "pagination_token": None}
    assert deleted.json == {"voice_id": made.json["voice_id"], "deleted": True}
    assert (await sim.fetch("GET", path)).status == 404
    assert (await _speak(sim, voice_id=made.json["voice_id"])).status == 404


async def test_custom_voices_come_in_pages() -> None:
    sim = _simulator()
    ids = [
        (await _send(sim, "/v1/custom-voices", ("name", "Mine"), ("file", _tone(1), "a.wav"))).json["voice_id"]
        for _ in range(3)
    ]

    first = await sim.fetch("GET", "/v1/custom-voices?limit=2")
    second = await sim.fetch("GET", f"/v1/custom-voices?limit=2&pagination_token={first.json['pagination_token']}")

    shown = [voice["voice_id"] for reply in (first, second) for voice in reply.json["voices"]]
    assert shown == ids
    assert second.json["pagination_token"] is None


@pytest.mark.parametrize(
    "parts",
    [
        (("name", "Mine"),),
        (("name", "Mine"), ("file", b"", "a.wav")),
        (("name", "Mine"), ("file", wav(bytes(2 * 8000 * 121), 8000), "a.wav")),
        (("colour", "red"), ("file", _tone(1), "a.wav")),
        (("gender", "none"), ("file", _tone(1), "a.wav")),
        (("name", " "), ("file", _tone(1), "a.wav")),
    ],
)
async def test_voices_that_cannot_be_made_are_refused(parts: Any) -> None:
    reply = await _send(_simulator(), "/v1/custom-voices", *parts)

    assert (reply.status, list(reply.json)) == (400, ["error"])


async def test_other_plans_may_not_make_voices() -> None:
    sim = _simulator()
    sim.state(CustomVoices).allowed = False

    assert (await _send(sim, "/v1/custom-voices", ("name", "Mine"), ("file", _tone(1), "a.wav"))).status == 403


async def test_an_ordinary_client_speaks_and_is_heard() -> None:
    async with Simulator() as sim, aiohttp.ClientSession(headers={"Authorization": f"Bearer {sim.key}"}) as session:
        async with session.post(f"{sim.base_url}/tts", json={"text": TEXT, "language": "en"}) as reply:
            audio = await reply.read()
        form = aiohttp.FormData({"language": "en"})
        form.add_field("file", audio, filename="a.mp3", content_type="audio/mpeg")
        async with session.post(f"{sim.base_url}/stt", data=form) as heard:
            assert (await heard.json())["text"] == TEXT


@pytest.mark.parametrize("codec", ["mp3", "wav", "pcm", "alaw"])
async def test_tags_alone_make_an_empty_sound(codec: str) -> None:
    assert (await _speak(_simulator(), text="<soft></soft>", output_format={"codec": codec})).status == 200
