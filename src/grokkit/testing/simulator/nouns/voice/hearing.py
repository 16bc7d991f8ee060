"""Sound heard: how long it is, whether anybody speaks, when a turn ends, and which words were said.

What this simulator said is understood. For anything else, words are made up from the sound: the same for the same.
"""

from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING, NamedTuple

from grokkit.testing.simulator.nouns.voice import mp3
from grokkit.testing.simulator.nouns.voice.sound import Encoding, Recording, loudness, read_wav, sample_bytes
from grokkit.testing.simulator.nouns.voice.speech import Spoken, Word

if TYPE_CHECKING:
    from grokkit.testing.simulator.simulator import Simulator
    from grokkit.testing.simulator.visit import Visit

_FRAME_SECONDS = 0.02
_AUDIBLE = 0.02
_WORDS_PER_SECOND = 2.5
_MOST_WORDS = 20_000
_TELLING_BYTES = 640
_BYTES_PER_SECOND = 16_000
_SENTENCE = "the weather in the harbour was calm and we talked about ships maps coffee music and the long way home"
_VOCABULARY = tuple(_SENTENCE.split())


class Sound(NamedTuple):
    """What a file holds."""

    data: bytes
    seconds: float
    audible: bool


class Turn(NamedTuple):
    """Something said between two silences."""

    start: float
    """Seconds since the beginning."""
    data: bytes
    seconds: float
    over: bool
    """Whether silence followed."""


def sound_in(content: bytes, raw: tuple[Encoding, int] | None) -> Sound:
    """What a file holds, or samples of this encoding and rate. Of other formats the length is guessed by the size."""
    recording = Recording(content, *raw) if raw is not None else read_wav(content)
    if recording is not None:
        return Sound(recording.data, recording.seconds, loudness(recording.data, recording.encoding) > _AUDIBLE)
    seconds = mp3.seconds_of(content)
    return Sound(content, len(content) / _BYTES_PER_SECOND if seconds is None else seconds, audible=True)


async def transcribed(visit: Visit, sound: Sound, *, start: float = 0.0) -> list[Word]:
    """The words of a sound: the script's, if a rule fits this request, else what is heard."""
    scripted = await visit.cue.thought(visit) if visit.cue else None
    text = heard(visit.simulator, sound) if scripted is None else scripted.text
    return timed(text.split(), sound.seconds, start)


def heard(simulator: Simulator, sound: Sound) -> str:
    """What is said in a sound; nothing in silence."""
    if not sound.audible:
        return ""
    known = simulator.state(Spoken).within(sound.data)
    if known is not None:
        return known
    mark = zlib.crc32(sound.data[:_TELLING_BYTES])
    draw = random.Random(f"{simulator.seed}:{mark}")  # noqa: S311 - words that are the same for the same sound
    count = min(max(1, int(sound.seconds * _WORDS_PER_SECOND)), _MOST_WORDS)
    return " ".join(draw.choice(_VOCABULARY) for _ in range(count))


def timed(words: list[str], seconds: float, start: float) -> list[Word]:
    """Words spread over a time, the long ones longer.

    >>> timed(["to", "be"], 1.0, 2.0)
    [Word(text='to', start=2.0, end=2.5), Word(text='be', start=2.5, end=3.0)]
    """
    letters = sum(map(len, words)) or 1
    found, before = [], 0
    for word in words:
        begins, before = before, before + len(word)
        found.append(
            Word(word, round(start + seconds * begins / letters, 3), round(start + seconds * before / letters, 3))
        )
    return found


class Listener:
    """Cuts a stream of samples into turns. A turn is over after a silence of this many seconds."""

    def __init__(self, encoding: Encoding, sample_rate: int, silence: float) -> None:
        self._encoding: Encoding = encoding
        self._second = sample_bytes(encoding) * sample_rate
        self._frame = max(sample_bytes(encoding), int(_FRAME_SECONDS * sample_rate) * sample_bytes(encoding))
        self._silence = silence
        self._rest = b""
        self._heard = 0
        self._turn = bytearray()
        self._quiet = 0

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return (self._heard + len(self._rest)) / self._second

    @property
    def speaking(self) -> bool:
        """Whether a turn has begun that is not over."""
        return bool(self._turn)

    def feed(self, data: bytes) -> list[Turn]:
        """The turns that these samples end."""
        data = self._rest + data
        whole = len(data) - len(data) % self._frame
        self._rest = data[whole:]
        frames = (data[start : start + self._frame] for start in range(0, whole, self._frame))
        return [turn for frame in frames for turn in self._take(frame)]

    def flush(self) -> list[Turn]:
        """The turn that nothing ended, at the end of everything."""
        rest, self._rest = self._rest, b""
        turns = self._take(rest) if rest else []
        return [*turns, *([self._end(over=False)] if self._turn else [])]

    def so_far(self) -> Turn:
        """The turn that is going on."""
        said = bytes(self._turn)
        return Turn((self._heard - len(said)) / self._second, said, len(said) / self._second, over=False)

    def _take(self, frame: bytes) -> list[Turn]:
        self._heard += len(frame)
        loud = loudness(frame, self._encoding) > _AUDIBLE
        if loud or self._turn:
            self._turn += frame
        self._quiet = 0 if loud else self._quiet + len(frame)
        if self._turn and self._quiet and self._quiet >= self._silence * self._second:
            return [self._end(over=True)]
        return []

    def _end(self, *, over: bool) -> Turn:
        turn = self.so_far()
        self._turn.clear()
        self._quiet = 0
        return turn._replace(over=over)
