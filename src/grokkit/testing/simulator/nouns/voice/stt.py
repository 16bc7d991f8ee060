"""Text from speech: `POST /v1/stt`, a form whose last field is the file, or names an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.models import lookup
from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.media.assets import content_at
from grokkit.testing.simulator.nouns.media.prices import charge, unit_ticks
from grokkit.testing.simulator.nouns.voice.hearing import Sound, sound_in, transcribed
from grokkit.testing.simulator.nouns.voice.listening import read_options, read_raw
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from grokkit.testing.simulator.form import Part
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

MODEL = "grok-voice-transcribe-2.0"
_HOUR = 3600
_MOST_BYTES = 500 * 1024 * 1024
_SECONDS_ON_THE_NET = 6.0


@table.post("/v1/stt", head="traced", generates=True, max_body=_MOST_BYTES)
async def transcribe(visit: Visit) -> Outcome:
    """The words of a recording, with their times."""
    parts = visit.form()
    given = {part.name: part.text for part in parts if part.filename is None}
    options = read_options(given, [part.text for part in parts if part.name == "keyterm"])
    sound = _sound(visit, parts, given)
    words = await transcribed(visit, sound)
    charge(visit, stt_ticks(sound.seconds, "file"))
    answer: dict[str, Any] = {
        "text": " ".join(word.text for word in words),
        "language": options.language,
        "duration": round(sound.seconds, 3),
        "words": [options.shown(word) for word in words],
    }
    if options.channels > 1:
        heard = {"text": answer["text"], "words": answer["words"]}
        silent = {"text": "", "words": []}
        answer["channels"] = [{"index": index} | (silent if index else heard) for index in range(options.channels)]
    return visit.answer(answer)


def stt_ticks(seconds: float, variant: str) -> int:
    """What hearing costs: `file` or `stream`."""
    model = lookup(MODEL)
    return round(seconds * (unit_ticks(model, "hour", variant) if model else 0) / _HOUR)


def _sound(visit: Visit, parts: list[Part], given: dict[str, str]) -> Sound:
    files = [part for part in parts if part.name == "file"]
    url = given.get("url")
    if bool(files) == bool(url):
        raise Refusal.voice(400, "exactly one of file and url is required")
    if url:
        return _behind(visit, url)
    if parts[-1] is not files[0]:
        raise Refusal.voice(400, "file must be the last field of the form")
    if not files[0].data:
        raise Refusal.voice(400, "the file is empty")
    return sound_in(files[0].data, read_raw(given))


def _behind(visit: Visit, url: str) -> Sound:
    """Other people's addresses are not visited: their words follow from the address."""
    if not url.startswith(("http://", "https://")):
        raise Refusal.voice(400, f"invalid url: {url[:80]}")
    content = content_at(visit, url)
    return Sound(url.encode(), _SECONDS_ON_THE_NET, audible=True) if content is None else sound_in(content, None)
