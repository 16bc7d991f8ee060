"""The circuits of a process, by account, endpoint and model, and what each knows of the rest of the fleet."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

from grokkit.layers.circuit.shared import record_of
from grokkit.layers.circuit.state import Change, CircuitState, Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.call import Call
    from grokkit.layers.circuit.shared import Record

_MOST = 1024

CircuitKey = tuple[str, str, str | None]


class LiveCircuit:
    """One circuit: its state, its names, and what was told and heard of it."""

    __slots__ = ("account", "ident", "key", "known", "look_at", "name", "state", "untold")

    def __init__(self, ident: CircuitKey, state: CircuitState) -> None:
        account, operation, model = ident
        self.ident = ident
        self.account = account
        self.name = f"{operation} {model}" if model else operation
        self.key = f"circuit/{account}/{self.name}"
        """The name of its record in the store."""
        self.state = state
        self.look_at = -math.inf
        """When to look at the record again."""
        self.known = ""
        """The id of the last record that was read or written."""
        self.untold: Record | None = None
        """What the others are yet to be told."""

    def changed(self, change: Change) -> None:
        """Remember to tell the others of a change."""
        self.untold = record_of(self.state, change)
        self.known = self.untold.id

    def learn(self, record: Record, now: float, since: float) -> Change | None:
        """Do as the others say, who may have said so at any time since then.

        An own probe that is on its way goes on: it knows better than any record of an open circuit.
        """
        if record.id == self.known:
            return None
        self.known = record.id
        before = self.state.phase
        if not record.open:
            return self._close(before)
        if before is Phase.HALF_OPEN:
            return None
        self.state.open(
            now + max(0.0, record.rest - (now - since)),
            rest=record.rest,
            times=max(record.times, self.state.times),
            counts=record.counts,
            failure=record.error,
        )
        return Change.OPENED if before is Phase.CLOSED else None

    def _close(self, before: Phase) -> Change | None:
        if before is Phase.CLOSED:
            return None
        self.state.close()
        return Change.CLOSED


class Circuits(OrderedDict[CircuitKey, LiveCircuit]):
    """Up to so many; then those that were not used for longest are forgotten."""

    def __init__(self, random: Callable[[], float]) -> None:
        super().__init__()
        self._random = random

    def make(self, call: Call) -> LiveCircuit:
        """The circuit of a call that may not have one yet."""
        ident = (call.account, call.operation, call.model)
        circuit = self.setdefault(ident, LiveCircuit(ident, CircuitState(self._random)))
        self.used(circuit)
        while len(self) > _MOST:
            self.popitem(last=False)
        return circuit

    def used(self, circuit: LiveCircuit) -> None:
        """Keep this one for longer than the others."""
        if circuit.ident in self:
            self.move_to_end(circuit.ident)
