"""Responses that are kept: for 30 days, for their team, with what they were given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.refusal import not_found

if TYPE_CHECKING:
    from grokkit.testing.simulator.nouns.responses.inputs import Item
    from grokkit.testing.simulator.refusal import Refusal
    from grokkit.testing.simulator.visit import Visit

KEPT_SECONDS = 30 * 24 * 3600
_MOST = 10_000
"""Of more responses the oldest are forgotten, lest a long run fills the memory."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One response, and what it takes to go on from it."""

    id: str
    owner: str
    """The team."""
    body: dict[str, Any]
    given: tuple[Item, ...]
    """The input of this response alone, as sent."""
    context: tuple[Item, ...]
    """The whole conversation so far: instructions, inputs and outputs of all that it goes on from, and its own."""
    expires: float


class Shelf:
    """The responses of one simulator."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.lent: dict[str, Kept] = {}
        """What a socket remembers, lent to the turn with this visit's id."""
        self.made: dict[str, Kept | None] = {}
        """What a turn on a socket made, by its visit's id, until the socket takes it."""

    def keep(self, kept: Kept) -> None:
        """Store a response."""
        self.kept[kept.id] = kept
        if len(self.kept) > _MOST:
            del self.kept[next(iter(self.kept))]

    def find(self, response_id: str, visit: Visit) -> Kept:
        """A response of the caller's. Raises 404."""
        lent = self.lent.get(visit.id)
        if lent is not None and lent.id == response_id:
            return lent
        found = self.kept.get(response_id)
        if found is None or found.owner != owner_of(visit):
            raise missing(response_id)
        if found.expires <= visit.now():
            del self.kept[response_id]
            raise missing(response_id)
        return found


def owner_of(visit: Visit) -> str:
    """The team that is calling."""
    return visit.key.team_id if visit.key is not None else ""


def missing(response_id: str) -> Refusal:
    """404: unknown, deleted, never stored, or older than 30 days."""
    return not_found(f"Response with id={response_id} not found.")
