"""Circuit: calls that are bound to fail are not sent, and one at a time finds out whether they still are.

There is a circuit for each account, endpoint and model, shared by all clients of the process, and by all processes
with the same `state=`. It watches the last `window` seconds. When, of at least `min_calls`, more than `failure_rate`
failed by the server's or the network's fault, or more than `slow_rate` took longer than `slow_after` to their first
output, it opens: calls raise `CircuitOpen` at once, with the figures, the last error's words and the seconds to the
next probe. Then one call, in the whole fleet, is let through. If it is answered in time, the circuit closes and all
is forgotten; if not, it stays open for twice as long, up to `longest`; if the caller leaves it, the next call probes.
What callers do wrong, cancel, leave or allow too little time for does not count, nor do rate limits, money and
credentials. Clients with different policies share the circuit: each opens it by its own, over the longest window.
"""

from __future__ import annotations

import asyncio
import random as randomness
from functools import partial
from typing import TYPE_CHECKING

from grokkit.call import Ending
from grokkit.layers.circuit.circuits import Circuits
from grokkit.layers.circuit.health import health_of, refusal
from grokkit.layers.circuit.shared import LEASE, LOOK_EVERY, Bulletin
from grokkit.layers.circuit.state import Change, Phase
from grokkit.layers.circuit.verdict import in_brief, is_fault
from grokkit.stores.fork import new_lock
from grokkit.telemetry.events import CircuitClosed, CircuitOpened, CircuitProbed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grokkit.call import Call, Next, Reply
    from grokkit.clock import Clock
    from grokkit.config.policies import Circuit
    from grokkit.errors import CircuitOpen
    from grokkit.layers.circuit.circuits import LiveCircuit
    from grokkit.layers.circuit.health import CircuitHealth
    from grokkit.layers.circuit.state import Mark
    from grokkit.stores.store import Store


