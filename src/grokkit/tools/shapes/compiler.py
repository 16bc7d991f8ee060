"""From a Python type to its shape."""

from __future__ import annotations

import functools
import operator
import types
import typing
from collections import abc, deque
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, NewType, TypeVar, get_args, get_origin, get_type_hints

from msgspec import UnsetType

from grokkit.tools.shapes import plain
from grokkit.tools.shapes.arrays import Items, Row
from grokkit.tools.shapes.bounds import Marks, bounded
from grokkit.tools.shapes.choices import choice_of_enum, choice_of_literal
from grokkit.tools.shapes.foreign import is_of_pydantic, of_pydantic
from grokkit.tools.shapes.formats import FORMATTED, instant, local_instant, zoned_time
from grokkit.tools.shapes.mappings import mapping_of
from grokkit.tools.shapes.records import Making, is_record, record_of
from grokkit.tools.shapes.unions import Union
from grokkit.tools.shapes.worded import Worded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grokkit.tools.shapes.shape import Shape

_PLAIN: dict[object, Callable[[], Shape]] = {
    Any: plain.Anything,
    object: plain.Anything,
    None: plain.Null,
    type(None): plain.Null,
    bool: plain.Boolean,
    int: plain.Integer,
    float: plain.Number,
    str: plain.Text,
}
_SEQUENCES: dict[object, Callable[[list[Any]], Any] | None] = {
    **dict.fromkeys((list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable, abc.Container), None),
    **dict.fromkeys((set, abc.Set, abc.MutableSet), set),
    frozenset: frozenset,
    deque: deque,
}
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
_WRAPPERS = {"Required", "NotRequired", "ReadOnly", "Final", "ClassVar", "InitVar"}
_ZONED = {("datetime", False): local_instant, ("datetime", True): instant, ("time", True): zoned_time}


class NameUnknown(TypeError):
    """An annotation names what is not known, or not known yet."""


class Compiler:
    """Makes shapes of types; one compiler for all that belongs to one schema.

    `names` are what annotations that are text may mean, besides the names of the module that they stand in.
    """

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        self._names = names
        self._known: dict[object, Shape] = {}
        self._open: list[object] = []

    def shape(self, kind: Any, variables: Mapping[Any, Any] | None = None) -> Shape:
        """The shape of a type; raises `TypeError`, which says what has no JSON form and what to use instead."""
        variables = variables or {}
        kind = _unwrapped(kind, variables)
        if isinstance(kind, str | typing.ForwardRef):
            raise TypeError(f"the annotation {kind!r} is text that names nothing known")
        if maker := _simple(kind):
            return maker()
        if get_origin(kind) is Annotated:
            return self._annotated(kind, variables)
        if get_origin(kind) in {typing.Union, types.UnionType}:
            return Union([self.shape(each, variables) for each in get_args(kind) if each is not UnsetType])
        if get_origin(kind) is Literal:
            return choice_of_literal(get_args(kind))
        return self._held(kind, variables)

    def hints(self, owner: Any) -> dict[str, Any]:
        """The annotations of a function or class, text resolved; raises `TypeError` for names that mean nothing."""
        try:
            return get_type_hints(owner, include_extras=True)
        except NameError:
            pass  # perhaps one of the names that came along
        try:
            return get_type_hints(owner, localns=dict(self._names or {}), include_extras=True)
        except NameError as error:
            where = owner.__module__ or "its module"
            raise NameUnknown(
                f"an annotation of {_name(owner)} names {error.name!r}, which {where} does not know: "
                "define or import it there (not only under `if TYPE_CHECKING:`)"
            ) from error

    def _annotated(self, kind: Any, variables: Mapping[Any, Any]) -> Shape:
        inner, *metadata = get_args(kind)
        if is_of_pydantic(kind):
            return of_pydantic(kind, Compiler().shape)
        marks = Marks.of(metadata)
        rules = dict(marks.rules)
        zoned = rules.pop("tz", None)
        zoned_maker = _ZONED.get((getattr(inner, "__name__", ""), zoned)) if zoned is not None else None
        shape = bounded(zoned_maker() if zoned_maker else self.shape(inner, variables), rules)
        return Worded(shape, marks) if marks.description or marks.words else shape

    def _held(self, kind: Any, variables: Mapping[Any, Any]) -> Shape:
        """The shape of a type that holds others."""
        if getattr(type(kind), "__hash__", None) is None:
            raise TypeError(_no_type(kind))
        origin, arguments = get_origin(kind) or kind, get_args(kind)
        if origin in _SEQUENCES:
            return self._sequence(origin, arguments[0] if arguments else Any, variables)
        if origin is tuple:
            return self._tuple(arguments, variables, bare=kind in {tuple, typing.Tuple})  # noqa: UP006 - the old name
        if origin in _MAPPINGS:
            key, value = arguments or (str, Any)
            return mapping_of(key, self.shape(key, variables), self.shape(value, variables))
        if isinstance(origin, type) and issubclass(origin, Enum):
            return choice_of_enum(origin)
        if is_of_pydantic(origin):
            return of_pydantic(kind, Compiler().shape)
        if is_record(origin):
            return self._record(kind, origin, {**variables, **_bound_variables(origin, arguments, variables)})
        raise TypeError(_no_form(kind))

    def _sequence(self, origin: Any, item: Any, variables: Mapping[Any, Any]) -> Shape:
        make = _SEQUENCES[origin]
        kept = get_origin(item) or item
        if make in {set, frozenset} and getattr(kept, "__hash__", None) is None:
            raise TypeError(f"{_name(item)} cannot be kept in a set, as it has no hash: use list[{_name(item)}]")
        return Items(self.shape(item, variables), make)

    def _tuple(self, arguments: tuple[Any, ...], variables: Mapping[Any, Any], *, bare: bool) -> Shape:
        if bare or arguments[1:] == (...,):
            return Items(self.shape(Any if bare else arguments[0], variables), tuple)
        if any(get_origin(each) is typing.Unpack or getattr(each, "__unpacked__", False) for each in arguments):
            raise TypeError("a tuple of some places and then any number of others has no JSON form: use two fields")
        return Row([self.shape(argument, variables) for argument in arguments], tuple)

    def _record(self, kind: Any, origin: type, variables: Mapping[Any, Any]) -> Shape:
        if kind in self._open:
            path = " > ".join(_name(each) for each in [*self._open[self._open.index(kind) :], kind])
            raise TypeError(
                f"{path} contains itself, and Grok refuses schemas that refer to themselves: "
                "use a flat list whose entries name their parent, or write out as many levels as are needed"
            )
        if kind not in self._known:
            self._open.append(kind)
            try:
                making = Making(self.hints(origin), lambda hint: self.shape(hint, variables))
                self._known[kind] = record_of(origin, making)
            finally:
                self._open.pop()
        return self._known[kind]


