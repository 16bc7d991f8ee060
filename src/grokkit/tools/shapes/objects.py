"""The shapes of objects: with named fields, each of its own shape, and with free keys."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.tools.shapes.shape import Fault, Member, Misfit, SchemaBook, Shape, expected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object: its name in JSON, its name in Python, and what it holds."""

    name: str
    shape: Shape
    target: str
    required: bool = True
    default: object = msgspec.UNSET
    description: str | None = None

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """The schema of the field's value, with description and default."""
        with book.at(self.name):
            schema = self.shape.schema(book)
        if self.description and "description" not in schema:
            schema = {"description": self.description, **schema}
        default = _plain(self.default)
        return schema if default is None else {**schema, "default": default}


def _plain(default: object) -> object:
    """A default as JSON has it; `None` when there is none worth saying."""
    if default is msgspec.UNSET:
        return None
    try:
        return msgspec.json.decode(msgspec.json.encode(default))
    except (TypeError, ValueError, RecursionError):
        return None


class Object(Shape):
    """An object with these fields and no others, handed to `make` by their names in Python."""

    kinds = frozenset({"object"})

    def __init__(
        self,
        fields: Iterable[Field],
        make: Callable[..., Any] | None,
        *,
        name: str = "",
        description: str | None = None,
    ) -> None:
        self.fields = tuple(fields)
        self.name = name
        self._make = make
        self._description = description
        self._table = {field.name: (field.target, field.shape.as_is, field.shape.read) for field in self.fields}
        self._required = {field.name: None for field in self.fields if field.required}
        self._members = {field.name: Member(field.target, field.shape) for field in self.fields}
        self.names = tuple(field.target for field in self.fields)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """A reference to the definition, or the definition itself when the object has no name."""
        if self.name:
            return book.refer(self, self.name, lambda: self.definition(book))
        return self.definition(book)

    def definition(self, book: SchemaBook) -> dict[str, Any]:
        """The schema, written out."""
        described = {"description": self._description} if self._description else {}
        properties = {field.name: field.schema(book) for field in self.fields}
        required = {"required": list(self._required)} if self._required else {}
        return {
            "type": "object",
            **described,
            "properties": properties,
            **required,
            "additionalProperties": False,
        }

    def member(self, step: str | int) -> Member | None:
        """The field of this name."""
        return self._members.get(str(step))

    def may_be(self, begun: dict[str, Any]) -> bool:
        """Whether an object that begins like this can still be one of these: no field is foreign, no value refused."""
        try:
            for name, item in begun.items():
                self._members[name].shape.read(item)
        except (KeyError, Misfit):
            return False
        return True

    def read(self, value: Any) -> Any:
        """What `make` makes of the fields."""
        if type(value) is not dict:
            raise expected("an object", value)
        made: dict[str, Any] = {}
        table = self._table
        try:
            for name, item in value.items():
                target, as_is, read = table[name]
                made[target] = item if type(item) in as_is else read(item)
        except (KeyError, Misfit):
            raise Misfit(*self._faults(value)) from None
        if len(value) < len(table) and not self._required.keys() <= value.keys():
            raise Misfit(*self._faults(value))
        if self._make is None:
            return made
        try:
            return self._make(**made)
        except Exception as error:  # the class is the user's: whatever it raises is about the values
            raise Misfit(Fault(str(error) or type(error).__name__)) from error

    def _faults(self, value: dict[str, Any]) -> list[Fault]:
        faults: list[Fault] = []
        for name, item in value.items():
            if name not in self._table:
                faults.append(self._unknown(name))
                continue
            try:
                self._members[name].shape.read(item)
            except Misfit as misfit:
                faults += misfit.within(name).faults
        return faults + [Fault("is required and missing", (name,)) for name in self._required if name not in value]

    def _unknown(self, name: str) -> Fault:
        near = get_close_matches(name, self._table, 1)
        known = f"did you mean {near[0]}?" if near else f"known are: {', '.join(self._table) or 'none'}"
        return Fault(f"is not known here; {known}", (name,))


class Mapping(Shape):
    """An object with free keys."""

    kinds = frozenset({"object"})

    def __init__(self, key: Shape, value: Shape, *, key_schema: dict[str, Any] | None, make: Any = None) -> None:
        self._key = key
        self._value = value
        self._key_schema = key_schema
        self._make = make

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Objects whose values have this shape."""
        with book.at("{}"):
            values = self._value.schema(book)
        keys = {} if self._key_schema is None else {"propertyNames": self._key_schema}
        return {"type": "object", "additionalProperties": values or True, **keys}

    def member(self, step: str | int) -> Member:
        """The value at this key, which Python knows by what the key means; by its text, where it means nothing."""
        try:
            return Member(self._key.read(step), self._value)
        except Misfit:
            return Member(step, self._value)

    def read(self, value: Any) -> Any:
        """The dictionary."""
        if type(value) is not dict:
            raise expected("an object", value)
        key, as_is, read = self._key.read, self._value.as_is, self._value.read
        try:
            made = {key(name): item if type(item) in as_is else read(item) for name, item in value.items()}
        except Misfit:
            raise Misfit(*self._faults(value)) from None
        return made if self._make is None else self._make(made)

    def _faults(self, value: dict[str, Any]) -> list[Fault]:
        faults: list[Fault] = []
        for name, item in value.items():
            try:
                self._key.read(name)
                self._value.read(item)
            except Misfit as misfit:
                faults += misfit.within(name).faults
        return faults