class CircuitBreaker:
    """Lets calls pass or refuses them, by what became of those before. See the module."""

    def __init__(self, clock: Clock, store: Store, random: Callable[[], float] = randomness.random) -> None:
        self._clock = clock
        self._bulletin = Bulletin(store)
        self._circuits = Circuits(random)
        self.lock = new_lock(self)

    def __repr__(self) -> str:
        return "circuit"

    def __call__(self, call: Call, call_next: Next) -> Awaitable[Reply]:
        """Send the call, unless its circuit is open. Raises `CircuitOpen`."""
        policy = call.policies.circuit
        if policy.failure_rate is None and policy.slow_after is None:
            return call_next(call)
        circuit = self._circuits.get((call.account, call.operation, call.model)) or self._new_circuit(call)
        now = self._clock.now()
        if now >= circuit.look_at or circuit.untold is not None or circuit.state.phase is not Phase.CLOSED:
            return self._send_with_care(circuit, call, call_next)
        return self._send(circuit, circuit.state.epoch, now, call, call_next)

    async def _send_with_care(self, circuit: LiveCircuit, call: Call, call_next: Next) -> Reply:
        if self._clock.now() >= circuit.look_at or circuit.untold is not None:
            await self._catch_up(circuit, call)
        now, epoch = self._clock.now(), circuit.state.epoch
        if circuit.state.phase is not Phase.CLOSED:
            epoch, probing = self._admit(circuit, now, call)
            if probing:
                return await self._probe(circuit, epoch, call, call_next)
        return await self._send(circuit, epoch, now, call, call_next)

    def health(self) -> list[CircuitHealth]:
        """A snapshot of every circuit."""
        now = self._clock.now()
        with self.lock:
            return [health_of(each.state, each.name, each.account, now) for each in self._circuits.values()]

    def _new_circuit(self, call: Call) -> LiveCircuit:
        with self.lock:
            return self._circuits.make(call)

    def _admit(self, circuit: LiveCircuit, now: float, call: Call) -> tuple[int, bool]:
        """The epoch in which the call may pass, and whether it is the probe. Raises `CircuitOpen`."""
        with self.lock:
            epoch = circuit.state.admit(now, lease=LEASE)
            probing = circuit.state.phase is Phase.HALF_OPEN
        if epoch is None:
            raise self._refusal(circuit, call)
        return epoch, probing

    def _refusal(self, circuit: LiveCircuit, call: Call) -> CircuitOpen:
        with self.lock:
            return refusal(circuit.state, circuit.name, self._clock.now(), call)

    async def _send(self, circuit: LiveCircuit, epoch: int, began: float, call: Call, call_next: Next) -> Reply:
        try:
            reply = await call_next(call)
        except BaseException as error:
            change = self._failed(circuit, epoch, began, call, error)
            if change is not None and not isinstance(error, GeneratorExit):
                await self._tell_others(circuit)
            raise
        if self._answered(circuit, epoch, began, call, reply) is not None:
            await self._tell_others_before(reply, circuit)
        return reply

    async def _probe(self, circuit: LiveCircuit, epoch: int, call: Call, call_next: Next) -> Reply:
        """Send the call as the only one, when nobody else in the fleet does."""
        began = self._clock.now()
        await self._claim(circuit, epoch, began, call)
        call.tell(CircuitProbed, circuit=circuit.name)
        alive = asyncio.create_task(self._stay(circuit, epoch))
        try:
            return await self._send(circuit, epoch, began, call, call_next)
        finally:
            alive.cancel()

    async def _claim(self, circuit: LiveCircuit, epoch: int, began: float, call: Call) -> None:
        """Make sure that the fleet agrees to this probe. Raises `CircuitOpen`."""
        try:
            agreed = await self._bulletin.may_probe(circuit.key)
        except BaseException as error:
            self._failed(circuit, epoch, began, call, error)
            if not isinstance(error, GeneratorExit):
                await self._tell_others(circuit)
            raise
        if not agreed:
            with self.lock:
                circuit.state.put_off(epoch, self._clock.now() + LOOK_EVERY)
            raise self._refusal(circuit, call)

    async def _stay(self, circuit: LiveCircuit, epoch: int) -> None:
        """Keep the probe ours while it runs."""
        while True:
            await self._clock.sleep(LEASE / 3)
            with self.lock:
                if not circuit.state.renew(epoch, self._clock.now() + LEASE):
                    return
            if not await self._bulletin.may_probe(circuit.key):
                return

    def _answered(self, circuit: LiveCircuit, epoch: int, began: float, call: Call, reply: Reply) -> Change | None:
        state, policy, now = circuit.state, call.policies.circuit, self._clock.now()
        slow = _is_slow(now - began, policy)
        with self.lock:
            change = state.ended(epoch, now, policy, slow=slow)
            counted = change is Change.CLOSED or epoch == state.epoch
            mark = state.mark() if counted and reply.stream is not None else None
            if change is not None:
                circuit.changed(change)
        if mark is not None:
            reply.on_end(partial(self._stream_ended, circuit, mark, call))
        if change is not None:
            _announce(change, circuit, call)
        return change

    def _failed(
        self, circuit: LiveCircuit, epoch: int, began: float, call: Call, error: BaseException
    ) -> Change | None:
        failure = in_brief(error) if is_fault(error) and not call.owner.closed else None
        policy, now = call.policies.circuit, self._clock.now()
        with self.lock:
            if failure is None:
                change = circuit.state.left(epoch, now)
            else:
                slow = _is_slow(now - began, policy)
                change = circuit.state.ended(epoch, now, policy, failure=failure, slow=slow)
            if change is not None:
                circuit.changed(change)
        if change is not None:
            _announce(change, circuit, call)
        return change

    def _stream_ended(self, circuit: LiveCircuit, mark: Mark, call: Call, ending: Ending) -> None:
        """The next call of this circuit tells the others, if it changed."""
        if ending.error is None or call.owner.closed or not is_fault(ending.error):
            return
        failure, now = in_brief(ending.error), self._clock.now()
        with self.lock:
            change = circuit.state.broke(mark, now, call.policies.circuit, failure=failure)
            if change is not None:
                circuit.changed(change)
        if change is not None:
            _announce(change, circuit, call)

    async def _catch_up(self, circuit: LiveCircuit, call: Call) -> None:
        """Tell the others what they do not know yet, and learn what they told."""
        await self._tell_others(circuit)
        now = self._clock.now()
        if now < circuit.look_at:
            return
        known, since = circuit.known, circuit.look_at - LOOK_EVERY
        circuit.look_at = now + LOOK_EVERY
        record = await self._bulletin.read(circuit.key)
        with self.lock:
            self._circuits.used(circuit)
            change = circuit.learn(record, now, since) if record is not None and circuit.known == known else None
        if change is not None:
            _announce(change, circuit, call)

    async def _tell_others(self, circuit: LiveCircuit) -> None:
        with self.lock:
            record, circuit.untold = circuit.untold, None
        if record is None:
            return
        try:
            await self._bulletin.write(circuit.key, record)
        except BaseException:
            circuit.untold = circuit.untold or record
            raise

    async def _tell_others_before(self, reply: Reply, circuit: LiveCircuit) -> None:
        """Tell the others; should that be cut short, nobody is going to take this reply."""
        try:
            await self._tell_others(circuit)
        except BaseException:
            await reply.aclose()
            reply.end(Ending(complete=False))
            raise


def _is_slow(seconds: float, policy: Circuit) -> bool:
    return policy.slow_after is not None and seconds > policy.slow_after


def _announce(change: Change, circuit: LiveCircuit, call: Call) -> None:
    if change is Change.OPENED:
        counts = circuit.state.opened_by
        call.tell(
            CircuitOpened,
            circuit=circuit.name,
            failure_rate=counts.failure_rate,
            slow_rate=counts.slow_rate,
            open_for=circuit.state.rest,
        )
    elif change is Change.CLOSED:
        call.tell(CircuitClosed, circuit=circuit.name)
