"""WebSocket mode: `response.create` frames in, the events of a stream out, one turn at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.responses.answering import warmed_up
from grokkit.testing.simulator.nouns.responses.request import read_request
from grokkit.testing.simulator.nouns.responses.speaking import LIFE_SECONDS, Speaking
from grokkit.testing.simulator.nouns.responses.storage import Shelf
from grokkit.testing.simulator.refusal import Refusal
from grokkit.testing.simulator.sockets import SocketClosed
from grokkit.testing.simulator.visit import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grokkit.testing.simulator.nouns.responses.storage import Kept
    from grokkit.testing.simulator.sockets import Socket
    from grokkit.testing.simulator.visit import Visit

_PATH = "/v1/responses"
_OF_THE_SOCKET = {"type", "stream", "background", "generate"}
_REFUSED = 400
_LIMIT_TEXT = "The WebSocket connection has been open for 25 minutes, the longest there is. Open a new one."


class Conversation:
    """One socket, and the one response that it remembers."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._simulator = socket.simulator
        self._latest: Kept | None = None

    async def run(self) -> None:
        """Answer what comes in until the other side closes, or the socket's life is over."""
        life = asyncio.ensure_future(self._simulator.clock.sleep(LIFE_SECONDS))
        try:
            async for message in self._messages(life):
                await self._answer(message)
        finally:
            life.cancel()
            await asyncio.wait([life])
        if not self._socket.closed:
            await self._refuse("websocket_connection_limit_reached", _LIMIT_TEXT)

    async def _messages(self, life: asyncio.Future[None]) -> AsyncIterator[str | bytes]:
        while not life.done():
            coming = asyncio.ensure_future(self._socket.receive())
            try:
                both: list[asyncio.Future[Any]] = [coming, life]
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not coming.done():
                    coming.cancel()
            if not coming.done():
                await asyncio.wait([coming])
                return
            try:
                message = coming.result()
            except SocketClosed:
                return
            yield message

    async def _answer(self, message: str | bytes) -> None:
        try:
            frame = msgspec.json.decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError):
            frame = None
        if not isinstance(frame, dict) or frame.get("type") != "response.create":
            await self._refuse("invalid_event", "Only JSON frames of the type response.create are understood.")
            return
        body = {name: value for name, value in frame.items() if name not in _OF_THE_SOCKET}
        if not self._knows(body.get("previous_response_id")):
            await self._not_found(str(body["previous_response_id"]))
            return
        await self._turn(body, generate=frame.get("generate") is not False)

    def _knows(self, previous: Any) -> bool:
        """Whether the response to go on from is at hand. What is not even a name is refused with the rest."""
        if not isinstance(previous, str) or (self._latest is not None and self._latest.id == previous):
            return True
        with suppress(Refusal):
            self._simulator.state(Shelf).find(previous, self._socket.visit)
            return True
        return False

    async def _turn(self, body: dict[str, Any], *, generate: bool) -> None:
        visit = self._socket.visit.inner("POST", _PATH, {**body, "stream": True})
        shelf = self._simulator.state(Shelf)
        if self._latest is not None:
            shelf.lent[visit.id] = self._latest
        shelf.made[visit.id] = None
        speaking = Speaking(self._socket, visit)
        try:
            outcome = await self._outcome(visit, speaking, generate=generate)
            self._latest = shelf.made[visit.id]
        finally:
            shelf.lent.pop(visit.id, None)
            shelf.made.pop(visit.id, None)
        await speaking.say(outcome)

    async def _outcome(self, visit: Visit, speaking: Speaking, *, generate: bool) -> Outcome:
        try:
            if generate and (refused := self._simulator.limits.admit(visit)):
                raise refused
            await speaking.begin()
            return await self._simulator.app.answer(visit, admitted=True) if generate else _warm(visit)
        except Refusal as refusal:
            self._simulator.limits.charge_fee(visit, refusal)
            return Outcome(status=refusal.status, body=refusal.body)

    async def _not_found(self, previous: str) -> None:
        self._latest = None
        error = {
            "code": "previous_response_not_found",
            "message": f"Previous response with id {previous} not found.",
            "param": "previous_response_id",
        }
        await self._socket.send({"type": "error", "status": _REFUSED, "error": error})

    async def _refuse(self, code: str, message: str) -> None:
        error = {"type": "invalid_request_error", "code": code, "message": message}
        await self._socket.send({"type": "error", "status": _REFUSED, "error": error})


def _warm(visit: Visit) -> Outcome:
    request, sent = read_request(visit)
    return visit.stream(warmed_up(request, sent, visit).frames())
