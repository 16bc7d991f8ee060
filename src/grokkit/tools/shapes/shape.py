"""A shape: the JSON form of one type, as schema for the model and as reader for what it sends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

KINDS: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
ANY_KIND = frozenset(KINDS.values())
_LONGEST_EXCERPT = 60
_NAMED = {"object": "an object", "array": "an array", "integer": "an integer"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a value, and where.

    >>> str(Fault("expected an integer, got true", ("stops", 2, "days")))
    'stops[2].days: expected an integer, got true'
    """

    problem: str
    path: tuple[str | int, ...] = ()

    def within(self, step: str | int) -> Fault:
        """The same fault, seen from one level further out."""
        return Fault(self.problem, (step, *self.path))

    def __str__(self) -> str:
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        place = "".join(steps).removeprefix(".")
        return f"{place}: {self.problem}" if place else self.problem


class Misfit(Exception):
    """A value does not fit a shape."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults

    def within(self, step: str | int) -> Misfit:
        """The same, seen from one level further out."""
        return Misfit(*(fault.within(step) for fault in self.faults))


class Member(NamedTuple):
    """What stands at one key or index of a value."""

    name: Hashable
    """What Python calls it."""
    shape: Shape


class Shape(ABC):
    """The JSON form of one type."""

    kinds: frozenset[str] = ANY_KIND
    """The kinds of JSON value that can fit."""
    rank: int = 1
    """Among branches of a union that take the same kind, lower ranks are tried first."""
    grows: bool = False
    """Whether the beginning of a text of this shape is worth showing: half a sentence is, half a date is not."""
    names: tuple[str, ...] = ()
    """What Python calls the fields, where there is a fixed set of them."""
    as_is: frozenset[type] = frozenset()
    """The types of JSON values, as Python decodes them, that `read` hands back as they are, whatever they hold."""

    @abstractmethod
    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """The JSON Schema of what fits."""

    @abstractmethod
    def read(self, value: Any) -> Any:
        """The Python value that a decoded JSON value stands for, or `Misfit`."""

    def member(self, step: str | int) -> Member | None:
        """What stands at this key or index; `None` when nothing is known of it."""
        del step
        return None

    def closer(self, begun: Any) -> Shape:
        """The shape that a value must have which begins like this: of a union the branch, once there is only one."""
        del begun
        return self


class Wrapped(Shape):
    """A shape that is another one, but for what a subclass says."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self.kinds = shape.kinds
        self.rank = shape.rank
        self.grows = shape.grows
        self.names = shape.names

    def member(self, step: str | int) -> Member | None:
        """What the inner shape has there."""
        return self._shape.member(step)

    def closer(self, begun: Any) -> Shape:
        """What the inner shape comes to."""
        return self._shape.closer(begun)


@dataclass(slots=True)
class SchemaBook:
    """What is gathered while a schema is written: definitions that are used, and notes."""

    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    uses: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    _names: dict[int, str] = field(default_factory=dict)
    _place: list[str] = field(default_factory=list)
    _kept: list[object] = field(default_factory=list)

    def refer(self, key: object, name: str, write: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """A reference to the definition of `key`, which is written when it is first asked for."""
        known = self._names.get(id(key))
        if known is None:
            known = name if name not in self._names.values() else f"{name}_{len(self._names)}"
            self._names[id(key)] = known
            self._kept.append(key)  # an id may be taken again once its owner is gone
            self.definitions[known] = write()
        self.uses[known] += 1
        return {"$ref": f"#/$defs/{known}"}

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """Notes made inside belong to `name`."""
        self._place.append(name)
        yield
        self._place.pop()

    def note(self, text: str) -> None:
        """Remember something that the author of the type should know."""
        place = ".".join(self._place)
        self.notes.append(f"{place}: {text}" if place else text)


def said(value: object) -> str:
    """A value as its sender wrote it, cut short."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= _LONGEST_EXCERPT else f"{text[:_LONGEST_EXCERPT]}..."


def expected(what: str, value: object) -> Misfit:
    """The misfit of a value that is not what was expected."""
    return Misfit(Fault(f"expected {what}, got {_of_kind(value)}"))


def _of_kind(value: object) -> str:
    kind = KINDS.get(type(value), "")
    if kind in {"object", "array"}:
        return f"{_NAMED[kind]} {said(value)}"
    return f"the {kind} {said(value)}" if kind in {"string", "integer", "number"} else said(value)
