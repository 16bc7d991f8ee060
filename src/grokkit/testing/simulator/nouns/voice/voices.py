"""The voices: those that everybody has, and the custom ones of a team. `GET /v1/tts/voices[/{id}]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.files.shelf import team_of
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

DEFAULT_VOICE = "eve"
BUILT_IN = (
    *("eve", "ara", "leo", "rex", "sal"),
    *("altair", "atlas", "carina", "castor", "celeste", "cosmo", "helios", "helix", "iris", "kepler", "lumen"),
    *("luna", "lux", "naksh", "orion", "perseus", "rigel", "sirius", "ursa", "zagan", "zenith"),
)
"""The ids that are known of the 28 that there are."""


class CustomVoice(msgspec.Struct, kw_only=True):
    """A voice cloned from a recording."""

    voice_id: str
    team_id: str
    created_at: str
    audio: bytes
    media_type: str
    described: dict[str, str | None]
    """Its name, description, gender, accent, age, language, use case and tone, as far as they were given."""


class CustomVoices:
    """The custom voices, oldest first. `allowed` is whether the team's plan may make new ones."""

    def __init__(self) -> None:
        self.allowed = True
        self.by_id: dict[str, CustomVoice] = {}

    def find(self, voice_id: str, team_id: str) -> CustomVoice | None:
        """The voice of this id, if it is that team's."""
        voice = self.by_id.get(voice_id)
        return voice if voice is not None and voice.team_id == team_id else None


def check_voice(visit: Visit, voice_id: str) -> str:
    """The id of a voice as it is written. Raises 404 for one that there is not."""
    if voice_id.lower() in BUILT_IN:
        return voice_id.lower()
    if visit.simulator.state(CustomVoices).find(voice_id, team_of(visit)) is not None:
        return voice_id
    raise Refusal.voice(404, f"Voice not found: {voice_id}")


@table.get("/v1/tts/voices", head="traced")
def list_voices(visit: Visit) -> Outcome:
    """The built-in voices; custom ones have a listing of their own."""
    return visit.answer({"voices": [_shown(voice) for voice in BUILT_IN]})


@table.get("/v1/tts/voices/{voice_id}", head="traced")
def get_voice(visit: Visit) -> Outcome:
    """One built-in voice, in any case of letters."""
    voice = visit.params["voice_id"].lower()
    if voice not in BUILT_IN:
        raise Refusal.voice(404, f"Voice not found: {visit.params['voice_id']}")
    return visit.answer(_shown(voice))


def _shown(voice: str) -> dict[str, str]:
    return {"voice_id": voice, "name": voice.title()}
