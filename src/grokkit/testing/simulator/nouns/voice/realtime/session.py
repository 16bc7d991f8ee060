"""The settings of a session: what `session.update` may change, and what is refused."""

from typing import Annotated, Any, Literal

import msgspec

from grokkit.testing.simulator.nouns.voice.messages import Unreadable
from grokkit.testing.simulator.nouns.voice.sound import Encoding
from grokkit.testing.simulator.nouns.voice.speech import Format
from grokkit.testing.simulator.nouns.voice.voices import check_voice
from grokkit.testing.simulator.thought import OfferedTool
from grokkit.testing.simulator.visit import Visit

_ENCODINGS: dict[str, Encoding] = {"audio/pcm": "pcm", "audio/pcmu": "mulaw", "audio/pcma": "alaw"}
_TELEPHONE_RATE = 8_000
_DEFAULT_VOICE = "ara"


class SoundFormat(msgspec.Struct, kw_only=True):
    """How sound is sent."""

    type: Literal["audio/pcm", "audio/pcmu", "audio/pcma"] = "audio/pcm"
    rate: Annotated[int, msgspec.Meta(ge=8_000, le=48_000)] | None = None

    @property
    def encoding(self) -> Encoding:
        """How its samples are written."""
        return _ENCODINGS[self.type]

    @property
    def sample_rate(self) -> int:
        """Samples a second."""
        return self.rate or (24_000 if self.type == "audio/pcm" else _TELEPHONE_RATE)

    @property
    def form(self) -> Format:
        """The same for writing."""
        return Format(codec=self.encoding, sample_rate=self.sample_rate)


class Side(msgspec.Struct, kw_only=True):
    """One direction of the sound."""

    format: SoundFormat = msgspec.field(default_factory=SoundFormat)


class Sides(msgspec.Struct, kw_only=True):
    """Both directions."""

    input: Side = msgspec.field(default_factory=Side)
    output: Side = msgspec.field(default_factory=Side)


class TurnDetection(msgspec.Struct, kw_only=True):
    """How the end of a turn is found."""

    type: Literal["server_vad"] = "server_vad"
    threshold: float = 0.85
    silence_duration_ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 500
    prefix_padding_ms: int = 333


class Session(msgspec.Struct, kw_only=True):
    """What holds for a conversation."""

    instructions: str = ""
    voice: str = _DEFAULT_VOICE
    turn_detection: TurnDetection | None = msgspec.field(default_factory=TurnDetection)
    audio: Sides = msgspec.field(default_factory=Sides)
    tools: list[dict[str, Any]] = []
    tool_choice: str | dict[str, Any] = "auto"
    modalities: list[Literal["text", "audio"]] = msgspec.field(default_factory=lambda: ["text", "audio"])

    def shown(self, session_id: str, model: str) -> dict[str, Any]:
        """The session as events show it."""
        settings: dict[str, Any] = msgspec.to_builtins(self)
        return {"id": session_id, "object": "realtime.session", "model": model, **settings}


def updated(visit: Visit, session: Session, given: object) -> Session:
    """The session with some settings changed. Raises `Unreadable`, and 404 for a voice that there is not."""
    if not isinstance(given, dict):
        raise Unreadable("session.update: missing field `session`")
    try:
        changed = msgspec.convert(_merged(msgspec.to_builtins(session), given), Session)
    except msgspec.ValidationError as error:
        raise Unreadable(f"session.update: {error}") from error
    changed.voice = check_voice(visit, changed.voice)
    return changed


def offered(tools: list[dict[str, Any]]) -> tuple[OfferedTool, ...]:
    """The functions among the tools."""
    return tuple(
        OfferedTool(
            name=str(tool.get("name", "")),
            description=str(tool.get("description") or ""),
            parameters=parameters if isinstance(parameters := tool.get("parameters"), dict) else {},
        )
        for tool in tools
        if tool.get("type") == "function"
    )


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Nested settings are changed one by one; `null` and lists replace what was there."""
    merged = dict(old)
    for name, value in new.items():
        before = merged.get(name)
        merged[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged
