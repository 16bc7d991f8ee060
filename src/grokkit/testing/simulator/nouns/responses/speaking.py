"""One turn on a socket: its record, its wait, its events at their pace, and what goes wrong with it on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.faults import NO_FAULT
from grokkit.testing.simulator.faulty import Interruption, spoil
from grokkit.testing.simulator.seen import Seen
from grokkit.testing.simulator.sockets import SocketClosed
from grokkit.testing.simulator.troubles import by_name, by_status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.testing.simulator.faulty import Move
    from grokkit.testing.simulator.sockets import Socket
    from grokkit.testing.simulator.visit import Outcome, Visit

LIFE_SECONDS = 25 * 60
_DONE = b"[DONE]"
_REFUSED = 400
_BROKEN = 1011


class Speaking:
    """Says what one turn is answered."""

    def __init__(self, socket: Socket, visit: Visit) -> None:
        self._socket = socket
        self._simulator = socket.simulator
        self._visit = visit
        self._fault = self._simulator.fault_for(visit)
        self._pace = self._fault.pace or self._simulator.pace
        self._seen = _record(visit, socket)
        self._seen.rule = str(visit.cue) if visit.cue is not None else None
        self._seen.fault = None if self._fault is NO_FAULT else str(self._fault)
        self._seen.started = self._simulator.clock.now()
        self._simulator.calls.append(self._seen)
        self._simulator.tally.enter(self._seen)

    async def begin(self) -> None:
        """Let happen what happens before an answer. Raises the `Refusal` that the fault asks for."""
        fault = self._fault
        wait = self._simulator.wait_for(self._visit, fault)
        if wait:
            await self._simulator.clock.sleep(wait)
        if fault.stall_before_headers:
            await self._stall()
        if fault.hang_up:
            await self._hang_up()
        if fault.error is not None or fault.status is not None:
            raise by_name(fault.error, self._visit) if fault.error else by_status(fault.status or 0, self._visit)

    async def say(self, outcome: Outcome) -> None:
        """Send the events, or the refusal as an event."""
        seen = self._seen
        seen.status, seen.bill = outcome.status, self._visit.bill
        self._simulator.tally.answer(seen)
        try:
            if outcome.status >= _REFUSED or outcome.frames is None:
                await self._socket.send(error_event(outcome.status, outcome.body))
            else:
                await self._events(outcome)
            seen.finished = True
        except SocketClosed:
            seen.disconnected = True
            raise
        finally:
            self._simulator.tally.end(seen)
            seen.ended = self._simulator.clock.now()

    async def _events(self, outcome: Outcome) -> None:
        for move in self._moves(outcome):
            if move is Interruption.CUT:
                await self._hang_up()
            elif isinstance(move, Interruption):
                await self._stall()
            else:
                data, tokens = move
                if self._pace and tokens:
                    await self._simulator.clock.sleep(tokens / self._pace)
                self._seen.frames += 1
                self._seen.sent += len(data)
                await self._socket.send(data.decode("utf-8", "replace"))

    def _moves(self, outcome: Outcome) -> Iterator[Move]:
        events = ((frame.data, frame.tokens) for frame in outcome.frames or () if frame.data != _DONE)
        if self._fault.touches_events:
            yield from spoil(events, self._fault, outcome.error_frame.data)
        else:
            yield from events

    async def _stall(self) -> None:
        await self._simulator.clock.sleep(min(self._fault.stall_seconds, LIFE_SECONDS))

    async def _hang_up(self) -> None:
        await self._socket.close(_BROKEN)
        raise SocketClosed


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


def _record(visit: Visit, socket: Socket) -> Seen:
    asked = visit.asked
    return Seen(
        method=visit.method,
        path=visit.path,
        endpoint=visit.path,
        headers=socket.visit.headers,
        content=visit.content,
        id=visit.id,
        model=asked.model,
        last=asked.last,
        tools=asked.tools,
    )
