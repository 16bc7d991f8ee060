"""One conversation: what each message of the client does, and when the model answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.nouns.voice.hearing import Listener, sound_in, transcribed
from grokkit.testing.simulator.nouns.voice.messages import Unreadable, code_of, read_message, words_of
from grokkit.testing.simulator.nouns.voice.realtime.conversation import Conversation, decoded
from grokkit.testing.simulator.nouns.voice.realtime.responding import Responder, dressed
from grokkit.testing.simulator.nouns.voice.realtime.session import Session, updated
from grokkit.testing.simulator.nouns.voice.stt import MODEL
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.nouns.voice.hearing import Turn
    from grokkit.testing.simulator.sockets import Socket
    from grokkit.testing.simulator.visit import Visit

_IGNORED = ("conversation.item.truncate",)
_TRANSCRIPTIONS = "/v1/stt"


class Talk:
    """A client and the model."""

    def __init__(self, socket: Socket, model: Model) -> None:
        self._socket = socket
        self._model = model
        self._session = Session()
        self._session_id = f"sess_{socket.simulator.new_id()}"
        self._conversation = Conversation(socket.simulator)
        self._responder = Responder(socket, model, self._conversation)
        self._buffer = bytearray()
        self._listener = self._fresh_listener()
        self._speaking = False

    async def begin(self) -> None:
        """Greet."""
        await self._tell({"type": "session.created", "session": self._session.shown(self._session_id, self._model.id)})
        conversation = {"id": self._conversation.id, "object": "realtime.conversation"}
        await self._tell({"type": "conversation.created", "conversation": conversation})

    async def take(self, message: str | bytes) -> None:
        """Do what a message says, or say what is wrong with it."""
        sent: dict[str, Any] = {}
        try:
            sent = read_message(message)
            await self._do(sent)
        except (Refusal, Unreadable) as problem:
            await self._tell(complaint(problem, sent.get("event_id")))

    async def end(self) -> None:
        """Stop answering."""
        await self._responder.stop()

    async def _do(self, sent: dict[str, Any]) -> None:
        kind = sent["type"]
        if kind == "session.update":
            await self._update(sent.get("session"))
        elif kind.startswith("input_audio_buffer."):
            await self._hear(kind.removeprefix("input_audio_buffer."), sent)
        elif kind == "conversation.item.create":
            item = self._conversation.created(sent.get("item"), self._session)
            await self._tell(self._conversation.add(item, after=sent.get("previous_item_id")))
        elif kind == "response.create":
            await self._responder.start(self._for_one_response(sent.get("response")))
        elif kind == "response.cancel":
            if not await self._responder.cancel("client_cancelled"):
                raise Unreadable("there is no active response to cancel", "response_cancel_not_active")
        elif kind not in _IGNORED:
            raise Unreadable(f"unknown message type: {kind}")

    async def _update(self, given: object) -> None:
        self._session = updated(self._socket.visit, self._session, given)
        if not self._speaking:
            self._listener = self._fresh_listener()
        await self._tell({"type": "session.updated", "session": self._session.shown(self._session_id, self._model.id)})

    async def _hear(self, what: str, sent: dict[str, Any]) -> None:
        if what == "append":
            await self._append(decoded(sent.get("audio")))
        elif what == "commit":
            await self._commit(bytes(self._buffer))
        elif what == "clear":
            self._forget()
            await self._tell({"type": "input_audio_buffer.cleared"})
        else:
            raise Unreadable(f"unknown message type: {sent['type']}")

    async def _append(self, samples: bytes) -> None:
        self._buffer += samples
        if self._session.turn_detection is None:
            return
        for turn in self._listener.feed(samples):
            await self._begins_to_speak(turn)
            await self._stops_speaking(turn)
        if self._listener.speaking:
            await self._begins_to_speak(self._listener.so_far())

    async def _begins_to_speak(self, turn: Turn) -> None:
        if self._speaking:
            return
        self._speaking = True
        started = {"audio_start_ms": round(turn.start * 1000)}
        await self._tell({"type": "input_audio_buffer.speech_started", **started})
        await self._responder.cancel("turn_detected")

    async def _stops_speaking(self, turn: Turn) -> None:
        self._speaking = False
        ended = {"audio_end_ms": round((turn.start + turn.seconds) * 1000)}
        await self._tell({"type": "input_audio_buffer.speech_stopped", **ended})
        await self._commit(turn.data)
        await self._responder.start(self._session)

    async def _commit(self, samples: bytes) -> None:
        if not samples:
            raise Unreadable("the input audio buffer is empty", "input_audio_buffer_commit_empty")
        form = self._session.audio.input.format
        sound = sound_in(samples, (form.encoding, form.sample_rate))
        asked = self._scripted_ear()
        words = await transcribed(asked, sound)
        item = self._conversation.spoken(" ".join(word.text for word in words))
        self._responder.heard(sound.seconds)
        self._buffer.clear()
        added = self._conversation.add(item)
        committed = {"previous_item_id": added["previous_item_id"], "item_id": item["id"]}
        await self._tell({"type": "input_audio_buffer.committed", **committed})
        await self._tell(added)
        transcript = {"item_id": item["id"], "content_index": 0, "transcript": item["content"][0]["transcript"]}
        await self._tell({"type": "conversation.item.input_audio_transcription.completed", **transcript})

    def _scripted_ear(self) -> Visit:
        """The request that transcribes: rules for the path of transcriptions see it, others do not."""
        visit = self._socket.visit
        rules = visit.simulator.script.rules
        if any(_TRANSCRIPTIONS in str(rule.conditions.get("path", "")) for rule in rules):
            return visit.inner("POST", _TRANSCRIPTIONS, {"model": MODEL})
        return visit

    def _forget(self) -> None:
        self._buffer.clear()
        self._listener = self._fresh_listener()
        self._speaking = False

    def _fresh_listener(self) -> Listener:
        form, detection = self._session.audio.input.format, self._session.turn_detection
        silence = (detection.silence_duration_ms if detection else 0) / 1000
        return Listener(form.encoding, form.sample_rate, silence)

    def _for_one_response(self, given: object) -> Session:
        if not isinstance(given, dict):
            return self._session
        settings = dict(given)
        if "output_modalities" in settings:
            settings["modalities"] = settings.pop("output_modalities")
        return updated(self._socket.visit, self._session, settings)

    async def _tell(self, event: dict[str, Any]) -> None:
        await self._socket.send(dressed(event, self._socket.simulator))


def complaint(problem: Refusal | Unreadable, event_id: object) -> dict[str, Any]:
    """The event that tells of a problem, and which message of the client's it is about."""
    error = {"type": "invalid_request_error", "code": code_of(problem), "message": words_of(problem)}
    return {"type": "error", "error": error | ({"event_id": event_id} if event_id is not None else {})}
