"""The options that speech to text takes, in a form or in a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.voice.messages import flag, number, within
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grokkit.testing.simulator.nouns.voice.sound import Encoding
    from grokkit.testing.simulator.nouns.voice.speech import Word

_MOST_KEYTERMS = 100
_CHANNELS = (2, 8)
_ENCODINGS: dict[str, Encoding] = {"pcm": "pcm", "mulaw": "mulaw", "ulaw": "mulaw", "alaw": "alaw"}
_DEFAULT_RATE = 16_000
_RATES = (8_000, 48_000)
_MOST_ENDPOINTING = 5_000
DEFAULT_LANGUAGE = "en"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with a sound."""

    language: str
    diarize: bool
    channels: int
    """1 unless `multichannel` is set."""

    def shown(self, word: Word) -> dict[str, Any]:
        """A word as the API shows it."""
        shown: dict[str, Any] = {"text": word.text, "start": word.start, "end": word.end, "confidence": 0.99}
        return shown | ({"speaker": 0} if self.diarize else {})


class StreamOptions(Options, frozen=True, kw_only=True):
    """What is to be done with a stream."""

    encoding: Encoding
    sample_rate: int
    interim_results: bool
    silence: float
    """Seconds of it that end what is said."""


def read_options(given: Mapping[str, str], keyterms: Sequence[str]) -> Options:
    """The options of a form. Raises 400."""
    if len(keyterms) > _MOST_KEYTERMS:
        raise Refusal.voice(400, f"at most {_MOST_KEYTERMS} keyterms are supported")
    for name in ("format", "filler_words"):
        flag(given, name)
    within(given, "vad_threshold", 0, 1)
    return Options(
        language=given.get("language") or DEFAULT_LANGUAGE,
        diarize=flag(given, "diarize"),
        channels=_channels(given),
    )


def read_stream_options(given: Mapping[str, str], keyterms: Sequence[str]) -> StreamOptions:
    """The options of a stream. Raises 400."""
    plain = read_options(given, keyterms)
    encoding, sample_rate = read_raw(given) or ("pcm", _DEFAULT_RATE)
    within(given, "smart_turn", 0, 1)
    within(given, "smart_turn_timeout", 0, _MOST_ENDPOINTING)
    silence = within(given, "endpointing", 0, _MOST_ENDPOINTING)
    return StreamOptions(
        language=plain.language,
        diarize=plain.diarize,
        channels=plain.channels,
        encoding=encoding,
        sample_rate=sample_rate,
        interim_results=flag(given, "interim_results"),
        silence=0.01 if silence is None else silence / 1000,
    )


def read_raw(given: Mapping[str, str]) -> tuple[Encoding, int] | None:
    """Encoding and rate of samples without a container; `None` where a format of files is named, or none."""
    name = given.get("audio_format") or given.get("encoding")
    rate = number(given, "sample_rate", int)
    if rate is not None and not _RATES[0] <= rate <= _RATES[1]:
        raise Refusal.voice(400, f"sample_rate must be between {_RATES[0]} and {_RATES[1]}")
    if name is not None and name not in _ENCODINGS and "encoding" in given:
        raise Refusal.voice(400, f"encoding must be one of {', '.join(_ENCODINGS)}")
    if name is None and "audio_format" not in given and rate is None:
        return None
    encoding = _ENCODINGS.get(name or "pcm")
    if encoding is not None and "audio_format" in given and rate is None:
        raise Refusal.voice(400, "sample_rate is required for raw audio")
    return None if encoding is None else (encoding, rate or _DEFAULT_RATE)


def _channels(given: Mapping[str, str]) -> int:
    channels = within(given, "channels", *_CHANNELS)
    if not flag(given, "multichannel"):
        return 1
    if channels is None:
        raise Refusal.voice(400, "channels is required with multichannel")
    return int(channels)
