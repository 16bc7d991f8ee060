"""Text spoken: which characters sound when, as tones, in every codec; what was said is remembered by its sound."""

from __future__ import annotations

import re
import zlib
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from grokkit.testing.simulator.nouns.voice.mp3 import mp3
from grokkit.testing.simulator.nouns.voice.sound import Encoding, Tone, rendered, wav

Codec: TypeAlias = Literal["mp3", "wav", "pcm", "mulaw", "ulaw", "alaw"]

CONTENT_TYPES: dict[Codec, str] = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "mulaw": "audio/basic",
    "ulaw": "audio/basic",
    "alaw": "audio/alaw",
}
SAMPLE_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
BIT_RATES = (32000, 64000, 96000, 128000, 192000)

_CHARACTERS_PER_SECOND = 16.0
_TAG = re.compile(r"\[([a-z-]+)\]|</?[a-z-]+>")
_PAUSES = {"pause": 0.5, "long-pause": 1.0}
_WORD = re.compile(r"\S+|\s+")
_LOWEST, _SPAN = 180, 440
_MOST_REMEMBERED, _MOST_REMEMBERED_BYTES = 64, 4 * 1024 * 1024


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """How sound is written down."""

    codec: Codec = "mp3"
    sample_rate: int = 24_000
    bit_rate: int = 128_000


class Word(NamedTuple):
    """A word and when it is said, in seconds."""

    text: str
    start: float
    end: float


class Speech(NamedTuple):
    """A text as it is spoken."""

    characters: list[str]
    times: list[tuple[float, float]]
    """When each character begins and ends, in seconds."""
    tones: list[Tone]

    @property
    def text(self) -> str:
        """What is heard."""
        return "".join(self.characters).strip()

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(tone.seconds for tone in self.tones)


class Spoken:
    """What this simulator said lately, by the samples: whoever sends them back is understood."""

    def __init__(self) -> None:
        self._texts: dict[bytes, str] = {}

    def remember(self, data: bytes, text: str) -> None:
        """Keep what was said."""
        if 0 < len(data) <= _MOST_REMEMBERED_BYTES and text:
            self._texts[data] = text
        if len(self._texts) > _MOST_REMEMBERED:
            del self._texts[next(iter(self._texts))]

    def within(self, data: bytes) -> str | None:
        """What is said in a sound, in the order in which it is said."""
        places = [(data.find(said), len(said), text) for said, text in self._texts.items()]
        ends, texts = 0, []
        for start, length, text in sorted((place for place in places if place[0] >= 0), key=lambda at: (at[0], -at[1])):
            if start >= ends:
                texts.append(text)
                ends = start + length
        return " ".join(texts) or None


def spoken(text: str, speed: float = 1.0) -> Speech:
    """A text as speech. Tags are not read out; pauses are kept.

    >>> speech = spoken("Hi [pause]<whisper>you</whisper>")
    >>> speech.text, speech.seconds
    ('Hi you', 0.875)
    """
    speech, at, now = Speech([], [], []), 0, 0.0
    for tag in [*_TAG.finditer(text), None]:
        now = _speak(speech, text[at : tag.start() if tag else len(text)], now, speed)
        if tag is not None:
            pause = _PAUSES.get(tag[1] or "", 0.0) / speed
            speech.tones.extend([Tone(0, pause)] if pause else [])
            now, at = now + pause, tag.end()
    return speech


def written(speech: Speech, form: Format) -> bytes:
    """Speech in a codec."""
    if form.codec == "mp3":
        mark = f"{zlib.crc32(speech.text.encode('utf-8', 'replace')):08x}{len(speech.text)} ".encode()
        return mp3(speech.seconds, form.sample_rate, form.bit_rate, mark)
    data = rendered(speech.tones, encoding_of(form.codec), form.sample_rate)
    return wav(data, form.sample_rate) if form.codec == "wav" else data


def encoding_of(codec: Codec) -> Encoding:
    """How the samples of a codec are written."""
    if codec in {"mulaw", "ulaw"}:
        return "mulaw"
    return "alaw" if codec == "alaw" else "pcm"


def _speak(speech: Speech, text: str, now: float, speed: float) -> float:
    for piece in _WORD.findall(text):
        length = 1 / (_CHARACTERS_PER_SECOND * speed)
        pitch = 0 if piece.isspace() else _LOWEST + zlib.crc32(piece.encode("utf-8", "replace")) % _SPAN
        speech.tones.append(Tone(pitch, len(piece) * length))
        for character in piece:
            speech.characters.append(character)
            speech.times.append((round(now, 4), round(now + length, 4)))
            now += length
    return now
