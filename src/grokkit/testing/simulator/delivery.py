"""Sends an outcome over ASGI: at its pace on the simulator's clock, and with its fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.beat import until
from grokkit.testing.simulator.faults import FOR_EVER, NO_FAULT
from grokkit.testing.simulator.faulty import Interruption, keep_alive, spoil, spoil_body

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping

    from grokkit.testing.simulator.faults import Fault
    from grokkit.testing.simulator.faulty import Move
    from grokkit.testing.simulator.seen import Seen
    from grokkit.testing.simulator.visit import Frame, Outcome
    from grokkit.testing.simulator.world import World

    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_SOON = 0.0005
_AGES = 10.0**9


class Cut(Exception):
    """The connection is to be closed here."""


class Delivery:
    """The way of one outcome to its caller. Raises `Cut` where a fault ends the connection."""

    __slots__ = ("_clock", "_fault", "_lag", "_pace", "_seen", "_send", "_tally")

    def __init__(
        self, send: Send, world: World, seen: Seen, *, pace: float | None = None, fault: Fault = NO_FAULT
    ) -> None:
        self._send = send
        self._clock = world.clock
        self._lag = world.lag
        self._tally = world.tally
        self._seen = seen
        self._fault = fault
        self._pace = pace

    async def deliver(self, outcome: Outcome, headers: Mapping[str, str]) -> None:
        """Send the head, then the body or the frames."""
        if outcome.frames is None:
            await self._whole(outcome, headers)
        else:
            await self._head(outcome.status, headers)
            await self._stream(outcome.frames, outcome.error_frame)
        self._tally.leave(self._seen)
        await self._send({"type": "http.response.body", "body": b""})
        self._seen.finished = True

    async def stall(self) -> None:
        """Wait, as long as the fault says, with the connection open."""
        seconds = self._fault.stall_seconds
        await self._silence(_AGES if seconds == FOR_EVER else seconds)

    async def _whole(self, outcome: Outcome, headers: Mapping[str, str]) -> None:
        if self._pace and outcome.bill:
            await self._clock.sleep(outcome.bill.output_tokens / self._pace)
        await self._head(outcome.status, {**headers, "content-length": str(len(outcome.body))})
        if self._fault is NO_FAULT:
            self._tally.leave(self._seen)
            await self._push(outcome.body)
        else:
            await self._moves(spoil_body(outcome.body, self._fault))

    async def _head(self, status: int, headers: Mapping[str, str]) -> None:
        encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        self._seen.status = status
        self._tally.answer(self._seen)
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})
        if self._fault.stall_after_headers:
            await self.stall()

    async def _stream(self, frames: Iterable[Frame], error: Frame) -> None:
        if self._fault.touches_events:
            events = ((frame.encode(), frame.tokens) for frame in frames)
            await self._moves(spoil(events, self._fault, error.encode()))
        elif self._pace:
            await self._paced(frames, self._pace)
        else:
            for frame in frames:
                self._seen.frames += 1
                await self._push(frame.encode())

    async def _paced(self, frames: Iterable[Frame], pace: float) -> None:
        """Send each frame when it is due; what is late goes out at once, in one piece."""
        clock, seen = self._clock, self._seen
        due = clock.now()
        held: list[bytes] = []
        for frame in frames:
            if frame.tokens:
                due += frame.tokens / pace
                late = clock.now() - due
                if late < -_SOON:
                    if held:
                        await self._push(b"".join(held))
                        held.clear()
                    await until(clock, due)
                    late = clock.now() - due
                self._lag.add(late)
            seen.frames += 1
            held.append(frame.encode())
        await self._push(b"".join(held))

    async def _moves(self, moves: Iterable[Move]) -> None:
        for move in moves:
            if move is Interruption.CUT:
                raise Cut
            if isinstance(move, Interruption):
                await self.stall()
                continue
            data, tokens = move
            if self._pace and tokens:
                await self._silence(tokens / self._pace)
            self._seen.frames += 1
            await self._push(data)

    async def _silence(self, seconds: float) -> None:
        kind, every = self._fault.keep_alive, self._fault.keep_alive_every
        if kind is not None and self._seen.status is not None:
            while seconds > every:
                await self._clock.sleep(every)
                seconds -= every
                await self._push(keep_alive(kind))
        await self._clock.sleep(seconds)

    async def _push(self, data: bytes) -> None:
        self._seen.sent += len(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
