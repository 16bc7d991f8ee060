"""How a function becomes a tool."""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast, overload

from grokkit.tools.refusals import ToolUnfit
from grokkit.tools.settings import Effects, Settings, name_of
from grokkit.tools.spec import UnknownName, spec_of
from grokkit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = ParamSpec("P")
R = TypeVar("R")
_LONGEST = 200


class Decorator(Protocol):
    """What `tool(...)` with options only gives: it makes a tool of a function."""

    @overload
    def __call__(self, function: classmethod[Any, ..., R] | staticmethod[..., R], /) -> Tool[..., R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Tool[P, R]: ...


@overload
def tool(function: classmethod[Any, ..., R] | staticmethod[..., R], /) -> Tool[..., R]: ...
@overload
def tool(
    function: Callable[P, R],
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    effects: Effects = "destructive",
    time_limit: float | None = None,
    cache_ttl: float | None = None,
    defer_loading: bool = False,
) -> Tool[P, R]: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    effects: Effects = "destructive",
    time_limit: float | None = None,
    cache_ttl: float | None = None,
    defer_loading: bool = False,
) -> Decorator: ...
def tool(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    effects: Effects = "destructive",
    time_limit: float | None = None,
    cache_ttl: float | None = None,
    defer_loading: bool = False,
) -> Any:
    """A tool of a function or method, sync or async; a decorator, with options or without, or a plain call.

    Name, description and parameters come from the function, its annotations and its docstring (Google, NumPy or
    Sphinx style). `effects` says what running it twice would do, `time_limit` and `cache_ttl` are seconds, and a tool
    with `defer_loading` is only found by `tool_search`. Raises `ToolUnfit` for what Grok would refuse, with what to
    use instead.

    >>> @tool
    ... def shout(text: str) -> str:
    ...     '''The text in capitals.'''
    ...     return text.upper()
    >>> shout.definition("chat")["function"]["parameters"]["required"]
    ['text']
    """
    names = _names()

    def make(given: Any) -> Tool[..., Any]:
        _refuse_no_function(given)
        called = name_of(given) if name is None else name
        return _made(given, Settings(called, description, effects, time_limit, cache_ttl, defer_loading), names)

    return make if function is None else make(function)


def _refuse_no_function(given: object) -> None:
    if callable(given) or isinstance(given, classmethod | staticmethod):
        return
    raise ToolUnfit(
        f"a tool is made of a function, not of {given!r}"[:_LONGEST],
        hint='options have names: @tool(name="...")' if isinstance(given, str) else "give it a function",
    )


def _names() -> Mapping[str, Any]:
    """What is known by name where the decorator stands: annotations that are text may mean it."""
    frame = inspect.currentframe()
    caller = frame.f_back.f_back if frame and frame.f_back else None
    return caller.f_locals if caller else {}


def _made(function: Any, settings: Settings, names: Mapping[str, Any]) -> Tool[..., Any]:
    if inspect.ismethod(function) and isinstance(function.__func__, Tool):
        return cast("Tool[..., Any]", function.__func__.__get__(function.__self__))
    plain: Any = function.__func__ if isinstance(function, classmethod | staticmethod) else function
    read = functools.partial(spec_of, plain, settings.name, settings.description)
    as_method = functools.cache(functools.partial(read, skip_first=True))
    can_bind = inspect.isfunction(function) or isinstance(function, classmethod)
    made: Tool[..., Any] = Tool(cast("Any", function), settings, read, read_as_method=as_method if can_bind else None)
    with contextlib.suppress(UnknownName):  # it names what is defined further down: read again when it is offered
        vars(made)["_spec"] = read(skip_first=isinstance(function, classmethod), names=names)
    return made
