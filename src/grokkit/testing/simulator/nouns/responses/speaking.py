"""One turn of WebSocket mode: the events of its stream, or its refusal as an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.socket_turn import SocketTurn
from grokkit.testing.simulator.visit import Frame

if TYPE_CHECKING:
    from grokkit.testing.simulator.sockets import Socket
    from grokkit.testing.simulator.visit import Outcome, Visit

LIFE_SECONDS = 25 * 60
IN_STREAM_ERROR = Frame(
    b'{"type":"error","code":"unavailable","message":"Timed out waiting for first token","param":null}'
)
"""An error in the place of an event."""
_DONE = b"[DONE]"
_REFUSED = 400


class Speaking:
    """Says what one turn is answered."""

    def __init__(self, socket: Socket, visit: Visit) -> None:
        self._socket = socket
        self._turn = SocketTurn(socket, visit, IN_STREAM_ERROR.data)

    async def begin(self) -> None:
        """Let happen what happens before an answer. Raises the `Refusal` that the fault asks for."""
        await self._turn.begin()

    async def say(self, outcome: Outcome) -> None:
        """Send the events, or the refusal as an event."""
        self._turn.answered(outcome.status)
        try:
            if outcome.status >= _REFUSED or outcome.frames is None:
                await self._socket.send(error_event(outcome.status, outcome.body))
            else:
                await self._events(outcome)
            await self._turn.end()
        finally:
            self._turn.over()

    async def _events(self, outcome: Outcome) -> None:
        for frame in outcome.frames or ():
            if frame.data != _DONE:
                await self._turn.say(frame.data, frame.tokens)
            if self._turn.is_over:
                return


def error_event(status: int, body: bytes) -> dict[str, Any]:
    """A refusal as an event: whatever its shape was, the nested one."""
    try:
        value = msgspec.json.decode(body)
    except msgspec.DecodeError:
        value = body.decode("utf-8", "replace")
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        error = value["error"]
    elif isinstance(value, dict):
        error = {"code": value.get("code"), "message": value.get("error", ""), "param": None}
    else:
        error = {"type": "invalid_request_error", "code": None, "message": value, "param": None}
    return {"type": "error", "status": max(status, _REFUSED), "error": error}
