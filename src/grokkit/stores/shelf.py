"""A bounded dictionary whose entries run out: the memory store keeps everything on such shelves."""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound="str | tuple[str, float]")
V = TypeVar("V")

_AT_ONCE = 8
"""How many that have run out one `put` clears away: more than come in, and never so many that others wait."""
_SPARE = 64


class Shelf(Generic[K, V]):
    """Up to so many entries, each for its time. When there is no room, what was not used for longest makes it.

    >>> shelf: Shelf[str, int] = Shelf(2)
    >>> for number, name in enumerate(["a", "b", "c"]):
    ...     shelf.put(name, number, now=0.0, ttl=60.0)
    >>> [shelf.get(name, now=59.0) for name in "abc"], shelf.get("c", now=60.0)
    ([None, 1, 2], None)
    """

    def __init__(self, max_items: int) -> None:
        self._max_items = max_items
        self._items: OrderedDict[K, _Item[V]] = OrderedDict()
        self._due: list[tuple[float, K]] = []
        """When to look at an entry: not before it has run out, or once more if it was given more time."""

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: K, now: float) -> V | None:
        """What is there, unless its time is over."""
        item = self._items.get(key)
        if item is None:
            return None
        if item.expires <= now:
            del self._items[key]
            return None
        self._items.move_to_end(key)
        return item.value

    def put(self, key: K, value: V, now: float, ttl: float | None) -> None:
        """Keep something for `ttl` from now, or until there is no room."""
        expires = math.inf if ttl is None else now + ttl
        item = self._items.get(key)
        if item is None:
            item = self._items[key] = _Item(value, expires)
            if len(self._items) > self._max_items:
                self._items.popitem(last=False)
        else:
            item.value = value
            item.expires = expires
            self._items.move_to_end(key)
        if expires < item.due:
            self._look_at(key, item, expires)
        if self._due and self._due[0][0] <= now:
            self._clear(now)

    def drop(self, key: K) -> None:
        """Forget what is there."""
        self._items.pop(key, None)

    def _look_at(self, key: K, item: _Item[Any], when: float) -> None:
        item.due = when
        if len(self._due) > 2 * len(self._items) + _SPARE:
            self._due = [(item.due, key) for key, item in self._items.items() if item.due < math.inf]
            heapq.heapify(self._due)
        else:
            heapq.heappush(self._due, (when, key))

    def _clear(self, now: float) -> None:
        for _ in range(_AT_ONCE):
            if not self._due or self._due[0][0] > now:
                return
            when, key = heapq.heappop(self._due)
            item = self._items.get(key)
            if item is None or item.due != when:
                continue
            item.due = math.inf
            if item.expires <= now:
                del self._items[key]
            elif item.expires < math.inf:
                self._look_at(key, item, item.expires)


class _Item(Generic[V]):
    __slots__ = ("due", "expires", "value")

    def __init__(self, value: V, expires: float) -> None:
        self.value = value
        self.expires = expires
        self.due = math.inf
