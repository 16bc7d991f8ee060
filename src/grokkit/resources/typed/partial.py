"""What is certain of a value that is still arriving: whole parts with their types, growing ones as far as they are."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar, overload

T = TypeVar("T")


class Begun(Sequence[Any]):
    """The first items of a list that only ever grows, and perhaps one more that is not whole."""

    __slots__ = ("_count", "_last", "_whole")

    def __init__(self, whole: list[Any], last: tuple[Any, ...] = ()) -> None:
        self._whole = whole
        self._count = len(whole)
        self._last = last

    def __len__(self) -> int:
        return self._count + len(self._last)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError("there are no more items yet")
        return self._whole[place] if place < self._count else self._last[0]


class Fields:
    """Fields that only ever get more, each with its place among them."""

    __slots__ = ("places", "whole")

    def __init__(self) -> None:
        self.whole: dict[Hashable, Any] = {}
        self.places: dict[Hashable, int] = {}

    def add(self, name: Hashable, value: Any) -> None:
        """One more; another value under a name that is there leaves what was seen before as it was."""
        if name in self.whole:
            self.whole = {**self.whole, name: value}
            return
        self.places[name] = len(self.whole)
        self.whole[name] = value


class BegunFields(Mapping[Hashable, Any]):
    """The first of fields that only ever get more, and perhaps one that is not whole; nothing is copied."""

    __slots__ = ("_count", "_last", "_places", "_whole")

    def __init__(self, fields: Fields, last: Mapping[Hashable, Any]) -> None:
        self._whole = fields.whole
        self._places = fields.places
        self._count = len(fields.whole)
        self._last = last

    def __getitem__(self, name: Hashable) -> Any:
        if name in self._last:
            return self._last[name]
        if not self._is_whole(name):
            raise KeyError(name)
        return self._whole[name]

    def __iter__(self) -> Iterator[Hashable]:
        yield from islice(self._whole, self._count)
        yield from (name for name in self._last if not self._is_whole(name))

    def __len__(self) -> int:
        return self._count + sum(not self._is_whole(name) for name in self._last)

    def _is_whole(self, name: Hashable) -> bool:
        return self._places.get(name, self._count) < self._count


Held: TypeAlias = "Mapping[Hashable, Any] | Begun"


class Partial(Generic[T]):
    """A `T` as far as it has arrived. It stays as it is: the next one is another object.

    Fields are attributes (`receipt.shop`) and items (`receipt["shop"]`); one that has not come yet is `None`, one
    that `T` does not have is an `AttributeError`; `in` and iterating tell which have come. Parts of a list are found
    by index, and iterated. What is whole is what it will be in the end, checked and of its type; objects and lists
    that still grow are partials too, text grows, numbers, dates and choices come when they are whole. What does not
    fit its type is held back.

    >>> receipt = Partial({"shop": "Corner St", "total": None}, names=("shop", "total", "paid"))
    >>> receipt.shop, receipt.paid, "paid" in receipt
    ('Corner St', None, False)
    """

    __slots__ = ("_held", "_names")

    def __init__(self, held: Held, *, names: Sequence[str] = ()) -> None:
        self._held = held
        self._names = names

    def __getattr__(self, name: str) -> Any:
        held = self._held
        if isinstance(held, Mapping) and name in held:
            return held[name]
        if isinstance(held, Mapping) and (name in self._names or not (self._names or name.startswith("__"))):
            return None
        near = get_close_matches(name, self._names, 1)
        raise AttributeError(f"there is no {name} here" + (f": did you mean {near[0]}?" if near else ""))

    def __getitem__(self, key: Hashable | slice) -> Any:
        held = self._held
        if isinstance(held, Begun):
            if not isinstance(key, int | slice):
                raise TypeError("a list is indexed by numbers")
            return held[key]
        if isinstance(key, slice) or (self._names and key not in self._names and key not in held):
            raise KeyError(key)
        return held.get(key)

    def __contains__(self, item: object) -> bool:
        return item in self._held

    def __iter__(self) -> Iterator[Any]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return plain(self) == plain(other) if isinstance(other, Partial) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what it holds is mutable, as in a list

    def __repr__(self) -> str:
        return f"Partial({plain(self)!r})"


def plain(value: object) -> object:
    """A partial as the dictionaries and lists that it stands for; parts that are whole stay what they are.

    >>> plain(Partial({"shop": "Corner St", "lines": Partial(Begun([1, 2]))}))
    {'shop': 'Corner St', 'lines': [1, 2]}
    """
    if not isinstance(value, Partial):
        return value
    held = value._held  # noqa: SLF001 - whatever it holds may be the name of a field, so it has no public names
    if isinstance(held, Begun):
        return [plain(item) for item in held]
    return {name: plain(item) for name, item in held.items()}
