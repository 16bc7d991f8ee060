"""The shapes of sequences: lists, sets, tuples of a fixed length and named tuples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.tools.shapes.shape import Fault, Member, Misfit, SchemaBook, Shape, expected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_FAULTS = 20


class Items(Shape):
    """Any number of values of one shape, kept in what `make` makes of a list.

    An array with an item twice fits a set: nobody is helped by a refusal.
    """

    kinds = frozenset({"array"})

    def __init__(self, item: Shape, make: Callable[[list[Any]], Any] | None) -> None:
        self._item = item
        self._make = make

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Arrays of these items."""
        with book.at("[]"):
            items = self._item.schema(book)
        return {"type": "array", **({"items": items} if items else {})}

    def member(self, step: str | int) -> Member:
        """An item."""
        return Member(step, self._item)

    def read(self, value: Any) -> Any:
        """The sequence."""
        if type(value) is not list:
            raise expected("an array", value)
        as_is, read = self._item.as_is, self._item.read
        try:
            items = [item if type(item) in as_is else read(item) for item in value]
        except Misfit:
            raise Misfit(*_faults([read] * len(value), value)) from None
        if self._make is None:
            return items
        try:
            return self._make(items)
        except Exception as error:  # items may be the user's: whatever their hashing raises
            raise Misfit(Fault(str(error))) from error


class Row(Shape):
    """A value of its own shape in each place; places from `least` on may be left out."""

    kinds = frozenset({"array"})

    def __init__(
        self,
        places: Sequence[Shape],
        make: Callable[[list[Any]], Any],
        *,
        names: Sequence[str] = (),
        least: int | None = None,
    ) -> None:
        self._places = tuple(places)
        self._make = make
        self._names = tuple(names)
        self._least = len(self._places) if least is None else least

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Arrays of this length."""
        places = [place.schema(book) for place in self._places]
        for place, name in zip(places, self._names, strict=False):
            place["title"] = name
        shown = {"prefixItems": places} if places else {}
        return {"type": "array", **shown, "minItems": self._least, "maxItems": len(places)}

    def member(self, step: str | int) -> Member | None:
        """The place of this number."""
        known = isinstance(step, int) and step < len(self._places)
        return Member(step, self._places[int(step)]) if known else None

    def read(self, value: Any) -> Any:
        """The tuple."""
        if type(value) is not list or not self._least <= len(value) <= len(self._places):
            raise expected(f"an array of {self._length()}", value)
        readers = [place.read for place in self._places]
        try:
            return self._make([read(item) for read, item in zip(readers, value, strict=False)])
        except Misfit:
            raise Misfit(*_faults(readers, value)) from None

    def _length(self) -> str:
        most = len(self._places)
        return f"{most} items" if self._least == most else f"{self._least} to {most} items"


def _faults(readers: Sequence[Callable[[Any], Any]], value: list[Any]) -> list[Fault]:
    faults: list[Fault] = []
    for number, (read, item) in enumerate(zip(readers, value, strict=False)):
        try:
            read(item)
        except Misfit as misfit:
            faults += misfit.within(number).faults
            if len(faults) >= _MOST_FAULTS:
                break
    return faults
