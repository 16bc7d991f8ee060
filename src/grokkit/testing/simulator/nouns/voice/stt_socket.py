"""Text while somebody speaks: the socket `/v1/stt`. What ends a turn is silence, counted in the sound itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.bill import Bill
from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.voice.hearing import Listener, Sound, transcribed
from grokkit.testing.simulator.nouns.voice.listening import StreamOptions, read_stream_options
from grokkit.testing.simulator.nouns.voice.messages import Unreadable, admit, read_message, words_of
from grokkit.testing.simulator.nouns.voice.stt import MODEL, stt_ticks
from grokkit.testing.simulator.refusal import Refusal
from grokkit.testing.simulator.socket_turn import SocketTurn
from grokkit.testing.simulator.visit import Outcome

if TYPE_CHECKING:
    from grokkit.testing.simulator.nouns.voice.hearing import Turn
    from grokkit.testing.simulator.nouns.voice.speech import Word
    from grokkit.testing.simulator.sockets import Socket

table = Table()

_REFUSED = 1008
_INTERIM_SECONDS = 0.5


@table.socket("/v1/stt", client_secrets=True)
async def transcribe(socket: Socket) -> None:
    """Write down what is said until `audio.done`. An error ends the socket."""
    try:
        admit(socket.visit)
        options = read_stream_options(socket.visit.query, socket.visit.queries("keyterm"))
        await socket.send({"type": "transcript.created", "id": socket.visit.id})
        ear = Ear(socket, options)
        async for message in socket:
            if isinstance(message, bytes):
                await ear.hear(message)
            elif _is_last(message):
                await ear.finish()
                return
    except (Refusal, Unreadable) as problem:
        await socket.send({"type": "error", "message": words_of(problem)})
        await socket.close(_REFUSED)


class Ear:
    """What was heard so far."""

    def __init__(self, socket: Socket, options: StreamOptions) -> None:
        self._socket = socket
        self._options = options
        self._listener = Listener(options.encoding, options.sample_rate, options.silence)
        self._said: list[Word] = []
        self._interim_at = 0.0

    async def hear(self, samples: bytes) -> None:
        """Take some samples, of which the first channel counts."""
        for turn in self._listener.feed(samples):
            await self._write_down(turn)
        if self._options.interim_results and self._listener.speaking:
            now = self._listener.seconds
            if now >= self._interim_at + _INTERIM_SECONDS:
                self._interim_at = now
                await self._guess(self._listener.so_far())

    async def finish(self) -> None:
        """Write down the rest, and all of it."""
        for turn in self._listener.flush():
            await self._write_down(turn)
        visit, seconds = self._socket.visit, self._listener.seconds
        visit.simulator.limits.settle(visit, Outcome(bill=Bill(cost_ticks=stt_ticks(seconds, "stream"))))
        await self._socket.send(
            {
                "type": "transcript.done",
                "text": " ".join(word.text for word in self._said),
                "words": [self._options.shown(word) for word in self._said],
                "language": self._options.language,
                "duration": round(seconds, 3),
            }
        )

    async def _guess(self, turn: Turn) -> None:
        """What it sounds like until now: the script is not asked for what is not final."""
        words = await transcribed(self._socket.visit, _sound(turn), start=turn.start)
        await self._socket.send(self._partial(turn, words, final=False))

    async def _write_down(self, turn: Turn) -> None:
        inner = self._socket.visit.inner("POST", "/v1/stt", {"model": MODEL})
        answer = SocketTurn(self._socket, inner, {"type": "error", "message": "Timed out waiting for a transcript"})
        try:
            await answer.begin()
            words = await transcribed(inner, _sound(turn), start=turn.start)
            self._said += words
            await answer.say(self._partial(turn, words, final=True))
            await answer.end()
        except Refusal as refusal:
            answer.answered(refusal.status)
            raise
        finally:
            answer.over()

    def _partial(self, turn: Turn, words: list[Word], *, final: bool) -> dict[str, Any]:
        return {
            "type": "transcript.partial",
            "text": " ".join(word.text for word in words),
            "words": [self._options.shown(word) for word in words],
            "is_final": final,
            "speech_final": final,
            "start": round(turn.start, 3),
            "duration": round(turn.seconds, 3),
            "channel_index": 0,
        }


def _sound(turn: Turn) -> Sound:
    return Sound(turn.data, turn.seconds, audible=True)


def _is_last(message: str) -> bool:
    kind = read_message(message)["type"]
    if kind != "audio.done":
        raise Unreadable(f"unknown message type: {kind}")
    return True
