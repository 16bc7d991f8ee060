"""The journal that one process has: it knows as much as a file while the process lives, and nothing after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from grokkit.agents.journal.journal import RunExists, RunTaken, RunUnknown
from grokkit.agents.journal.record import CallRecord, RunRecord, TurnRecord, info_of
from grokkit.stores.fork import new_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.agents.journal.record import Claim, RunInfo, RunStatus


class MemoryJournal:
    """Runs in memory, for all threads and event loops of one process.

    >>> import asyncio
    >>> journal = MemoryJournal()
    >>> asyncio.run(journal.begin(RunRecord(id="order-7")))
    >>> asyncio.run(journal.claim("order-7")).epoch
    2
    """

    def __init__(self) -> None:
        self._runs: dict[str, RunRecord] = {}
        self.lock = new_lock(self)

    def __repr__(self) -> str:
        return "memory"

    async def begin(self, record: RunRecord) -> None:
        """See `Journal.begin`."""
        with self.lock:
            if record.id in self._runs:
                raise RunExists(f"the run {record.id!r} is in the journal already")
            self._runs[record.id] = record

    async def turn(self, claim: Claim, turn: TurnRecord) -> None:
        """See `Journal.turn`."""
        self._write(claim, lambda record: replace(record, turns=with_turn(record.turns, turn)))

    async def intend(self, claim: Claim, call: CallRecord) -> None:
        """See `Journal.intend`."""
        self._write(claim, lambda record: replace(record, calls=with_call(record.calls, call)))

    async def settle(self, claim: Claim, call: CallRecord) -> None:
        """See `Journal.settle`."""
        self._write(claim, lambda record: replace(record, calls=with_call(record.calls, call)))

    async def finish(self, claim: Claim, status: RunStatus) -> None:
        """See `Journal.finish`."""
        self._write(claim, lambda record: replace(record, status=status))

    async def claim(self, run_id: str) -> RunRecord:
        """See `Journal.claim`."""
        with self.lock:
            record = self._known(run_id)
            taken = self._runs[run_id] = replace(record, epoch=record.epoch + 1, status="running")
            return taken

    async def adopt(self, record: RunRecord) -> RunRecord:
        """See `Journal.adopt`."""
        with self.lock:
            self._runs.setdefault(record.id, record)
        return await self.claim(record.id)

    async def load(self, run_id: str) -> RunRecord:
        """See `Journal.load`."""
        with self.lock:
            return self._known(run_id)

    async def delete(self, run_id: str) -> bool:
        """See `Journal.delete`."""
        with self.lock:
            return self._runs.pop(run_id, None) is not None

    async def aclose(self) -> None:
        """Nothing to let go of."""

    async def list(self, *, status: RunStatus | None = None, limit: int = 50) -> list[RunInfo]:
        """See `Journal.list`."""
        with self.lock:
            chosen = [record for record in self._runs.values() if status in {None, record.status}]
        chosen.sort(key=lambda record: (record.created, record.id), reverse=True)
        return [info_of(record) for record in chosen[:limit]]

    def _known(self, run_id: str) -> RunRecord:
        if run_id not in self._runs:
            raise RunUnknown(f"no run {run_id!r} is in the journal")
        return self._runs[run_id]

    def _write(self, claim: Claim, change: Callable[[RunRecord], RunRecord]) -> None:
        with self.lock:
            record = self._known(claim.run_id)
            if record.epoch != claim.epoch:
                raise RunTaken(f"the run {claim.run_id!r} was taken over by another runner")
            self._runs[claim.run_id] = change(record)


def with_turn(turns: list[TurnRecord], turn: TurnRecord) -> list[TurnRecord]:
    """The turns with this one in its place."""
    return sorted([*(one for one in turns if one.number != turn.number), turn], key=lambda one: one.number)


def with_call(calls: list[CallRecord], call: CallRecord) -> list[CallRecord]:
    """The calls with this one in the place of what was known of it, or behind all others."""
    found = [at for at, one in enumerate(calls) if (one.turn, one.call.id) == (call.turn, call.call.id)]
    if not found:
        return [*calls, call]
    return [call if at == found[0] else one for at, one in enumerate(calls)]
