"""A JSON Schema made fit for Grok: what can be rewritten is, what cannot is refused, and each step is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grokkit.tools.fitting import DROPPED_WORDS, MENDING, STEPS, Unfit, check, open_objects

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_SCHEMAS = ("properties", "patternProperties", "dependentSchemas")
_LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMAS = ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else")
_DEFINITIONS = ("$defs", "definitions")
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Schema:
    """A JSON Schema that Grok takes, and what was changed or cannot be enforced, in words."""

    json: dict[str, Any]
    notes: tuple[str, ...] = ()


def fit(schema: Mapping[str, Any]) -> Schema:
    """The schema as Grok takes it; the one given stays as it is.

    Raises `Unfit`, which says where, for what Grok refuses and nobody can mend: an empty `enum`, a required
    property that nothing fits, a reference that leads nowhere.

    >>> fit({"type": "array", "items": [{"type": "string"}]})
    Schema(json={'type': 'array', 'prefixItems': [{'type': 'string'}]}, notes=('#: items as array became prefixItems',))
    """
    fitter = _Fitter(schema)
    made = fitter.part(dict(schema), "#", ("#",))
    if fitter.definitions:
        made["$defs"] = fitter.definitions
    return Schema(made, tuple(dict.fromkeys(fitter.notes)))


def mended(schema: Any) -> Any:
    """The schema in the words of draft 2020-12, with everything in it that Grok refuses: what values are checked by.

    >>> mended({"type": "array", "items": [{"type": "string", "pattern": "(?=a)"}]})
    {'type': 'array', 'prefixItems': [{'type': 'string', 'pattern': '(?=a)'}]}
    """
    if not isinstance(schema, dict):
        return schema
    made = {name: value for name, value in schema.items() if name not in DROPPED_WORDS}
    for step in MENDING:
        step(made)
    for name in (*_OF_SCHEMAS, *_DEFINITIONS):
        if isinstance(made.get(name), dict):
            made[name] = {key: mended(part) for key, part in made[name].items()}
    for name in _LISTS_OF_SCHEMAS:
        if isinstance(made.get(name), list):
            made[name] = [mended(part) for part in made[name]]
    return made | {name: mended(made[name]) for name in _SCHEMAS if name in made}


def fit_arguments(schema: Mapping[str, Any]) -> Schema:
    """The same for the parameters of a tool, which must be an object or a union of objects."""
    given = {"type": "object", "properties": {}} if not schema else dict(schema)
    if "type" not in given and "properties" in given:
        given["type"] = "object"
    made = fit(given)
    if not _is_object(made.json, made.json.get("$defs", {})):
        raise Unfit('#: the parameters of a tool are an object: {"type": "object", "properties": {...}}')
    return made


def _is_object(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> bool:
    branches = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if schema.get("type") == "object":
        return True
    if isinstance(target := schema.get("$ref"), str):
        return _is_object(definitions.get(target.removeprefix("#/$defs/"), {}), definitions)
    return bool(branches) and all(_is_object(branch, definitions) for branch in branches or ())


@dataclass(slots=True)
class _Fitter:
    root: Mapping[str, Any]
    notes: list[str] = field(default_factory=list)
    definitions: dict[str, Any] = field(default_factory=dict)

    def part(self, schema: Any, place: str, within: tuple[str, ...]) -> dict[str, Any]:
        """One schema within the whole; `within` are the places and references that it stands in."""
        if len(within) > _DEEPEST:
            raise Unfit(f"{place}: the schema is nested too deeply")
        if schema is True:
            return {}
        if schema is False:
            self.notes.append(f"{place}: false became not {{}}, which Grok keeps as well as it can")
            return {"not": {}}
        if not isinstance(schema, dict):
            raise Unfit(f"{place}: expected a schema (an object), got {schema!r}")
        made = {name: value for name, value in schema.items() if name not in DROPPED_WORDS}
        try:
            notes = [note for step in STEPS for note in step(made)]
            check(made)
        except Unfit as error:
            raise Unfit(f"{place}: {error}") from None
        self.notes += [f"{place}: {note}" for note in notes]
        if "$ref" in made:
            made = self._referred(made, place, within)
        return self._members(made, place, within)

    def _members(self, schema: dict[str, Any], place: str, within: tuple[str, ...]) -> dict[str, Any]:
        made = {name: value for name, value in schema.items() if name not in _DEFINITIONS}
        for name in _OF_SCHEMAS:
            if name in made:
                made[name] = self._each(made[name], f"{place}/{name}", within)
        for name in _LISTS_OF_SCHEMAS:
            if name in made:
                parts = enumerate(made[name])
                made[name] = [self.inner(part, f"{place}/{name}/{number}", within) for number, part in parts]
        for name in _SCHEMAS:
            if name in made and not (name == "additionalProperties" and isinstance(made[name], bool)):
                made[name] = self.inner(made[name], f"{place}/{name}", within)
        return made

    def _each(self, schemas: dict[str, Any], place: str, within: tuple[str, ...]) -> dict[str, Any]:
        return {name: self.inner(part, f"{place}/{_escaped(name)}", within) for name, part in schemas.items()}

    def inner(self, schema: Any, place: str, within: tuple[str, ...]) -> dict[str, Any]:
        """A member of another schema."""
        return self.part(schema, place, (*within, place))

    def _referred(self, schema: dict[str, Any], place: str, within: tuple[str, ...]) -> dict[str, Any]:
        target = schema["$ref"]
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        found = self._found(target, place)
        if target in within:
            self.notes.append(f"{place}: {target} contains itself, which Grok refuses: anything is taken there")
            open_objects(beside)
            return beside
        name = _definition_name(target)
        if name is None:
            return {**self.part(found, place, (*within, target)), **beside}
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self.part(found, target, (*within, target))
        return {"$ref": f"#/$defs/{_escaped(name)}", **beside}

    def _found(self, target: str, place: str) -> Any:
        if target != "#" and not target.startswith("#/"):
            raise Unfit(f"{place}: the reference {target} leads out of this schema: write out what it means")
        found: Any = self.root
        for step in target.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, dict) and name in found:
                found = found[name]
            else:
                raise Unfit(f"{place}: the reference {target} leads nowhere within this schema")
        return found


def _definition_name(target: str) -> str | None:
    for name in _DEFINITIONS:
        rest = target.removeprefix(f"#/{name}/")
        if rest != target and "/" not in rest:
            return rest.replace("~1", "/").replace("~0", "~")
    return None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
