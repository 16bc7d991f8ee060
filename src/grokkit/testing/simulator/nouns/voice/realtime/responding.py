"""Answering, one answer at a time: thought up, told at the simulator's pace, interrupted, billed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.media.prices import unit_ticks
from grokkit.testing.simulator.nouns.voice.messages import Unreadable, code_of, words_of
from grokkit.testing.simulator.nouns.voice.realtime.answer import Answer
from grokkit.testing.simulator.nouns.voice.realtime.conversation import sent
from grokkit.testing.simulator.nouns.voice.speech import Spoken
from grokkit.testing.simulator.refusal import Refusal
from grokkit.testing.simulator.socket_turn import SocketTurn
from grokkit.testing.simulator.sockets import SocketClosed
from grokkit.testing.simulator.visit import Outcome

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.bill import Bill
    from grokkit.testing.simulator.nouns.voice.realtime.conversation import Conversation
    from grokkit.testing.simulator.nouns.voice.realtime.session import Session
    from grokkit.testing.simulator.nouns.voice.speech import Format
    from grokkit.testing.simulator.simulator import Simulator
    from grokkit.testing.simulator.sockets import Socket
    from grokkit.testing.simulator.thought import Prompt, Thought
    from grokkit.testing.simulator.visit import Visit

_PATH = "/v1/realtime"
_MINUTE = 60
_TIMED_OUT = {
    "type": "error",
    "error": {"type": "server_error", "code": "unavailable", "message": "Timed out waiting for first token"},
}


class Responder:
    """The model's side of a conversation."""

    def __init__(
        self,
        socket: Socket,
        model: Model,
        conversation: Conversation,
    ) -> None:
        self._socket = socket
        self._simulator = socket.simulator
        self._model = model
        self._conversation = conversation
        self._task: asyncio.Task[None] | None = None
        self._answer: Answer | None = None
        self._heard = 0.0

    def heard(self, seconds: float) -> None:
        """Count sound that was listened to: the next answer's bill has it."""
        self._heard += seconds

    async def start(self, session: Session) -> None:
        """Begin an answer. Raises `Unreadable` while there is one."""
        if self._task is not None and not self._task.done():
            raise Unreadable("there is an active response", "conversation_already_has_active_response")
        self._task = asyncio.create_task(self._respond(session))

    async def cancel(self, reason: str) -> bool:
        """Break off the answer, and tell that it is; whether there was one."""
        if self._task is None or self._task.done():
            return False
        await self.stop()
        if self._answer is not None:
            details = {"type": "cancelled", "reason": reason}
            await self._tell(_done(self._answer.shown("cancelled", status_details=details)))
        return True

    async def stop(self) -> None:
        """Break off the answer without a word."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _respond(self, session: Session) -> None:
        self._answer = None
        prompt = self._conversation.prompt(self._model.id, session)
        inner = self._socket.visit.inner("POST", _PATH, sent(prompt, session))
        turn = SocketTurn(self._socket, inner, dressed(_TIMED_OUT, self._simulator))
        try:
            thought = await self._think(turn, inner, prompt)
            self._answer = Answer(self._simulator, thought, _form(session))
            await self._say(turn, {"type": "response.created", "response": self._answer.shown("in_progress")})
            await self._say_all(turn, self._answer, thought)
            await self._say(turn, _done(self._answer.shown("completed", usage=self._usage(inner, prompt, thought))))
            await turn.end()
        except Refusal as refusal:
            turn.answered(refusal.status)
            error = {"type": "server_error", "code": code_of(refusal), "message": words_of(refusal)}
            await self._tell({"type": "error", "error": error})
        except (SocketClosed, OSError):
            return
        finally:
            turn.over()

    async def _think(self, turn: SocketTurn, inner: Visit, prompt: Prompt) -> Thought:
        """The answer, after the waits and troubles that are set up for it. Raises `Refusal`."""
        if refused := self._simulator.limits.admit(inner):
            raise refused
        await turn.begin()
        return await inner.think(prompt)

    async def _say_all(self, turn: SocketTurn, answer: Answer, thought: Thought) -> None:
        for step in answer.steps():
            await self._say(turn, step.event)
            kind = step.event["type"]
            if kind == "response.output_item.added":
                await self._say(turn, self._conversation.add(step.event["item"]))
            elif kind == "response.output_item.done":
                self._conversation.settle(step.event["item"])
            await turn.take_time(step.tokens)
        self._simulator.state(Spoken).remember(answer.sound, thought.text)

    async def _say(self, turn: SocketTurn, event: dict[str, Any]) -> None:
        await turn.say(dressed(event, self._simulator))

    async def _tell(self, event: dict[str, Any]) -> None:
        await self._socket.send(dressed(event, self._simulator))

    def _usage(self, inner: Visit, prompt: Prompt, thought: Thought) -> dict[str, Any]:
        seconds = self._heard + (self._answer.seconds if self._answer else 0.0)
        self._heard = 0.0
        ticks = round(seconds * unit_ticks(self._model, "minute", "speech to speech") / _MINUTE)
        bill = msgspec.structs.replace(inner.charge(prompt, [thought]), cost_ticks=ticks)
        self._simulator.limits.settle(inner, Outcome(bill=bill))
        return _shown(bill)


def dressed(event: dict[str, Any], simulator: Simulator) -> dict[str, Any]:
    """The event with an id of its own."""
    return {"event_id": f"event_{simulator.new_id()}", **event}


def _form(session: Session) -> Format | None:
    return session.audio.output.format.form if "audio" in session.modalities else None


def _done(response: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.done", "response": response}


def _shown(bill: Bill) -> dict[str, Any]:
    return {
        "input_tokens": bill.input_tokens,
        "output_tokens": bill.output_tokens,
        "total_tokens": bill.total_tokens,
        "input_token_details": {"cached_tokens": bill.cached_tokens},
        "output_token_details": {"reasoning_tokens": bill.reasoning_tokens},
        "cost_in_usd_ticks": bill.cost_ticks,
    }
