"""The shapes of values that are one of a few: `Literal` and `Enum`."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.tools.shapes.shape import KINDS, Fault, Misfit, SchemaBook, Shape, said

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN = (str, int, float, bool, type(None))
_MOST_SAID = 20


class Choice(Shape):
    """One of a few values, each standing for something in Python."""

    rank = 0

    def __init__(self, values: Iterable[tuple[Any, object]], note: str | None = None) -> None:
        pairs = list(values)
        self._note = note
        self.offered = [value for value, _ in pairs]
        self._meanings = {(isinstance(value, bool), value): meaning for value, meaning in reversed(pairs)}
        """By value; 1 and 1.0 are the same in JSON, `true` is another value."""
        self.kinds = frozenset(KINDS[type(value)] for value in self.offered)
        if self.kinds & {"integer", "number"}:
            self.kinds |= {"integer", "number"}

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """One of the values."""
        if self._note:
            book.note(self._note)
        kind = {KINDS[type(value)] for value in self.offered}
        return ({"type": next(iter(kind))} if len(kind) == 1 else {}) | {"enum": self.offered}

    def read(self, value: Any) -> object:
        """What the value stands for."""
        try:
            return self._meanings[isinstance(value, bool), value]
        except (KeyError, TypeError):
            offered = ", ".join(said(each) for each in self.offered[:_MOST_SAID])
            more = ", ..." if len(self.offered) > _MOST_SAID else ""
            raise Misfit(Fault(f"expected one of {offered}{more}, got {said(value)}")) from None


def choice_of_literal(values: tuple[Any, ...]) -> Choice:
    """The choice between the values of a `Literal`; raises `TypeError` for what JSON cannot say."""
    plain = [(value.value if isinstance(value, Enum) else value, value) for value in values]
    for offered, _ in plain:
        if type(offered) not in _PLAIN:
            raise TypeError(f"Literal[{offered!r}] has no JSON form: use text, numbers, True, False or None")
    return Choice(plain)


def choice_of_enum(kind: type[Enum]) -> Choice:
    """The choice between the members of an `Enum`, by value; by name where a value is not plain."""
    values = {name: _plain(member.value) for name, member in kind.__members__.items() if member.name == name}
    if not values:
        raise TypeError(f"the enumeration {kind.__name__} has no members, and Grok refuses an empty enum")
    if all(type(value) in _PLAIN for value in values.values()):
        return Choice((value, kind[name]) for name, value in values.items())
    note = f"members of {kind.__name__} are offered by name: not every value of it is text or a number"
    return Choice(((name, kind[name]) for name in values), note)


def _plain(value: object) -> object:
    """The plain value of a member that is a subclass of text or number."""
    try:
        return msgspec.to_builtins(value, builtin_types=())
    except TypeError:
        return value
