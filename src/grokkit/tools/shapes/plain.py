"""The shapes of plain values: anything, null, truth values, numbers and text."""

from __future__ import annotations

from typing import Any

from grokkit.tools.shapes.shape import ANY_KIND, KINDS, SchemaBook, Shape, expected


class Anything(Shape):
    """Any JSON value, as it is."""

    kinds = ANY_KIND
    rank = 9
    grows = True
    as_is = frozenset(KINDS)

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """The schema that refuses nothing."""
        del book
        return {}

    def read(self, value: Any) -> Any:
        """The value itself."""
        return value


class Null(Shape):
    """`None`."""

    kinds = frozenset({"null"})
    as_is = frozenset({type(None)})

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Only `null`."""
        del book
        return {"type": "null"}

    def read(self, value: Any) -> None:
        """None."""
        if value is not None:
            raise expected("null", value)


class Boolean(Shape):
    """`bool`: numbers are no truth values."""

    kinds = frozenset({"boolean"})
    as_is = frozenset({bool})

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """`true` or `false`."""
        del book
        return {"type": "boolean"}

    def read(self, value: Any) -> bool:
        """The value itself."""
        if value is True or value is False:
            return bool(value)
        raise expected("true or false", value)


class Integer(Shape):
    """`int`: `3.0` is one too, as JSON Schema has it; `"3"` and `true` are not."""

    kinds = frozenset({"integer", "number"})
    as_is = frozenset({int})

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Whole numbers."""
        del book
        return {"type": "integer"}

    def read(self, value: Any) -> int:
        """The number."""
        if type(value) is int:
            return value
        if type(value) is float and value.is_integer():
            return int(value)
        raise expected("an integer", value)


class Number(Shape):
    """`float`: whole numbers become floats."""

    kinds = frozenset({"integer", "number"})
    rank = 2
    as_is = frozenset({float})

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Any number."""
        del book
        return {"type": "number"}

    def read(self, value: Any) -> float:
        """The number."""
        if type(value) is float:
            return value
        if type(value) is int:
            try:
                return float(value)
            except OverflowError:
                raise expected("a number below 1.8e308", value) from None
        raise expected("a number", value)


class Text(Shape):
    """`str`: nothing else becomes text."""

    kinds = frozenset({"string"})
    rank = 8
    grows = True
    as_is = frozenset({str})

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Any text."""
        del book
        return {"type": "string"}

    def read(self, value: Any) -> str:
        """The text."""
        if type(value) is str:
            return value
        raise expected("a string", value)
