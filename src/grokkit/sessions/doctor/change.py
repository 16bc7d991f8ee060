"""What the doctor did to a history, and why."""

from typing import Any, Literal, TypeAlias

import msgspec

Item: TypeAlias = dict[str, Any]
"""An input or output item of the Responses API, as it is on the wire."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was mended. `str(change)` is a line for people, without content of the conversation.

    >>> print(Change(place=3, what="dropped", why="the message is empty", before={"role": "user", "content": ""}))
    item 3 (message) dropped: the message is empty
    """

    place: int
    """The index of the item in the list that was given; for an added one that of the call it answers."""
    what: Literal["added", "changed", "dropped", "moved"]
    why: str
    before: object = None
    """The item as it was; None for an added one."""
    after: Item | None = None
    """The item as it is now; None for a dropped one."""

    def __str__(self) -> str:
        return f"item {self.place} ({_kind(self.after or self.before)}) {self.what}: {self.why}"


class Mended(msgspec.Struct, frozen=True):
    """A history that the API accepts. Items that needed nothing are the very objects that were given."""

    items: list[Item]
    changes: tuple[Change, ...] = ()

    @property
    def report(self) -> str:
        """What was mended and why, a line each; empty when nothing was."""
        return "\n".join(map(str, self.changes))


class Entry(msgspec.Struct, frozen=True):
    """An item on its way through the doctor's hands, and where it was in the list that was given."""

    place: int
    item: Item

    @property
    def type(self) -> str:
        """The item's type; a message may leave its own out."""
        return kind_of(self.item)


def kind_of(item: Item) -> str:
    """The type of an item; a message may leave its own out.

    >>> kind_of({"role": "user", "content": "Hi"})
    'message'
    """
    kind = item.get("type")
    return "message" if kind is None else str(kind)


def _kind(item: object) -> str:
    return kind_of(item) if isinstance(item, dict) else type(item).__name__