def _simple(kind: Any) -> Callable[[], Shape] | None:
    try:
        return _PLAIN.get(kind) or FORMATTED.get(kind)
    except TypeError:
        return None


def _unwrapped(kind: Any, variables: Mapping[Any, Any]) -> Any:
    """Without what says nothing about JSON: `NewType`, `Final`, aliases, type variables."""
    while True:
        if isinstance(kind, TypeVar):
            kind = variables.get(kind) or kind.__bound__ or _one_of(kind.__constraints__)
        elif isinstance(kind, NewType):
            kind = kind.__supertype__
        elif type(kind).__name__ == "TypeAliasType":
            kind = kind.__value__
        elif type(kind).__name__ == "InitVar":
            kind = kind.type
        elif getattr(get_origin(kind), "_name", None) in _WRAPPERS:
            kind = get_args(kind)[0]
        else:
            return kind


def _one_of(kinds: tuple[Any, ...]) -> Any:
    return functools.reduce(operator.or_, kinds) if kinds else Any


def _bound_variables(origin: type, arguments: tuple[Any, ...], outer: Mapping[Any, Any]) -> dict[Any, Any]:
    parameters = getattr(origin, "__parameters__", ())
    return {name: _unwrapped(value, outer) for name, value in zip(parameters, arguments, strict=False)}


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", None) or str(kind)


def _no_type(thing: Any) -> str:
    if isinstance(thing, list) and len(thing) == 1:
        return f"a list is written list[{_name(thing[0])}], not [{_name(thing[0])}]"
    return f"a value of the type {type(thing).__name__} is no type: give the type itself"


def _no_form(kind: Any) -> str:
    hint = "use a dataclass, TypedDict, msgspec.Struct, attrs class, pydantic model, or a type of docs/tools.md"
    if get_origin(kind) is not None or not isinstance(kind, type):
        return f"{kind!r} has no JSON form: {hint}"
    return f"{_name(kind)} has no JSON form: {hint}"
