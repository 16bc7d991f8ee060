"""Speech while text is still written: the socket `/v1/tts`.

xAI's page of these events could not be read; the names are those that two independent clients use (unconfirmed).
Client: `text.delta` (`delta`), `text.done`, `text.clear`, `session.update`. Server: `audio.delta` (`delta`, base64),
`audio.done` (`trace_id`), `audio.clear`, `session.updated`, `error` (`message`). After `text.done` comes the rest of
the sound and `audio.done`; then the next utterance may begin.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from grokkit.testing.simulator.bill import Bill
from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.voice.messages import Unreadable, admit, number, read_message, words_of
from grokkit.testing.simulator.nouns.voice.speech import Codec, Format, spoken
from grokkit.testing.simulator.nouns.voice.tts import (
    TICKS_PER_CHARACTER,
    OutputFormat,
    check_latency,
    check_speed,
    checked_format,
    said,
)
from grokkit.testing.simulator.nouns.voice.voices import DEFAULT_VOICE, check_voice
from grokkit.testing.simulator.refusal import Refusal
from grokkit.testing.simulator.socket_turn import SocketTurn
from grokkit.testing.simulator.visit import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.testing.simulator.sockets import Socket
    from grokkit.testing.simulator.visit import Visit

table = Table()

_SENTENCE = re.compile(r".*?[.!?\n]+\s+", re.DOTALL)
_CHUNK_BYTES = 4_800
_REFUSED = 1008


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """How the socket speaks."""

    form: Format
    speed: float = 1.0


@table.socket("/v1/tts", client_secrets=True)
async def speak(socket: Socket) -> None:
    """Say what is written, sentence by sentence."""
    try:
        admit(socket.visit)
        mouth = Mouth(socket, _voice(socket.visit, socket.visit.query))
    except Refusal as refusal:
        await socket.send({"type": "error", "message": words_of(refusal)})
        await socket.close(_REFUSED)
        return
    try:
        async for message in socket:
            try:
                await mouth.hear(read_message(message))
            except (Refusal, Unreadable) as problem:
                await socket.send({"type": "error", "message": words_of(problem)})
    finally:
        mouth.stop()


class Mouth:
    """The text that waits to be said."""

    def __init__(self, socket: Socket, voice: Voice) -> None:
        self._socket = socket
        self._voice = voice
        self._waiting = ""
        self._turn: SocketTurn | None = None
        """The utterance that has begun."""

    def stop(self) -> None:
        """Say no more of what waits."""
        self._waiting = ""
        if self._turn is not None:
            self._turn.over()
        self._turn = None

    async def hear(self, message: Mapping[str, Any]) -> None:
        """Take one message. Raises `Unreadable` and `Refusal`."""
        kind = message["type"]
        if kind == "text.delta":
            if not isinstance(message.get("delta"), str):
                raise Unreadable("text.delta: missing field `delta`")
            self._waiting += message["delta"]
            await self._say_sentences()
        elif kind == "text.done":
            await self._finish()
        elif kind == "text.clear":
            self.stop()
            await self._socket.send({"type": "audio.clear"})
        elif kind == "session.update":
            session = message.get("session", message)
            if not isinstance(session, dict):
                raise Unreadable("session.update: expected a map")
            await self._change(session)
        else:
            raise Unreadable(f"unknown message type: {kind}")

    async def _change(self, session: Mapping[str, Any]) -> None:
        speed = session.get("speed")
        if isinstance(speed, int | float):
            check_speed(speed)
            self._voice = msgspec.structs.replace(self._voice, speed=float(speed))
        if isinstance(session.get("voice"), str):
            check_voice(self._socket.visit, session["voice"])
        await self._socket.send({"type": "session.updated", "session": dict(session)})

    async def _finish(self) -> None:
        rest, self._waiting = self._waiting, ""
        await self._say(rest)
        done = {"type": "audio.done", "trace_id": self._socket.visit.id}
        if self._turn is None:
            await self._socket.send(done)
            return
        await self._turn.say(done)
        await self._turn.end()
        self._turn = None

    async def _begun(self, text: str) -> SocketTurn:
        """The utterance that these are words of. Raises the `Refusal` that is set up for it."""
        if self._turn is not None:
            return self._turn
        inner = self._socket.visit.inner("POST", "/v1/tts", {"text": text})
        turn = SocketTurn(self._socket, inner, {"type": "error", "message": "Timed out waiting for first audio"})
        try:
            await turn.begin()
            if inner.cue is not None:
                await inner.cue.outcome(inner)
        except Refusal as refusal:
            turn.answered(refusal.status)
            turn.over()
            raise
        self._turn = turn
        return turn

    async def _say_sentences(self) -> None:
        while sentence := _SENTENCE.match(self._waiting):
            self._waiting = self._waiting[sentence.end() :]
            await self._say(sentence[0])

    async def _say(self, text: str) -> None:
        if not text.strip():
            return
        turn, visit = await self._begun(text), self._socket.visit
        audio = said(visit, spoken(text, self._voice.speed), self._voice.form)
        visit.simulator.limits.settle(visit, Outcome(bill=Bill(cost_ticks=len(text) * TICKS_PER_CHARACTER)))
        for start in range(0, len(audio), _CHUNK_BYTES):
            delta = base64.b64encode(audio[start : start + _CHUNK_BYTES]).decode()
            await turn.say({"type": "audio.delta", "delta": delta})
            await turn.take_time(1)


def _voice(visit: Visit, query: Mapping[str, str]) -> Voice:
    codec = query.get("codec", "mp3")
    known: dict[str, Codec] = {name: name for name in get_args(Codec)}
    if codec not in known:
        raise Refusal.voice(400, f"codec must be one of {', '.join(known)}")
    check_voice(visit, query.get("voice", DEFAULT_VOICE))
    speed = number(query, "speed", float)
    check_speed(speed)
    check_latency(number(query, "optimize_streaming_latency", int))
    sample_rate, bit_rate = number(query, "sample_rate", int), number(query, "bit_rate", int)
    form = checked_format(OutputFormat(codec=known[codec], sample_rate=sample_rate, bit_rate=bit_rate))
    return Voice(form=form, speed=speed or 1.0)
