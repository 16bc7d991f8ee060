"""Custom voices: `/v1/custom-voices`. The fields are those that clients read; xAI publishes no schema of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.files.shelf import team_of
from grokkit.testing.simulator.nouns.paging import after, limit_of
from grokkit.testing.simulator.nouns.voice.hearing import sound_in
from grokkit.testing.simulator.nouns.voice.voices import CustomVoice, CustomVoices
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.testing.simulator.form import Part
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_FIELDS = ("name", "description", "gender", "accent", "age", "language", "use_case", "tone")
_GENDERS = ("male", "female", "neutral")
_MOST_SECONDS = 120
_DEFAULT_PAGE, _MOST_PAGE = 100, 1000


@table.post("/v1/custom-voices", head="traced")
def create(visit: Visit) -> Outcome:
    """Clone a voice from a recording."""
    voices = visit.simulator.state(CustomVoices)
    if not voices.allowed:
        text = "Creating custom voices by API requires an enterprise plan."
        raise Refusal.flat(403, "permission-denied", text)
    parts = visit.form()
    file = _recording(parts)
    described = _described({part.name: part.text for part in parts if part.filename is None})
    voice = CustomVoice(
        voice_id=f"voice_{visit.id.replace('-', '')[:20]}",
        team_id=team_of(visit),
        created_at=visit.simulator.today().isoformat().replace("+00:00", "Z"),
        audio=file.data,
        media_type=file.content_type,
        described=described,
    )
    voices.by_id[voice.voice_id] = voice
    return visit.answer(_shown(voice))


@table.get("/v1/custom-voices", head="traced")
def list_voices(visit: Visit) -> Outcome:
    """A page of the team's voices, oldest first."""
    voices = visit.simulator.state(CustomVoices).by_id.values()
    own = [voice for voice in voices if voice.team_id == team_of(visit)]
    first = after([voice.voice_id for voice in own], visit)
    page = own[first : first + limit_of(visit, default=_DEFAULT_PAGE, most=_MOST_PAGE)]
    more = page[-1].voice_id if page and page[-1] is not own[-1] else None
    return visit.answer({"voices": [_shown(voice) for voice in page], "pagination_token": more})


@table.get("/v1/custom-voices/{voice_id}", head="traced")
def get(visit: Visit) -> Outcome:
    """One voice."""
    return visit.answer(_shown(_named(visit)))


@table.patch("/v1/custom-voices/{voice_id}")
def change(visit: Visit) -> Outcome:
    """Describe a voice in other words; `null` takes a word away."""
    voice = _named(visit)
    voice.described |= _described(visit.json())
    return visit.answer(_shown(voice))


@table.delete("/v1/custom-voices/{voice_id}")
def delete(visit: Visit) -> Outcome:
    """Forget a voice."""
    voice = _named(visit)
    del visit.simulator.state(CustomVoices).by_id[voice.voice_id]
    return visit.answer({"voice_id": voice.voice_id, "deleted": True})


@table.get("/v1/custom-voices/{voice_id}/audio", head="traced")
def audio(visit: Visit) -> Outcome:
    """The recording a voice was made from."""
    voice = _named(visit)
    return visit.data(voice.audio, voice.media_type)


def _named(visit: Visit) -> CustomVoice:
    voice = visit.simulator.state(CustomVoices).find(visit.params["voice_id"], team_of(visit))
    if voice is None:
        raise Refusal.voice(404, f"Voice not found: {visit.params['voice_id']}")
    return voice


def _recording(parts: list[Part]) -> Part:
    files = [part for part in parts if part.filename is not None]
    if len(files) != 1 or not files[0].data:
        raise Refusal.voice(400, "exactly one recording is required, in the field `file`")
    if sound_in(files[0].data, None).seconds > _MOST_SECONDS:
        raise Refusal.voice(400, f"the recording must be at most {_MOST_SECONDS} seconds long")
    return files[0]


def _described(given: Mapping[str, Any]) -> dict[str, str | None]:
    for name, value in given.items():
        if name not in _FIELDS:
            raise Refusal.voice(400, f"unknown field `{name}`")
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise Refusal.voice(400, f"{name} must be text")
    if given.get("gender") not in {None, *_GENDERS}:
        raise Refusal.voice(400, f"gender must be one of {', '.join(_GENDERS)}")
    return dict(given)


def _shown(voice: CustomVoice) -> dict[str, str | None]:
    described = {name: voice.described.get(name) for name in _FIELDS}
    return {"voice_id": voice.voice_id, **described, "created_at": voice.created_at}
