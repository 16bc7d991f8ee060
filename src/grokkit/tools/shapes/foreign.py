"""The shape of pydantic's types: their schema and their validation are pydantic's own. It is never imported here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec

from grokkit.tools.shapes.shape import Fault, Member, Misfit, SchemaBook, Shape, expected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_SIGNS = ("__pydantic_validator__", "__get_pydantic_core_schema__")


def is_of_pydantic(kind: Any) -> bool:
    """Whether only pydantic understands this: a model, a dataclass of pydantic, or a type with its validators."""
    marks = get_args(kind)[1:] if hasattr(kind, "__metadata__") else ()
    return "pydantic" in sys.modules and any(
        hasattr(each, sign) for each in (kind, *marks) for sign in _SIGNS if not isinstance(each, str)
    )


def of_pydantic(kind: Any, shape: Callable[[Any], Shape]) -> Shape:
    """The shape of a type of pydantic's; raises `TypeError` when pydantic cannot say a schema for it.

    `shape` makes those of the fields, which are asked for when a value arrives in pieces.
    """
    adapter = sys.modules["pydantic"].TypeAdapter(kind)
    try:
        schema = adapter.json_schema()
    except Exception as error:  # pydantic's own errors, which cannot be named here
        raise TypeError(f"pydantic has no JSON Schema for {kind}: {error}") from error
    fields = getattr(kind, "model_fields", None) or {}
    return Validated(getattr(kind, "__name__", "Value"), adapter, schema, Fields(fields, shape))


class Fields:
    """The fields of a model, by their names in JSON. Their shapes are made when they are asked for."""

    def __init__(self, fields: Mapping[str, Any], shape: Callable[[Any], Shape]) -> None:
        self.names = tuple(fields)
        self._hints = {_json_name(name, field): (name, _hint(field)) for name, field in fields.items()}
        self._shape = shape
        self._made: dict[str, Member | None] = {}

    def member(self, name: str) -> Member | None:
        """The field that JSON calls so."""
        if name not in self._made:
            self._made[name] = self._member(name)
        return self._made[name]

    def _member(self, name: str) -> Member | None:
        try:
            called, hint = self._hints[name]
            return Member(called, self._shape(hint))
        except (KeyError, TypeError):
            return None  # pydantic knows what it is; it is shown as it comes, and validated with the whole


def _json_name(name: str, field: Any) -> str:
    """What the schema calls a field: of several names the first."""
    alias = field.validation_alias
    return next((each for each in (alias, *getattr(alias, "choices", ()), field.alias) if isinstance(each, str)), name)


def _hint(field: Any) -> Any:
    """The type of a field, with its bounds."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


class Validated(Shape):
    """A value that pydantic validates, by the model's own settings."""

    def __init__(self, name: str, adapter: Any, schema: dict[str, Any], fields: Fields) -> None:
        self._name = name
        self._validate = adapter.validate_json
        self._schema = schema
        kind = schema.get("type", "object" if "$ref" in schema or "properties" in schema else None)
        self.kinds = frozenset({kind}) if isinstance(kind, str) else self.kinds
        if self.kinds & {"integer", "number"}:
            self.kinds |= {"integer", "number"}
        self.grows = kind == "string" and not {"enum", "const", "format", "pattern"} & schema.keys()
        self.names = fields.names
        self._fields = fields

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Pydantic's schema, its definitions moved to where all definitions are."""
        whole = self._schema
        definitions = whole.get("$defs", {})
        if _circular(definitions):
            raise TypeError(f"{self._name} contains itself, and Grok refuses schemas that refer to themselves")
        return book.refer(self, self._name, lambda: _inlined(_without(whole, "$defs"), definitions))

    def member(self, step: str | int) -> Member | None:
        """The field of this name."""
        return self._fields.member(str(step))

    def read(self, value: Any) -> Any:
        """What pydantic makes of it."""
        try:
            return self._validate(msgspec.json.encode(value))
        except Exception as error:  # pydantic's, or whatever a validator of the user's raises
            raise Misfit(*_faults(error, value)) from error


def _faults(error: Exception, value: Any) -> Iterator[Fault]:
    errors = getattr(error, "errors", None)
    found = errors() if callable(errors) else None
    if not isinstance(found, list):
        yield expected(f"a fitting value ({error})", value).faults[0]
        return
    for each in found:
        yield Fault(str(each.get("msg", error)), tuple(each.get("loc", ())))


def _without(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != name}


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    target = part.get("$ref")
    if isinstance(target, str):
        found = definitions[target.removeprefix("#/$defs/")]
        return _inlined({**found, **_without(part, "$ref")}, definitions)
    return {key: _inlined(each, definitions) for key, each in part.items()}


def _circular(definitions: dict[str, Any]) -> bool:
    edges = {name: set(_targets(part)) for name, part in definitions.items()}
    while edges and (leaves := {name for name, targets in edges.items() if not targets & edges.keys()}):
        edges = {name: targets for name, targets in edges.items() if name not in leaves}
    return bool(edges)


def _targets(part: Any) -> Iterator[str]:
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    if isinstance(part, dict) and isinstance(part.get("$ref"), str):
        yield part["$ref"].removeprefix("#/$defs/")
    for each in inner:
        yield from _targets(each)
