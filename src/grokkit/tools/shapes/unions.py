"""The shape of unions: the branch is found by the kind of the JSON value, then by its tag, then by trying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.tools.shapes.choices import Choice
from grokkit.tools.shapes.objects import Object
from grokkit.tools.shapes.shape import ANY_KIND, KINDS, Fault, Misfit, SchemaBook, Shape, expected, said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NAMES = {"object": "an object", "array": "an array", "integer": "an integer", "boolean": "true or false"}


class Union(Shape):
    """One of several shapes.

    Closer fits are tried first (a choice or a date before plain text, `int` before `float`), then the order written.
    """

    def __init__(self, branches: Sequence[Shape]) -> None:
        self.branches = tuple(branches)
        self.kinds = frozenset[str]().union(*(branch.kinds for branch in branches))
        self.rank = max((branch.rank for branch in branches), default=1)
        self._readers = {type_: _reader(kind, branches) for type_, kind in KINDS.items() if kind in self.kinds}
        self.grows = any(branch.grows for branch in branches)
        self.as_is = frozenset(
            type_ for type_, kind in KINDS.items() if kind in self.kinds and type_ in _fitting(kind, branches)[0].as_is
        )

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """Any of the branches."""
        schemas: list[dict[str, Any]] = []
        for branch in self.branches:
            schema = branch.schema(book)
            if schema not in schemas:
                schemas.append(schema)
        if {} in schemas:
            return {}
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def closer(self, begun: Any) -> Shape:
        """The branch, once only one is left."""
        kind = KINDS.get(type(begun), "")
        left = [branch.closer(begun) for branch in self.branches if kind in branch.kinds]
        if len(left) > 1 and isinstance(begun, dict):
            left = [branch for branch in left if not isinstance(branch, Object) or branch.may_be(begun)]
        return left[0] if len(left) == 1 else self

    def read(self, value: Any) -> Any:
        """What the branch that fits makes of the value."""
        read = self._readers.get(type(value))
        if read is None:
            names = sorted(_NAMES.get(kind, f"a {kind}") if kind != "null" else "null" for kind in self.kinds)
            raise expected(" or ".join(names), value)
        return read(value)


def _reader(kind: str, branches: Sequence[Shape]) -> Callable[[Any], Any]:
    fitting = _fitting(kind, branches)
    if len(fitting) == 1:
        return fitting[0].read
    tagged = _by_tag(fitting) if kind == "object" else None
    return tagged or _first_of(fitting)


def _fitting(kind: str, branches: Sequence[Shape]) -> list[Shape]:
    """The branches that take this kind of value, the closest first."""
    return sorted((branch for branch in branches if kind in branch.kinds), key=lambda branch: _rank(branch, kind))


def _rank(branch: Shape, kind: str) -> int:
    """A float is a closer fit for 3.0 than an integer is."""
    is_whole = kind == "number" and "integer" in branch.kinds and branch.kinds != ANY_KIND
    return 3 - branch.rank if is_whole and branch.rank in {1, 2} else branch.rank


def _first_of(branches: Sequence[Shape]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        misfits: list[Misfit] = []
        for branch in branches:
            try:
                return branch.read(value)
            except Misfit as misfit:
                misfits.append(misfit)
        said_of_each = "; or ".join(", ".join(map(str, misfit.faults)) for misfit in misfits)
        raise Misfit(Fault(f"fits none of {len(branches)} forms: {said_of_each}"))

    return read


def _by_tag(branches: Sequence[Shape]) -> Callable[[Any], Any] | None:
    """A reader that looks at the one field in which all branches differ, if there is one."""
    objects = [branch for branch in branches if isinstance(branch, Object)]
    if len(objects) < len(branches):
        return None
    for name in (field.name for field in objects[0].fields):
        tags = [_tags(branch, name) for branch in objects]
        flat = [tag for each in tags for tag in each]
        if all(tags) and len(set(flat)) == len(flat):
            return _tagged(name, {tag: branch for branch, each in zip(objects, tags, strict=True) for tag in each})
    return None


def _tags(branch: Object, name: str) -> list[str]:
    shapes = [field.shape for field in branch.fields if field.name == name and field.required]
    offered = shapes[0].offered if shapes and isinstance(shapes[0], Choice) else []
    return offered if all(isinstance(tag, str) for tag in offered) else []


def _tagged(name: str, branches: dict[str, Object]) -> Callable[[Any], Any]:
    def read(value: dict[str, Any]) -> Any:
        tag = value.get(name)
        branch = branches.get(tag) if isinstance(tag, str) else None
        if branch is None:
            got = said(tag) if name in value else "nothing"
            raise Misfit(Fault(f"expected one of {', '.join(map(said, branches))}, got {got}", (name,)))
        return branch.read(value)

    return read
