"""What is read of a function once, however often and on however many instances it is called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grokkit.tools.decoding import arguments_decoder
from grokkit.tools.fit import Schema, fit_arguments
from grokkit.tools.refusals import ToolUnfit
from grokkit.tools.running import in_thread
from grokkit.tools.schema import written
from grokkit.tools.shapes.compiler import Compiler, NameUnknown
from grokkit.tools.signatures import ParameterUnfit, Signature, read_signature

if TYPE_CHECKING:
    from grokkit.tools.context import ToolContext


class UnknownName(ToolUnfit):
    """An annotation names what is not known, or not known yet."""


Placed = tuple[list[Any], dict[str, Any]]
_NO_DESCRIPTION = "has no description: say in a docstring what it does and when it is of use"


@dataclass(frozen=True, slots=True)
class Spec:
    """What the model is told of a tool, how arguments are decoded and placed in a call, and how that is made."""

    description: str
    parameters: dict[str, Any]
    notes: tuple[str, ...]
    decode: Callable[[str], dict[str, Any]]
    place: Callable[[Mapping[str, Any], ToolContext], Placed]
    is_async: bool


def spec_of(
    function: Callable[..., Any],
    name: str,
    description: str | None,
    *,
    skip_first: bool = False,
    names: Mapping[str, Any] | None = None,
) -> Spec:
    """The spec of a function; raises `ToolUnfit`, of the kind `UnknownName` where an annotation names nothing (yet)."""
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        raise ToolUnfit(f"tool {name!r}: a function that yields has no one result; return a list")
    try:
        signature = read_signature(function, Compiler(names), skip_first=skip_first)
        schema = _schema(signature)
    except NameUnknown as error:
        raise UnknownName(f"tool {name!r}: {error}") from error
    except ParameterUnfit as error:
        raise ToolUnfit(f"tool {name!r}, parameter {error.parameter!r}: {error}", param=error.parameter) from error
    except (TypeError, ValueError) as error:
        raise ToolUnfit(f"tool {name!r}: {error}") from error
    told = signature.description if description is None else description
    notes = () if told else (_NO_DESCRIPTION,)
    return Spec(
        told,
        schema.json,
        (*notes, *signature.notes, *schema.notes),
        arguments_decoder(name, signature.arguments.read),
        functools.partial(_placed, signature),
        is_async(function),
    )


def _schema(signature: Signature) -> Schema:
    schema = written(signature.arguments)
    return Schema(fit_arguments(schema.json).json, schema.notes)


def _placed(signature: Signature, arguments: Mapping[str, Any], context: ToolContext) -> Placed:
    named = dict(arguments)
    if signature.context is not None:
        named[signature.context] = context
    if not signature.positional:
        return [], named
    return [named.pop(name, default) for name, default in signature.positional], named


async def called_in_thread(name: str, function: Callable[..., Any], placed: Placed) -> Any:
    """What a function returns that is not async, from a thread of its own."""
    positional, named = placed
    result = await in_thread(name, functools.partial(function, *positional, **named))
    return await result if isinstance(result, Awaitable) else result


def is_async(function: Any) -> bool:
    """Whether what it returns is to be awaited."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004 - the method of an object, not whether there is one
