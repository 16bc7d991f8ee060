"""The shapes of classes with named fields: dataclass, attrs, msgspec.Struct, TypedDict, NamedTuple."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_origin

import msgspec

from grokkit.tools.docstrings import Documented, read_docstring
from grokkit.tools.shapes.arrays import Row
from grokkit.tools.shapes.choices import Choice
from grokkit.tools.shapes.objects import Field, Object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grokkit.tools.shapes.shape import Shape


class Making(NamedTuple):
    """What is needed to describe a class: its resolved annotations, and the shape of each."""

    hints: Mapping[str, Any]
    shape: Callable[[Any], Shape]


def is_record(kind: Any) -> bool:
    """Whether this is a class with named fields that is understood."""
    return _maker(kind) is not None


def record_of(kind: Any, making: Making) -> Shape:
    """The shape of such a class."""
    maker = _maker(kind)
    if maker is None:
        raise TypeError(f"{kind} has no named fields")
    return maker(kind, making)


def _maker(kind: Any) -> Callable[[Any, Making], Shape] | None:
    if not isinstance(kind, type):
        return None
    if hasattr(kind, "__required_keys__") and hasattr(kind, "__total__"):
        return _of_typed_dict
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return _of_named_tuple
    if issubclass(kind, msgspec.Struct):
        return _of_struct
    return _of_class if dataclasses.is_dataclass(kind) or hasattr(kind, "__attrs_attrs__") else None


def _of_typed_dict(kind: Any, making: Making) -> Shape:
    documented = _documented(kind)
    fields = [
        Field(
            name,
            making.shape(hint),
            name,
            required=_is_required(kind, name, hint),
            description=documented.parameters.get(name),
        )
        for name, hint in making.hints.items()
    ]
    return Object(fields, None, name=kind.__name__, description=documented.description or None)


def _is_required(kind: Any, name: str, hint: Any) -> bool:
    """What wraps the annotation counts: with postponed annotations `__required_keys__` does not know of it."""
    wrapper = getattr(get_origin(hint), "_name", None)
    if wrapper == "ReadOnly":
        return _is_required(kind, name, get_args(hint)[0])
    if wrapper in {"Required", "NotRequired"}:
        return bool(wrapper == "Required")
    required: frozenset[str] = kind.__required_keys__
    return name in required


def _of_named_tuple(kind: Any, making: Making) -> Shape:
    names = kind._fields
    places = [making.shape(making.hints.get(name, Any)) for name in names]
    return Row(places, lambda items: kind(*items), names=names, least=len(names) - len(kind._field_defaults))


def _of_struct(kind: Any, making: Making) -> Shape:
    documented = _documented(kind)
    config = kind.__struct_config__
    known = msgspec.structs.fields(kind)
    fields = [
        Field(
            field.encode_name,
            making.shape(making.hints[field.name]),
            field.name,
            required=field.required,
            default=msgspec.UNSET if field.default is msgspec.NODEFAULT else field.default,
            description=documented.parameters.get(field.name),
        )
        for field in known
    ]
    if config.array_like:
        return _of_array_like(kind, fields)
    tag = [] if config.tag is None else [Field(config.tag_field, Choice([(config.tag, config.tag)]), _TAG)]

    def untagged(**made: Any) -> Any:
        del made[_TAG]
        return kind(**made)

    return Object(
        [*tag, *fields], untagged if tag else kind, name=kind.__name__, description=documented.description or None
    )


_TAG = "<tag>"
_MADE_LATER = {"_HAS_DEFAULT_FACTORY_CLASS", "_Nothing"}
"""What stands in a signature for a default that a factory makes: of dataclasses, of attrs."""


def _of_array_like(kind: Any, fields: list[Field]) -> Shape:
    config = kind.__struct_config__
    tag = [] if config.tag is None else [Choice([(config.tag, config.tag)])]

    def make(items: list[Any]) -> Any:
        return kind(**dict(zip([field.target for field in fields], items[len(tag) :], strict=False)))

    places = [*tag, *(field.shape for field in fields)]
    least = len(tag) + sum(field.required for field in fields)
    names = [*(config.tag_field for _ in tag), *(field.name for field in fields)]
    return Row(places, make, names=names, least=least)


def _of_class(kind: Any, making: Making) -> Shape:
    documented = _documented(kind)
    attributes = {_alias(each): each for each in _attributes(kind)}
    fields = []
    for name, parameter in inspect.signature(kind).parameters.items():
        attribute = attributes.get(name)
        hint = making.hints.get(attribute.name if attribute else name, parameter.annotation)
        plain = None if parameter.default is inspect.Parameter.empty else parameter.default
        described = attribute.metadata.get("description") if attribute else None
        fields.append(
            Field(
                name,
                making.shape(Any if hint is inspect.Parameter.empty else hint),
                name,
                required=parameter.default is inspect.Parameter.empty,
                default=plain if type(plain).__name__ not in _MADE_LATER else msgspec.UNSET,
                description=described or documented.parameters.get(name),
            )
        )
    return Object(fields, kind, name=kind.__name__, description=documented.description or None)


def _attributes(kind: Any) -> tuple[Any, ...]:
    return tuple(getattr(kind, "__attrs_attrs__", ())) or dataclasses.fields(kind)


def _alias(attribute: Any) -> str:
    alias: str = getattr(attribute, "alias", None) or attribute.name
    return alias


def _documented(kind: type) -> Documented:
    """What the class says of itself; what `dataclass` and `NamedTuple` write by themselves says nothing."""
    text = kind.__dict__.get("__doc__") or ""
    return Documented() if text.startswith(f"{kind.__name__}(") else read_docstring(text)
