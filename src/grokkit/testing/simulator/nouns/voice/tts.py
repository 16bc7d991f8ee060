"""Speech from text: `POST /v1/tts`."""

import base64
from typing import Any

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.media.prices import charge
from grokkit.testing.simulator.nouns.voice.sound import rendered
from grokkit.testing.simulator.nouns.voice.speech import (
    BIT_RATES,
    CONTENT_TYPES,
    SAMPLE_RATES,
    Codec,
    Format,
    Speech,
    Spoken,
    encoding_of,
    spoken,
    written,
)
from grokkit.testing.simulator.nouns.voice.voices import DEFAULT_VOICE, check_voice
from grokkit.testing.simulator.refusal import Refusal
from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

TICKS_PER_CHARACTER = 150_000
"""$15 for a million: the catalogue has no model for it."""

_MOST_CHARACTERS = 15_000
_MOST_REPLACED = 200
_SPEEDS = (0.7, 1.5)
_LATENCIES = range(3)


class OutputFormat(msgspec.Struct, kw_only=True):
    """The format that is asked for."""

    codec: Codec = "mp3"
    sample_rate: int | None = None
    bit_rate: int | None = None


class SpeechRequest(msgspec.Struct, kw_only=True):
    """The body."""

    text: str
    language: str | None = None
    voice_id: str = DEFAULT_VOICE
    output_format: OutputFormat | None = None
    speed: float | None = None
    optimize_streaming_latency: int | None = None
    text_normalization: bool | None = None
    with_timestamps: bool | None = None
    replace: dict[str, str] | None = None


@table.post("/v1/tts", head="traced", generates=True)
def speak(visit: Visit) -> Outcome:
    """A text as sound, or as JSON with the time of each character."""
    request = visit.read(SpeechRequest)
    form = checked_format(request.output_format or OutputFormat())
    _check(request)
    check_voice(visit, request.voice_id)
    charge(visit, len(request.text) * TICKS_PER_CHARACTER)
    speech = spoken(_replaced(request), request.speed or 1.0)
    audio = said(visit, speech, form)
    if not request.with_timestamps:
        return Outcome(body=audio, media_type=CONTENT_TYPES[form.codec], bill=visit.bill)
    return visit.answer(_timestamped(speech, audio, form))


def checked_format(asked: OutputFormat) -> Format:
    """The format to write in. Raises 400 for rates that there are not."""
    form = Format(codec=asked.codec, sample_rate=asked.sample_rate or 24_000, bit_rate=asked.bit_rate or 128_000)
    if form.sample_rate not in SAMPLE_RATES:
        raise Refusal.voice(400, f"sample_rate must be one of {', '.join(map(str, SAMPLE_RATES))}")
    if form.bit_rate not in BIT_RATES:
        raise Refusal.voice(400, f"bit_rate must be one of {', '.join(map(str, BIT_RATES))}")
    return form


def check_speed(speed: float | None) -> None:
    """Raise 400 for speech that would be too slow or too fast."""
    slowest, fastest = _SPEEDS
    if speed is not None and not slowest <= speed <= fastest:
        raise Refusal.voice(400, f"speed must be between {slowest} and {fastest}")


def check_latency(level: int | None) -> None:
    """Raise 400 for a level that there is not."""
    if level is not None and level not in _LATENCIES:
        raise Refusal.voice(400, "optimize_streaming_latency must be between 0 and 2")


def said(visit: Visit, speech: Speech, form: Format) -> bytes:
    """Speech in a format, remembered as said."""
    audio = written(speech, form)
    samples = audio if form.codec == "mp3" else rendered(speech.tones, encoding_of(form.codec), form.sample_rate)
    visit.simulator.state(Spoken).remember(samples, speech.text)
    return audio


def _check(request: SpeechRequest) -> None:
    if not request.text.strip():
        raise Refusal.voice(400, "text must not be empty")
    if len(request.text) > _MOST_CHARACTERS:
        raise Refusal.voice(400, f"text must be at most {_MOST_CHARACTERS} characters")
    if not request.language:
        raise Refusal.voice(400, "language is required")
    check_speed(request.speed)
    check_latency(request.optimize_streaming_latency)


def _replaced(request: SpeechRequest) -> str:
    text = request.text
    for written_so, read_so in (request.replace or {}).items():
        if not written_so or len(read_so) > _MOST_REPLACED:
            raise Refusal.voice(400, f"replace must have words of 1 to {_MOST_REPLACED} characters")
        text = text.replace(written_so, read_so)
        if len(text) > _MOST_CHARACTERS:
            raise Refusal.voice(400, f"text must be at most {_MOST_CHARACTERS} characters")
    return text


def _timestamped(speech: Speech, audio: bytes, form: Format) -> dict[str, Any]:
    """Characters with their beginnings and ends; that the times are pairs is unconfirmed."""
    return {
        "audio": base64.b64encode(audio).decode(),
        "content_type": CONTENT_TYPES[form.codec],
        "duration": round(speech.seconds, 4),
        "audio_timestamps": {"graph_chars": speech.characters, "graph_times": speech.times},
    }
