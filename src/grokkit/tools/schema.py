"""The JSON Schema of a Python type, as Grok takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.tools.fit import Schema, fit
from grokkit.tools.refusals import ToolUnfit
from grokkit.tools.shapes.compiler import Compiler
from grokkit.tools.shapes.shape import SchemaBook

if TYPE_CHECKING:
    from grokkit.tools.shapes.shape import Shape


def schema_of(type_: Any) -> Schema:
    """The schema of any supported type, with notes on what was changed or cannot be enforced.

    Raises `ToolUnfit` for types that have no JSON form, and for those that contain themselves.

    >>> schema_of(list[int] | None).json
    {'anyOf': [{'type': 'array', 'items': {'type': 'integer'}}, {'type': 'null'}]}
    """
    try:
        return written(Compiler().shape(type_))
    except TypeError as error:
        raise ToolUnfit(f"no schema for {getattr(type_, '__name__', type_)}: {error}") from error


def written(shape: Shape) -> Schema:
    """The schema of a shape, fit for Grok; definitions that are used once stand where they are used."""
    book = SchemaBook()
    schema = shape.schema(book)
    definitions = {name: part for name, part in book.definitions.items() if book.uses[name] > 1}
    once = {name: part for name, part in book.definitions.items() if book.uses[name] == 1}
    whole = _opened({"$defs": definitions, **schema} if definitions else schema, once)
    fitted = fit(whole)
    return Schema(fitted.json, (*dict.fromkeys(book.notes), *fitted.notes))


def _opened(part: Any, once: dict[str, dict[str, Any]]) -> Any:
    """The schema with references to what is used once replaced by what they refer to."""
    if isinstance(part, list):
        return [_opened(each, once) for each in part]
    if not isinstance(part, dict):
        return part
    target = part.get("$ref")
    if isinstance(target, str) and _name(target) in once:
        beside = {name: value for name, value in part.items() if name != "$ref"}
        return _opened({**once[_name(target)], **beside}, once)
    return {name: _opened(each, once) for name, each in part.items()}


def _name(target: str) -> str:
    return target.removeprefix("#/$defs/")
