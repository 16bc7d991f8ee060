"""Sound made and measured by hand: tones and silence in linear 16 bit, mu-law and A-law, and WAV files of them."""

from __future__ import annotations

import functools
import math
import struct
from array import array
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Encoding: TypeAlias = Literal["pcm", "mulaw", "alaw"]

_LOUDEST = 32_767
_TONE = 9_000
_MULAW_BIAS, _MULAW_MOST = 0x84, 32_635
_ALAW_STEPS = (0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF)
_WAV_ENCODINGS: dict[int, Encoding] = {1: "pcm", 6: "alaw", 7: "mulaw"}
_WAV_HEAD = struct.Struct("<HHIIHH")


class Tone(NamedTuple):
    """A sound of one pitch. `frequency` 0 is silence."""

    frequency: int
    seconds: float


class Recording(NamedTuple):
    """Sound as it was sent."""

    data: bytes
    encoding: Encoding
    sample_rate: int
    channels: int = 1

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.data) / (sample_bytes(self.encoding) * self.sample_rate * self.channels)


def sample_bytes(encoding: Encoding) -> int:
    """Bytes of one sample."""
    return 2 if encoding == "pcm" else 1


def rendered(tones: Iterable[Tone], encoding: Encoding, sample_rate: int) -> bytes:
    """The samples of tones, one after the other.

    >>> len(rendered([Tone(440, 0.5), Tone(0, 0.5)], "pcm", 8000))
    16000
    """
    return b"".join(_samples(tone, encoding, sample_rate) for tone in tones)


def loudness(data: bytes, encoding: Encoding) -> float:
    """The loudest sample, from 0 to 1.

    >>> loudness(bytes(320), "pcm"), loudness(b"\\x00", "mulaw") > 0.9
    (0.0, True)
    """
    if encoding == "pcm":
        samples = array("h", data[: len(data) // 2 * 2])
        return max(max(samples, default=0), -min(samples, default=0)) / _LOUDEST
    levels = _levels(encoding)
    return max((levels[value] for value in set(data)), default=0.0)


def wav(data: bytes, sample_rate: int) -> bytes:
    """A WAV file of linear samples, one channel."""
    head = _WAV_HEAD.pack(1, 1, sample_rate, 2 * sample_rate, 2, 16)
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def read_wav(content: bytes) -> Recording | None:
    """What is in a WAV file; `None` for anything else.

    >>> read_wav(wav(bytes(16000), 8000)).seconds
    1.0
    """
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return None
    at, form = 12, None
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= _WAV_HEAD.size:
            form = _WAV_HEAD.unpack_from(body)
        if name == b"data" and form is not None:
            return Recording(body, _WAV_ENCODINGS.get(form[0], "pcm"), form[2] or 1, form[1] or 1)
        at += 8 + size + size % 2
    return None


def _samples(tone: Tone, encoding: Encoding, sample_rate: int) -> bytes:
    size = round(tone.seconds * sample_rate) * sample_bytes(encoding)
    cycle = _cycle(tone.frequency, encoding, sample_rate)
    return (cycle * (size // len(cycle) + 1))[:size]


@functools.lru_cache(maxsize=1024)
def _cycle(frequency: int, encoding: Encoding, sample_rate: int) -> bytes:
    if not frequency:
        return _encoded([0], encoding)
    length = max(4, round(sample_rate / frequency))
    return _encoded([round(_TONE * math.sin(2 * math.pi * step / length)) for step in range(length)], encoding)


def _encoded(samples: list[int], encoding: Encoding) -> bytes:
    if encoding == "pcm":
        return struct.pack(f"<{len(samples)}h", *samples)
    encode = to_mulaw if encoding == "mulaw" else to_alaw
    return bytes(encode(sample) for sample in samples)


@functools.cache
def _levels(encoding: Encoding) -> tuple[float, ...]:
    decode = from_mulaw if encoding == "mulaw" else from_alaw
    return tuple(abs(decode(value)) / _LOUDEST for value in range(256))


def to_mulaw(sample: int) -> int:
    """A linear sample in G.711 mu-law.

    >>> to_mulaw(0), to_mulaw(-32768)
    (255, 0)
    """
    level = min(abs(sample), _MULAW_MOST) + _MULAW_BIAS
    exponent = level.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | exponent << 4 | (level >> (exponent + 3)) & 0x0F) & 0xFF


def from_mulaw(value: int) -> int:
    """The linear sample of a mu-law byte."""
    value = ~value & 0xFF
    level = (((value & 0x0F) << 3) + _MULAW_BIAS << (value >> 4 & 0x07)) - _MULAW_BIAS
    return -level if value & 0x80 else level


def to_alaw(sample: int) -> int:
    """A linear sample in G.711 A-law.

    >>> to_alaw(0), from_alaw(to_alaw(1000))
    (213, 1008)
    """
    level = sample >> 3
    mask = 0xD5 if level >= 0 else 0x55
    level = level if level >= 0 else -level - 1
    segment = next(number for number, most in enumerate(_ALAW_STEPS) if level <= most)
    return (segment << 4 | (level >> max(segment, 1)) & 0x0F) ^ mask


def from_alaw(value: int) -> int:
    """The linear sample of an A-law byte."""
    value ^= 0x55
    segment = value >> 4 & 0x07
    level = ((value & 0x0F) << 4) + (0x108 if segment else 8)
    level <<= max(segment - 1, 0)
    return level if value & 0x80 else -level
