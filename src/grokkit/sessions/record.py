"""A session's entries as one process knows them, brought up to date with the store, and added to behind all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from grokkit.errors import GrokError, StoreUnavailable
from grokkit.sessions.sealing_form import refuse_sealed
from grokkit.sessions.store import SessionConflict
from grokkit.sessions.texts import name_of
from grokkit.sessions.turn import Placed, Turn, live

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.errors import Details
    from grokkit.sessions.store import SessionStore
    from grokkit.wire.answer import Answer


class TurnNotSaved(StoreUnavailable):
    """The answer is here, in `answer`, and its turn could not be saved; it is saved before the session's next one."""

    hint = "use error.answer; ask on when the store can be reached again, or call save()"

    def __init__(self, message: str, *, answer: Answer | None = None, **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self.answer = answer


class Record:
    """The entries of one session. What others added is seen at the next `refresh`; nothing is loaded twice."""

    def __init__(self, store: SessionStore, name: str) -> None:
        self.store = store
        self.name = name_of(name)
        self.entries: list[Turn] = []
        self._unsaved: list[Turn] = []

    @property
    def version(self) -> int:
        """How many entries are known."""
        return len(self.entries)

    @property
    def live(self) -> list[Placed]:
        """The entries that count."""
        return live(self.entries)

    async def refresh(self) -> None:
        """Load what others added, and save what could not be saved before."""
        await self._load()
        while self._unsaved:
            turn = self._unsaved[0]
            if not self._has(turn):
                await self._append(turn)
            self._unsaved = [other for other in self._unsaved if other is not turn]

    async def _load(self) -> None:
        """The last known entry is loaded again: where it is another one, the session was deleted and begun anew."""
        known = self.version
        loaded = await self.store.load(self.name, after=max(known - 1, 0))
        refuse_sealed(self.name, loaded)
        if known and (not loaded or loaded[0].id != self.entries[known - 1].id):
            self.entries = await self.store.load(self.name)
            return
        new = loaded[1:] if known else loaded
        self.entries += new[self.version - known :]

    async def add(self, turn: Turn, answer: Answer | None = None) -> int:
        """Add a turn behind all there are, whoever added them, and give its version.

        Raises `TurnNotSaved` with the answer when the store fails; the turn is remembered until it can be saved.
        """
        try:
            return await self._append(turn)
        except GrokError as error:
            self._unsaved.append(turn)
            raise TurnNotSaved(
                f"the answer came, but session {self.name!r} could not be saved: {error.message}",
                answer=answer,
                retryable=error.retryable,
            ) from error

    async def add_here(self, turns: Sequence[Turn]) -> int:
        """Add turns if nobody has added any meanwhile. Raises `SessionConflict` else."""
        expected = self.version
        version = await self.store.append(self.name, turns, expected=expected)
        self._added(expected, turns)
        return version

    async def _append(self, turn: Turn) -> int:
        while True:
            try:
                return await self.add_here([turn])
            except SessionConflict:
                await self._load()
            if self._has(turn):  # the answer to an attempt was lost, or a forked process has saved it
                return self.version

    def _has(self, turn: Turn) -> bool:
        return any(turn.id == entry.id for entry in self.entries[turn.based_on :])

    def _added(self, before: int, turns: Sequence[Turn]) -> None:
        """Nothing to do where somebody else of this process has loaded them meanwhile."""
        self.entries += turns[max(self.version - before, 0) :]
