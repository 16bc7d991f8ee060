"""Bounds and words that `Annotated` adds to a type, whichever library's marks say them."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from grokkit.tools.shapes.shape import KINDS, Fault, Misfit, SchemaBook, Shape, Wrapped, said
from grokkit.tools.shapes.unions import Union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_COMPARED: dict[str, tuple[str, str, Callable[[Any, Any], bool]]] = {
    "ge": ("minimum", "at least", operator.ge),
    "gt": ("exclusiveMinimum", "above", operator.gt),
    "le": ("maximum", "at most", operator.le),
    "lt": ("exclusiveMaximum", "below", operator.lt),
}
_SIZES = {
    "string": ("minLength", "maxLength", "characters"),
    "array": ("minItems", "maxItems", "items"),
    "object": ("minProperties", "maxProperties", "fields"),
}
_NUMBERS = frozenset({"integer", "number"})
_RULES = (*_COMPARED, "multiple_of", "min_length", "max_length", "pattern", "tz")


@dataclass(frozen=True, slots=True)
class Marks:
    """What the metadata of an `Annotated` says."""

    description: str | None = None
    words: dict[str, Any] = field(default_factory=dict)
    """Schema keywords that only inform: title, examples and what the author adds by hand."""
    rules: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, metadata: Iterable[object]) -> Marks:
        """What plain text, `msgspec.Meta`, `annotated_types`, pydantic's `Field` and `Doc` say, the last one last."""
        description: str | None = None
        words: dict[str, Any] = {}
        rules: dict[str, Any] = {}
        for mark in _flat(metadata):
            text = mark if isinstance(mark, str) else _said(mark, "description") or _said(mark, "documentation")
            description = text if isinstance(text, str) else description
            words |= {name: _said(mark, name) for name in ("title", "examples") if _said(mark, name)}
            words |= _said(mark, "extra_json_schema") or {}
            rules |= {name: _said(mark, name) for name in _RULES if _said(mark, name) is not None}
        return cls(description, words, rules)


def _said(mark: object, name: str) -> Any:
    value = None if isinstance(mark, str) else getattr(mark, name, None)
    return None if callable(value) else value


def _flat(metadata: Iterable[object]) -> Iterable[object]:
    """Marks that hold marks (pydantic's `Field`) come after what they hold."""
    for mark in metadata:
        held = _said(mark, "metadata")
        yield from held if isinstance(held, list) else ()
        yield mark


class Bounded(Wrapped):
    """A shape with bounds: on the number, or on the length of the text, array or object that was sent."""

    def __init__(self, shape: Shape, rules: dict[str, Any]) -> None:
        super().__init__(shape)
        self._rules = rules
        self.rank = shape.rank - 1 if shape.rank > 1 else shape.rank
        self._checks = [_check(name, bound) for name, bound in rules.items()]

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """The inner schema, with the bounds that JSON Schema can say."""
        schema = self._shape.schema(book)
        for name, bound in self._rules.items():
            keyword = _keyword(name, self.kinds)
            if keyword is None or keyword in schema:
                book.note(f"{name}={bound!r} cannot be said in a schema; it is checked when the value comes")
            else:
                schema[keyword] = bound
        return schema

    def read(self, value: Any) -> Any:
        """The inner value, within its bounds."""
        made = self._shape.read(value)
        try:
            problems = [problem for check in self._checks if (problem := check(value, made))]
        except (TypeError, ArithmeticError) as error:
            raise Misfit(Fault(f"cannot be compared with its bounds: {error}")) from error
        if problems:
            raise Misfit(Fault(f"must be {' and '.join(problems)}, got {said(value)}"))
        return made


def bounded(shape: Shape, rules: dict[str, Any]) -> Shape:
    """The shape within its bounds; of a union, each branch that a bound can apply to."""
    if not rules:
        return shape
    if isinstance(shape, Union):
        return Union([bounded(branch, _applying(rules, branch.kinds)) for branch in shape.branches])
    if "null" in shape.kinds and len(shape.kinds) == 1:
        return shape
    return Bounded(shape, rules)


def _applying(rules: dict[str, Any], kinds: frozenset[str]) -> dict[str, Any]:
    return {name: bound for name, bound in rules.items() if _keyword(name, kinds) is not None}


def _keyword(name: str, kinds: frozenset[str]) -> str | None:
    if name in _COMPARED or name == "multiple_of":
        keyword = _COMPARED[name][0] if name in _COMPARED else "multipleOf"
        return keyword if kinds <= _NUMBERS else None
    sizes = next((sizes for kind, sizes in _SIZES.items() if kinds == {kind}), None)
    if name == "pattern":
        return "pattern" if kinds == {"string"} else None
    return sizes[0 if name == "min_length" else 1] if sizes else None


def _check(name: str, bound: Any) -> Callable[[Any, Any], str | None]:
    if name in _COMPARED:
        _, words, holds = _COMPARED[name]
        return lambda _, made: None if holds(made, bound) else f"{words} {bound}"
    if name == "multiple_of":
        return lambda value, _: None if _is_multiple(value, bound) else f"a multiple of {bound}"
    if name == "pattern":
        search = _searching(bound)
        return lambda value, _: None if search(value) else f"text that matches {bound}"
    if name == "min_length":
        return lambda value, _: None if len(value) >= bound else f"at least {bound} {_unit(value)}"
    return lambda value, _: None if len(value) <= bound else f"at most {bound} {_unit(value)}"


def _searching(pattern: str) -> Callable[[str], object]:
    try:
        return re.compile(pattern).search
    except re.error as error:
        raise TypeError(f"the pattern {pattern!r} is no regular expression: {error}") from error


def _unit(value: object) -> str:
    return f"{_SIZES[KINDS[type(value)]][2]} long"


def _is_multiple(value: Any, step: Any) -> bool:
    return Decimal(str(value)) % Decimal(str(step)) == 0
