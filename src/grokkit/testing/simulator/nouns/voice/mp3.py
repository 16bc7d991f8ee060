"""MP3s that any decoder plays, as silence: well-formed frames without sound, each with a mark of its text."""

from __future__ import annotations

from typing import NamedTuple

_BIT_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BIT_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MONO, _HEADER = 0xC0, 4
_MONO_SIDE_INFO = {3: 17, 2: 9, 0: 9}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_LAYER_III, _UNPROTECTED = 0b01, 1


class _Form(NamedTuple):
    version: int
    """3 for MPEG 1, 2 for MPEG 2, 0 for MPEG 2.5."""
    bit_rate_index: int
    rate_index: int
    padding: int = 0

    @property
    def sample_rate(self) -> int:
        return _RATES[self.version][self.rate_index]

    @property
    def samples(self) -> int:
        return 1152 if self.version == 3 else 576  # noqa: PLR2004 - MPEG 1

    @property
    def size(self) -> int:
        rates = _BIT_RATES_1 if self.version == 3 else _BIT_RATES_2  # noqa: PLR2004 - MPEG 1
        return self.samples // 8 * rates[self.bit_rate_index] * 1000 // self.sample_rate + self.padding


def mp3(seconds: float, sample_rate: int, bit_rate: int, mark: bytes) -> bytes:
    """An MP3 of this length. `mark` is repeated where the sound would be: printable bytes, so that none looks like
    the start of a frame.

    >>> round(seconds_of(mp3(2.0, 24000, 64000, b"x")), 1)
    2.0
    """
    form = _form(sample_rate, bit_rate)
    second = 0xE0 | form.version << 3 | _LAYER_III << 1 | _UNPROTECTED
    third = form.bit_rate_index << 4 | form.rate_index << 2
    room = form.size - _HEADER - _MONO_SIDE_INFO[form.version]
    sound = (mark * (room // len(mark) + 1))[:room]
    frame = bytes([0xFF, second, third, _MONO]) + bytes(_MONO_SIDE_INFO[form.version]) + sound
    return frame * max(1, round(seconds * sample_rate / form.samples))


def seconds_of(content: bytes) -> float | None:
    """How long an MP3 lasts, by its frames; `None` for what is none."""
    at, seconds = _after_tag(content), 0.0
    while (form := _read(content[at : at + _HEADER])) is not None:
        seconds += form.samples / form.sample_rate
        at += form.size
    return seconds or None


def _form(sample_rate: int, bit_rate: int) -> _Form:
    version = next(version for version, rates in _RATES.items() if sample_rate in rates)
    rates = _BIT_RATES_1 if version == 3 else _BIT_RATES_2  # noqa: PLR2004 - MPEG 1
    index = min(range(1, len(rates)), key=lambda index: abs(rates[index] * 1000 - bit_rate))
    return _Form(version, index, _RATES[version].index(sample_rate))


def _after_tag(content: bytes) -> int:
    if content[:3] != b"ID3" or len(content) < 10:  # noqa: PLR2004 - the size of the tag's header
        return 0
    size = 0
    for value in content[6:10]:
        size = size << 7 | value & 0x7F
    return size + 10


def _read(header: bytes) -> _Form | None:
    if len(header) < _HEADER or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - eleven ones
        return None
    form = _Form(header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1)
    known = form.version in _RATES and form.rate_index < 3 and 0 < form.bit_rate_index < 15  # noqa: PLR2004
    return form if known and header[1] >> 1 & 3 == _LAYER_III else None
