"""A streamed response while it arrives: the object itself, and its items by their place and by their id."""

from collections.abc import Iterable
from typing import Any

from grokkit.wire.extra import objects
from grokkit.wire.response_items import OpenItem, filled, match


class OpenResponse:
    """What is known of the response.

    An item is found by `output_index`, else by its id or `call_id`, else it is the last one that is not done.
    A place may be used again, and an id too, for an item that comes later.
    """

    def __init__(self) -> None:
        self.head: dict[str, Any] = {}
        self._items: list[OpenItem] = []
        self._by_index: dict[int, OpenItem] = {}
        self._by_name: dict[str, OpenItem] = {}

    def take_head(self, response: dict[str, Any] | None) -> None:
        """The response object as the server now gives it."""
        self.head |= response or {}

    def item(self, index: int | None, item_id: str | None, kind: str | None) -> OpenItem:
        """The item that a frame speaks of; a new one of this type when it is the first to do so."""
        names = [item_id] if item_id else []
        return self._known(index, names, kind) or self._open(index, names, kind)

    def added(self, index: int | None, raw: dict[str, Any]) -> OpenItem:
        """An item that begins."""
        names, kind = _names(raw), _type(raw)
        item = self._known(index, names, kind)
        if item is None or item.done or _differ(item.raw, raw):
            item = self._open(index, names, kind)
        item.raw = filled(raw, item.raw)
        self._remember(item, names)
        return item

    def done(self, index: int | None, raw: dict[str, Any]) -> OpenItem:
        """The item that the server now gives whole; `finish` it with that."""
        names, kind = _names(raw), _type(raw)
        item = self._known(index, names, kind)
        if item is None or (item.done and _differ(item.raw, raw)):
            item = self._open(index, names, kind)
        self._remember(item, names)
        return item

    def close(self, final: dict[str, Any]) -> list[tuple[OpenItem, dict[str, Any]]]:
        """The response as the server gives it at the end; the items in it that had not been given whole before.

        It is authoritative, yet it may lack its output, single items, or fields that only the item's own last
        frame carried (`encrypted_content`): these are filled in from what was seen on the way.
        """
        self.take_head(final)
        output = objects(final.get("output"))
        seen = match(output, self._in_order())
        new: list[tuple[OpenItem, dict[str, Any]]] = []
        whole: list[tuple[int, dict[str, Any]]] = []
        for raw, was in zip(output, seen, strict=True):
            item = was or self._open(None, [], _type(raw))
            whole.append((item.position if was else -1, filled(raw, item.lasting()) if was else raw))
            if not item.done:
                new.append((item, raw))
        for item in self._in_order():
            if item not in seen and (item.done or item.texts):
                _insert(whole, item.position, item.closed(str(self.head.get("status"))))
        self.head["output"] = [raw for _, raw in whole]
        return new

    def raw(self) -> dict[str, Any]:
        """The response so far, as a plain call would have given it."""
        return self.head | {"output": [item.assembled() for item in self._in_order()]}

    def _in_order(self) -> list[OpenItem]:
        return sorted(self._items, key=lambda item: item.position)

    def _known(self, index: int | None, names: Iterable[str], kind: str | None) -> OpenItem | None:
        item = self._by_index.get(index) if index is not None else None
        if item is not None:
            return item
        for name in names:
            named = self._by_name.get(name)
            if named is not None and None in {index, named.index}:
                return named
        return self._last_open(kind, nameless=bool(names)) if index is None else None

    def _last_open(self, kind: str | None, *, nameless: bool) -> OpenItem | None:
        for item in reversed(self._items):
            if not item.done and item.type in {kind or item.type, ""} and not (nameless and _names(item.raw)):
                return item
        return None

    def _open(self, index: int | None, names: Iterable[str], kind: str | None) -> OpenItem:
        taken = {item.position for item in self._items}
        free = max(taken, default=-1) + 1
        item = OpenItem(index, free if index is None or index in taken else index, kind)
        self._items.append(item)
        if index is not None:
            self._by_index[index] = item
        self._remember(item, names)
        return item

    def _remember(self, item: OpenItem, names: Iterable[str]) -> None:
        self._by_name.update(dict.fromkeys(names, item))


def _names(raw: dict[str, Any]) -> list[str]:
    named = (raw.get("id"), raw.get("call_id"))
    return [name for name in named if name and isinstance(name, str)]


def _type(raw: dict[str, Any]) -> str | None:
    kind = raw.get("type")
    return kind if isinstance(kind, str) else None


def _differ(known: dict[str, Any], raw: dict[str, Any]) -> bool:
    """Whether two items cannot be the same one."""
    return any(known.get(name) and raw.get(name) and known[name] != raw[name] for name in ("id", "type"))


def _insert(whole: list[tuple[int, dict[str, Any]]], position: int, raw: dict[str, Any]) -> None:
    place = next((place for place, (other, _) in enumerate(whole) if other > position), len(whole))
    whole.insert(place, (position, raw))
