"""A check of JSON values against the part of JSON Schema that xAI's document uses, with faults made to be read.

A union is satisfied by any branch. When none fits, the faults are those of the branch that was most likely meant:
the one whose tag (`type`, `role`) fits, else the one with the fewest faults.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Schema: TypeAlias = "Mapping[str, Any]"

_SHOWN = 60
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


class Fault(NamedTuple):
    """One place where a value is not as its schema says."""

    pointer: str
    problem: str
    tells_branch: bool = False
    """Whether this fault says that another branch of a union was meant."""
    tag: str = ""
    """The known values, where the fault is a value that is none of them."""

    def __str__(self) -> str:
        return f"{self.pointer or '(the whole body)'}: {self.problem}"


class Checker:
    """Checks values against the schemas of one document.

    >>> checker = Checker({"components": {"schemas": {"Name": {"type": "string"}}}})
    >>> schema = {"type": "object", "properties": {"name": {"$ref": "#/components/schemas/Name"}}}
    >>> [str(fault) for fault in checker.faults(schema, {"name": 5})]
    ['/name: string expected, found 5 (integer)']
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._resolved: dict[str, Schema] = {}

    def faults(self, schema: Schema, value: object, pointer: str = "") -> list[Fault]:
        """Every fault of the value, in the order of the schema."""
        schema = self._resolve(schema)
        if wrong := _wrong_type(schema, value, pointer):
            return [wrong]
        found = list(_scalar_faults(schema, value, pointer))
        if isinstance(value, dict):
            found += self._object_faults(schema, value, pointer)
        if isinstance(value, list) and "items" in schema:
            found += [
                fault
                for index, item in enumerate(value)
                for fault in self.faults(schema["items"], item, f"{pointer}/{index}")
            ]
        for part in schema.get("allOf", ()):
            found += self.faults(part, value, pointer)
        for union in ("oneOf", "anyOf"):
            if union in schema:
                found += self._union_faults(schema[union], value, pointer)
        return found

    def _object_faults(self, schema: Schema, value: dict[str, object], pointer: str) -> Iterator[Fault]:
        properties: Schema = schema.get("properties", {})
        unknown = [name for name in value if name not in properties]
        for name in schema.get("required", ()):
            if name not in value:
                yield Fault(f"{pointer}/{_escaped(name)}", _missing(unknown))
        for name, item in value.items():
            rule = properties.get(name, schema.get("additionalProperties"))
            if isinstance(rule, dict):
                for fault in self.faults(rule, item, f"{pointer}/{_escaped(name)}"):
                    yield fault if _is_field(fault, pointer) else fault._replace(tells_branch=False, tag="")
            elif rule is False:
                yield Fault(f"{pointer}/{_escaped(name)}", "not a known field")

    def _union_faults(self, branches: Sequence[Schema], value: object, pointer: str) -> list[Fault]:
        tried = [self.faults(branch, value, pointer) for branch in branches]
        if not all(tried):
            return []
        of_the_kind = [found for found in tried if found[0].pointer != pointer or not found[0].tells_branch]
        if not of_the_kind:
            wanted = " or ".join(dict.fromkeys(found[0].problem.split(" expected", 1)[0] for found in tried))
            tag = ", ".join(found[0].tag for found in tried if found[0].tag)
            return [Fault(pointer, f"{wanted} expected, found {shown(value)}", tells_branch=True, tag=tag)]
        meant = min(of_the_kind, key=lambda found: (any(fault.tag for fault in found), len(found)))
        return _every_tag(of_the_kind) or meant

    def _resolve(self, schema: Schema) -> Schema:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        if reference not in self._resolved:
            target: Any = self._document
            for step in reference.removeprefix("#/").split("/"):
                target = target[step]
            self._resolved[reference] = target
        return self._resolve(self._resolved[reference])


def _is_field(fault: Fault, pointer: str) -> bool:
    """Whether the fault is that of a field of the object at `pointer`, and of nothing deeper."""
    return fault.pointer.count("/") == pointer.count("/") + 1


def shown(value: object) -> str:
    """A value as faults quote it: short, with its kind.

    >>> shown("x" * 100), shown([1, 2]), shown(None)
    ("'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... (string)", 'an array of 2', 'null')
    """
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, dict):
        return "an object with " + (", ".join(map(str, list(value)[:5])) or "nothing in it")
    text = repr(value)
    return f"{text[:_SHOWN]}{'...' if len(text) > _SHOWN else ''} ({kind(value)})"


def kind(value: object) -> str:
    """The word JSON Schema has for the kind of a value."""
    return next((name for type_, name in _KINDS if isinstance(value, type_)), "null")


def _wrong_type(schema: Schema, value: object, pointer: str) -> Fault | None:
    wanted = schema.get("type")
    if wanted is None:
        return None
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    if any(_is_a(value, name) for name in names):
        return None
    return Fault(pointer, f"{' or '.join(names)} expected, found {shown(value)}", tells_branch=True)


def _is_a(value: object, name: str) -> bool:
    found = kind(value)
    if name == "number":
        return found in {"number", "integer"}
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return found == name


def _scalar_faults(schema: Schema, value: object, pointer: str) -> Iterator[Fault]:
    if "enum" in schema and value not in schema["enum"]:
        known = ", ".join(map(repr, schema["enum"][:12]))
        yield Fault(pointer, f"one of {known} expected, found {shown(value)}", tells_branch=True, tag=known)
    for bound, (applies, holds, words) in _BOUNDS.items():
        if (
            bound in schema
            and isinstance(value, applies)
            and not isinstance(value, bool)
            and not holds(value, schema[bound])
        ):
            yield Fault(pointer, f"{words} {schema[bound]} expected, found {shown(value)}")


_BOUNDS: dict[str, tuple[tuple[type, ...], Callable[[Any, Any], bool], str]] = {
    "minimum": ((int, float), lambda value, bound: value >= bound, "at least"),
    "maximum": ((int, float), lambda value, bound: value <= bound, "at most"),
    "exclusiveMinimum": ((int, float), lambda value, bound: value > bound, "more than"),
    "minItems": ((list,), lambda value, bound: len(value) >= bound, "a length of at least"),
    "maxItems": ((list,), lambda value, bound: len(value) <= bound, "a length of at most"),
    "pattern": ((str,), lambda value, bound: re.search(bound, value) is not None, "the pattern"),
}


def _every_tag(tried: Sequence[list[Fault]]) -> list[Fault]:
    """One fault with the tags of all branches, when the value has a tag that none of them has."""
    tags = [next((fault for fault in found if fault.tag), None) for found in tried]
    known = [fault for fault in tags if fault is not None]
    if len(known) < max(len(tried), 2) or len({fault.pointer for fault in known}) > 1:
        return []
    wanted = ", ".join(dict.fromkeys(fault.tag for fault in known))
    return [known[0]._replace(problem=known[0].problem.replace(known[0].tag, wanted, 1))]


def _missing(unknown: Sequence[str]) -> str:
    strangers = f"; not in the document: {', '.join(unknown[:5])}" if unknown else ""
    return f"required, and missing{strangers}"


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
