"""What the signature and the docstring of a function say of its parameters."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Unpack, get_args, get_origin

import msgspec

from grokkit.tools.context import ToolContext
from grokkit.tools.docstrings import read_docstring
from grokkit.tools.fitting import Unfit
from grokkit.tools.shapes.objects import Field, Object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grokkit.tools.shapes.compiler import Compiler

_EMPTY = inspect.Parameter.empty
_POSITIONAL = inspect.Parameter.POSITIONAL_ONLY


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters that the model fills, and how the function is called with them."""

    arguments: Object
    positional: tuple[tuple[str, object], ...]
    """Parameters that can only be given by place, with their defaults."""
    context: str | None
    """The parameter that gets the `ToolContext`."""
    description: str
    notes: tuple[str, ...]


class ParameterUnfit(Unfit):
    """A parameter cannot be offered; `parameter` is its name."""

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(problem)
        self.parameter = parameter


def read_signature(function: Callable[..., Any], compiler: Compiler, *, skip_first: bool = False) -> Signature:
    """The parameters of a function; raises `ParameterUnfit` for what the model cannot be asked for."""
    described = _described(function)
    hints = compiler.hints(described)
    documented = read_docstring(_doc(inspect.unwrap(function)))
    parameters = list(inspect.signature(function).parameters.values())[1 if skip_first else 0 :]
    context = next((each.name for each in parameters if _is_context(hints.get(each.name))), None)
    fields: list[Field] = []
    notes: list[str] = []
    for parameter in parameters:
        if parameter.name != context:
            fields += _fields(parameter, hints, compiler, documented.parameters)
            notes += _missing(parameter, hints)
    return Signature(
        arguments=Object(fields, None),
        positional=tuple((each.name, each.default) for each in parameters if each.kind is _POSITIONAL),
        context=context,
        description=documented.description,
        notes=tuple(notes),
    )


def _described(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function whose annotations count: under `partial`, or the `__call__` of an object."""
    function = inspect.unwrap(function)
    if isinstance(function, functools.partial):
        return _described(function.func)
    if isinstance(function, type):
        return _described(inspect.getattr_static(function, "__init__"))
    return function if inspect.isroutine(function) else type(function).__call__


def _doc(function: Any) -> str | None:
    """The docstring of what is not a function itself: under `partial`, a class, or the class of an object."""
    if isinstance(function, functools.partial):
        return _doc(function.func)
    is_plain = inspect.isroutine(function) or isinstance(function, type)
    return inspect.getdoc(function if is_plain else type(function))


def _fields(
    parameter: inspect.Parameter, hints: Mapping[str, Any], compiler: Compiler, words: Mapping[str, str]
) -> list[Field]:
    name, hint = parameter.name, hints.get(parameter.name, Any)
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        raise ParameterUnfit(name, f"*{name} has no name for the model to fill: use a parameter {name}: list[...]")
    try:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            return _unpacked(name, hint, compiler)
        shape = compiler.shape(hint)
    except TypeError as error:
        raise ParameterUnfit(name, str(error)) from error
    has_default = parameter.default is not _EMPTY
    default = parameter.default if has_default else msgspec.UNSET
    return [
        Field(name, shape, name, required=not has_default, default=default, description=words.get(name)),
    ]


def _unpacked(name: str, hint: Any, compiler: Compiler) -> list[Field]:
    """The fields of `**name: Unpack[SomeTypedDict]`."""
    if get_origin(hint) is not Unpack:
        problem = f"**{name} takes any name, so the model cannot know which: type it as **{name}: Unpack[ATypedDict]"
        raise Unfit(problem)
    shape = compiler.shape(get_args(hint)[0])
    if not isinstance(shape, Object):
        raise Unfit(f"**{name}: Unpack[...] needs a TypedDict")
    return list(shape.fields)


def _missing(parameter: inspect.Parameter, hints: Mapping[str, Any]) -> list[str]:
    if parameter.name in hints or parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return []
    return [f"{parameter.name}: has no annotation, so the model may send anything for it"]


def _is_context(hint: Any) -> bool:
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return inner is ToolContext or (ToolContext in get_args(inner) and type(None) in get_args(inner))
