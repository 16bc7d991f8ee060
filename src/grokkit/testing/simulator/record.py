"""What a simulator remembers: the last requests with their bodies, and the count of all that there ever were."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, TypeAlias

from grokkit.testing.simulator.seen import Seen

if TYPE_CHECKING:
    Kind: TypeAlias = tuple[str, str | None, int | None]

_MOST_BYTES = 32 * 1024 * 1024


class Record(list[Seen]):
    """The last requests, oldest first: a list that forgets.

    Of more than `most` requests the oldest go, and of bodies that are larger than `most_bytes` together the oldest
    are emptied.
    """

    def __init__(self, most: int, most_bytes: int = _MOST_BYTES) -> None:
        super().__init__()
        self._most = most
        self._most_bytes = most_bytes
        self._bodies: deque[Seen] = deque()
        self._bytes = 0

    def append(self, seen: Seen) -> None:
        """Remember a request."""
        super().append(seen)
        if len(self) > self._most:
            del self[: len(self) - self._most]
        if seen.content:
            self._bodies.append(seen)
            self._bytes += len(seen.content)
        while self._bodies and (self._bytes > self._most_bytes or len(self._bodies) > self._most):
            oldest = self._bodies.popleft()
            self._bytes -= len(oldest.content)
            oldest.content = b""


class Tally:
    """Counts requests without keeping them: of each path, model and status how many were answered."""

    def __init__(self) -> None:
        self.arrived = 0
        """All requests, answered or not."""
        self.most_in_flight = 0
        """The most that were there at once."""
        self._inside: set[str] = set()
        self._answered: Counter[Kind] = Counter()

    @property
    def in_flight(self) -> int:
        """How many are there now, the last byte of their answer not sent."""
        return len(self._inside)

    def enter(self, seen: Seen) -> None:
        """A request arrived."""
        self.arrived += 1
        self._inside.add(seen.id)
        self.most_in_flight = max(self.most_in_flight, len(self._inside))

    def answer(self, seen: Seen) -> None:
        """It is answered: before the first byte goes out, so that whoever has an answer finds it counted."""
        self._answered[(seen.endpoint, seen.model, seen.status)] += 1

    def leave(self, seen: Seen) -> None:
        """Its last byte goes out, or it ends without. Again does nothing."""
        self._inside.discard(seen.id)

    def end(self, seen: Seen) -> None:
        """It is over, whether it was answered or not."""
        self.leave(seen)
        if seen.status is None:
            self.answer(seen)

    def count(self, path: str | None, model: str | None, status: int | None) -> int:
        """How many were answered so: `None` for any; of a path the `/v1` may be left out."""
        paths = (path, f"/v1{path}")
        return sum(
            number
            for (endpoint, asked, given), number in self._answered.items()
            if (path is None or endpoint in paths)
            and (model is None or asked == model)
            and (status is None or given == status)
        )
