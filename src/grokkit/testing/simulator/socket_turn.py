"""One answer on a socket: its record, its waits, its messages at their pace, and what goes wrong with it on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.faults import NO_FAULT, on_messages
from grokkit.testing.simulator.faulty import Interruption, Spoiler
from grokkit.testing.simulator.seen import Seen
from grokkit.testing.simulator.sockets import SocketClosed
from grokkit.testing.simulator.troubles import by_name, by_status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.testing.simulator.faulty import Move
    from grokkit.testing.simulator.sockets import Socket
    from grokkit.testing.simulator.visit import Visit

LONGEST_STALL = 25 * 60
_BROKEN = 1011
_PING = {"type": "ping"}


class SocketTurn:
    """What a socket says to one request. `error` is the message that a fault puts in the place of another."""

    def __init__(self, socket: Socket, visit: Visit, error: Any) -> None:
        self.seen = _record(visit, socket)
        self._socket = socket
        self._simulator = socket.simulator
        self._visit = visit
        self._fault = on_messages(self._simulator.fault_for(visit))
        self._pace = self._fault.pace or self._simulator.pace
        self._spoiler = Spoiler(self._fault, _encoded(error))
        self.seen.fault = None if self._fault is NO_FAULT else str(self._fault)
        self._simulator.calls.append(self.seen)
        self._simulator.tally.enter(self.seen)

    @property
    def is_over(self) -> bool:
        """Whether a fault has ended it: what is still said is not sent."""
        return self._spoiler.is_over

    async def begin(self) -> None:
        """Let happen what happens before an answer. Raises the `Refusal` that the fault asks for, `SocketClosed`."""
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

    async def say(self, message: Any, tokens: int = 0) -> None:
        """Send a message that brings so many tokens: bytes and texts as they are, anything else as JSON."""
        if self.seen.status is None:
            self.answered(200)
        await self._moves(self._spoiler.feed(_encoded(message), tokens))

    async def take_time(self, tokens: int) -> None:
        """Let the time pass that so many tokens take, after they were said: sound is told before it is heard."""
        if self._pace and tokens and not self.is_over:
            await self._silence(tokens / self._pace)

    async def end(self) -> None:
        """All is said."""
        await self._moves(self._spoiler.rest())
        self.seen.finished = True
        self.over()

    def answered(self, status: int) -> None:
        """The answer begins, or is an error."""
        self.seen.status, self.seen.bill = status, self._visit.bill
        self._simulator.tally.answer(self.seen)

    def over(self) -> None:
        """It ends here, whatever was still to be said. Again does nothing."""
        if self.seen.ended is None:
            self.seen.bill = self._visit.bill
            self.seen.ended = self._simulator.clock.now()
            self._simulator.tally.end(self.seen)

    async def _moves(self, moves: Iterable[Move]) -> None:
        for move in moves:
            if move is Interruption.CUT:
                await self._hang_up()
            elif isinstance(move, Interruption):
                await self._stall()
            else:
                data, tokens = move
                if self._pace and tokens:
                    await self._silence(tokens / self._pace)
                await self._send(data)

    async def _send(self, data: bytes) -> None:
        self.seen.frames += 1
        self.seen.sent += len(data)
        try:
            await self._socket.send(data.decode("utf-8", "replace"))
        except (SocketClosed, OSError):
            self.seen.disconnected = True
            raise

    async def _stall(self) -> None:
        await self._silence(min(self._fault.stall_seconds, LONGEST_STALL))

    async def _silence(self, seconds: float) -> None:
        every = self._fault.keep_alive_every
        while self._fault.keep_alive is not None and seconds > every:
            await self._simulator.clock.sleep(every)
            seconds -= every
            await self._socket.send(_PING)
        await self._simulator.clock.sleep(seconds)

    async def _hang_up(self) -> None:
        self.over()
        await self._socket.close(_BROKEN)
        raise SocketClosed


def _encoded(message: Any) -> bytes:
    if isinstance(message, str):
        return message.encode()
    return message if isinstance(message, bytes) else msgspec.json.encode(message)


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
        rule=str(visit.cue) if visit.cue is not None else None,
        started=visit.arrived,
    )
