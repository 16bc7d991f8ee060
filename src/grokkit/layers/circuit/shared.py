"""What processes with one store tell each other of a circuit: that it opened or closed, and who probes.

The record says what is; the lease says who may probe, and when. Who opens a circuit takes its lease for as long as
it is to stay open, and who wants to probe has to get it: so that one probe at a time runs in the fleet, not before
the circuit has rested, by the store's clock alone. A prober that is killed loses its lease after `LEASE` seconds.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

import msgspec

from grokkit.layers.circuit.state import Change
from grokkit.layers.circuit.window import Counts

if TYPE_CHECKING:
    from grokkit.layers.circuit.state import CircuitState
    from grokkit.stores.store import Store

LEASE = 10.0
"""Seconds for which a probe is nobody else's, unless the prober says that it still runs."""
LOOK_EVERY = 1.0
"""Seconds between two looks at the record of one circuit."""

_REMEMBERED = 60.0
"""Seconds for which a record outlives its rest."""


class Record(msgspec.Struct, frozen=True):
    """What one process tells the others."""

    id: str
    open: bool
    rest: float = 0.0
    """Seconds until the next probe, when it was written."""
    times: int = 0
    calls: int = 0
    failures: int = 0
    slow: int = 0
    error: str = ""

    @property
    def counts(self) -> Counts:
        """What opened it."""
        return Counts(self.calls, self.failures, self.slow)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Record).decode


def record_of(state: CircuitState, change: Change) -> Record:
    """What is to be told of a circuit that has just changed."""
    ident = secrets.token_hex(8)
    if change is Change.CLOSED:
        return Record(ident, open=False)
    calls, failures, slow = state.opened_by
    return Record(
        ident,
        open=True,
        rest=state.rest if change is Change.OPENED else 0.0,
        times=state.times,
        calls=calls,
        failures=failures,
        slow=slow,
        error=state.last_error,
    )


class Bulletin:
    """Records and leases in a store, by circuit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._name = secrets.token_hex(8)

    async def read(self, key: str) -> Record | None:
        """The last record, if there is one that can be understood."""
        written = await self._store.get(key)
        if written is None:
            return None
        try:
            return _decode(written)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None

    async def write(self, key: str, record: Record) -> None:
        """Tell the others, and keep the lease while the circuit is to stay open, or let go of it."""
        await self._store.set(key, _encode(record), ttl=record.rest + _REMEMBERED)
        if record.rest > 0:
            await self._store.lease(key, self._holder, seconds=record.rest)
        else:
            await self._store.release(key, self._holder)

    async def may_probe(self, key: str) -> bool:
        """Whether the next `LEASE` seconds are ours to probe."""
        return await self._store.lease(key, self._holder, seconds=LEASE)

    @property
    def _holder(self) -> str:
        return f"{self._name}-{os.getpid()}"
