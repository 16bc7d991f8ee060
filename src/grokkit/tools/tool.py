"""A function that the model may call."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, Protocol, Self, TypeVar, cast, overload

from grokkit.errors import Misused
from grokkit.tools.context import ToolContext
from grokkit.tools.encoding import encode_result
from grokkit.tools.refusals import ToolUnfit
from grokkit.tools.settings import Effects, Settings, name_of
from grokkit.tools.shapes.compiler import UnknownName
from grokkit.tools.spec import Spec, call, spec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
Dialect = Literal["responses", "chat"]


class Tool(Generic[P, R]):
    """A function that the model may call; called by you, it is the function that it was.

    `tool` makes one of a function, `Tool.from_schema` of a JSON Schema. `notes` tells what was changed in the schema
    and why, and what the model is not told.

    >>> @tool(effects="read_only")
    ... def weather(city: str, days: int = 1) -> str:
    ...     '''Forecast for a city.  Args: city: its name.'''
    ...     return f"{city}: rain for {days} days"
    >>> weather("Oslo")
    'Oslo: rain for 1 days'
    >>> weather.parameters["properties"]["city"]
    {'description': 'its name.', 'type': 'string'}
    >>> weather.decode('{"city": "Oslo", "days": 3}')
    {'city': 'Oslo', 'days': 3}
    """

    def __init__(self, function: Callable[P, R], settings: Settings, read: Callable[[], Spec]) -> None:
        functools.update_wrapper(cast("Any", self), function)
        self._function = function
        self._settings = settings
        self._read = read
        self._in_class = False

    @classmethod
    def from_schema(
        cls,
        name: str,
        description: str,
        schema: Mapping[str, Any],
        run: Callable[..., Any],
        *,
        effects: Effects = "destructive",
        time_limit: float | None = None,
        cache_ttl: float | None = None,
        defer_loading: bool = False,
    ) -> Tool[..., Any]:
        """A tool from a JSON Schema: `run` gets the arguments as one dictionary, validated by the schema as given.

        `run` may be async, and may have a parameter annotated `ToolContext`. Needs the extra `schema`. Raises
        `ToolUnfit` for schemas that Grok refuses and that cannot be rewritten, `ExtraMissing` without jsonschema-rs.

        >>> schema = {"properties": {"celsius": {"type": "number", "minimum": -273.15}}, "required": ["celsius"]}
        >>> kelvin = Tool.from_schema("kelvin", "From Celsius.", schema, lambda given: given["celsius"] + 273.15)
        >>> kelvin.decode('{"celsius": -300}')
        Traceback (most recent call last):
            ...
        grokkit.tools.refusals.ArgumentsRefused: the arguments of kelvin cannot be used:
        - celsius: -300 is less than the minimum of -273.15
        try: give the message to the model as the call's result: it can make the call again, put right
        """
        from grokkit.tools.raw import spec_of_schema

        settings = Settings(name, description, effects, time_limit, cache_ttl, defer_loading)
        spec = spec_of_schema(name, description, schema, run)
        return Tool(run, settings, lambda: spec)

    @functools.cached_property
    def _spec(self) -> Spec:
        return self._of_method if self._in_class else self._read()

    @functools.cached_property
    def _of_method(self) -> Spec:
        """The spec without the first parameter: read once, however many instances there are."""
        function = getattr(self._function, "__func__", self._function)
        return _spec(function, self._settings, skip_first=True)

    @property
    def name(self) -> str:
        """What the model calls it."""
        return self._settings.name

    @property
    def description(self) -> str:
        """What the model is told that it does."""
        return self._spec.description

    @property
    def parameters(self) -> dict[str, Any]:
        """The JSON Schema of the arguments, as Grok takes it."""
        return self._spec.parameters

    @property
    def effects(self) -> Effects:
        """What running it twice would do: nothing, the same as once, or harm. Unsaid, it is taken for harm."""
        return self._settings.effects

    @property
    def time_limit(self) -> float | None:
        """Seconds that one call may take; `None` leaves it to the run."""
        return self._settings.time_limit

    @property
    def cache_ttl(self) -> float | None:
        """Seconds that a result may be used again for the same arguments; `None` keeps no results."""
        return self._settings.cache_ttl

    @property
    def defer_loading(self) -> bool:
        """Whether the model only learns of it through `tool_search`."""
        return self._settings.defer_loading

    @property
    def notes(self) -> tuple[str, ...]:
        """What was changed in the schema and why, what Grok will not enforce, and what is missing."""
        return self._spec.notes

    def definition(self, dialect: Dialect = "responses") -> dict[str, Any]:
        """The tool as the request's `tools` lists it: flat for Responses, nested for chat completions."""
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        if dialect == "chat":
            return {"type": "function", "function": function}
        return {"type": "function", **function, **({"defer_loading": True} if self.defer_loading else {})}

    def decode(self, arguments: str) -> dict[str, Any]:
        """The arguments that the model sent, as the function's own types; left-out ones stay out.

        Raises `ArgumentsRefused`, and nothing else; its message tells the model all that is wrong, and where.
        """
        return self._spec.decode(arguments)

    async def run(
        self, arguments: Mapping[str, Any], *, key: str, call_id: str | None = None, tenant: str | None = None
    ) -> Any:
        """What the function returns for decoded arguments, or raises.

        Async functions are awaited, others run in a thread of their own and see the context variables of the caller;
        cancelling leaves such a thread to itself. `key`, `call_id` and `tenant` reach the function's `ToolContext`.
        """
        if self._in_class:
            raise Misused(f"the tool {self.name} is a method", hint="take it from an instance: an_object.method")
        return await call(self.name, self._function, self._spec.place(arguments, ToolContext(key, call_id, tenant)))

    def encode(self, result: object) -> str:
        """A result as the text that the model reads: text as it is, anything else as JSON.

        Raises `Misused` for what has no JSON form.
        """
        return encode_result(self.name, result)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._function(*args, **kwargs)

    def __set_name__(self, owner: type, name: str) -> None:
        """A function in the body of a class is a method: its first parameter is not the model's."""
        if inspect.isfunction(self._function) or isinstance(self._function, classmethod):
            self._in_class = True
            self.__dict__.pop("_spec", None)

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self: Tool[Concatenate[Any, Q], R], instance: object, owner: type | None = None) -> Tool[Q, R]: ...
    def __get__(self, instance: object, owner: type | None = None) -> Any:
        binds = getattr(self._function, "__get__", None)
        bound = binds(instance, owner) if binds else self._function
        if bound is self._function or not inspect.ismethod(bound):
            return self
        return Tool(bound, self._settings, lambda: self._of_method)

    def __repr__(self) -> str:
        return f"Tool({self.name!r}, effects={self.effects!r})"


def _spec(
    function: Any, settings: Settings, *, skip_first: bool = False, names: Mapping[str, Any] | None = None
) -> Spec:
    try:
        return spec_of(function, settings.name, settings.description, skip_first=skip_first, names=names)
    except UnknownName as error:
        raise ToolUnfit(f"tool {settings.name!r}: {error}") from error


class Decorator(Protocol):
    """What `tool(...)` with options only gives: it makes a tool of a function."""

    def __call__(self, function: Callable[P, R], /) -> Tool[P, R]: ...


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
    function: Callable[..., Any] | None = None,
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
    if function is None:
        options = (description, effects, time_limit, cache_ttl, defer_loading)
        return lambda given: _made(given, Settings(name or name_of(given), *options), _names())
    settings = Settings(name or name_of(function), description, effects, time_limit, cache_ttl, defer_loading)
    return _made(function, settings, _names())


def _names() -> dict[str, Any]:
    """What is known by name where the decorator stands: annotations that are text may mean it."""
    return sys._getframe(2).f_locals


def _made(function: Any, settings: Settings, names: Mapping[str, Any]) -> Tool[..., Any]:
    if inspect.ismethod(function) and isinstance(function.__func__, Tool):
        return cast("Tool[..., Any]", function.__func__.__get__(function.__self__))
    plain = getattr(function, "__func__", function) if isinstance(function, classmethod | staticmethod) else function
    skip_first = isinstance(function, classmethod)
    made: Tool[..., Any] = Tool(function, settings, lambda: _spec(plain, settings, skip_first=skip_first))
    try:  # what is wrong is said where the function stands, not when it is first offered
        vars(made)["_spec"] = spec_of(plain, settings.name, settings.description, skip_first=skip_first, names=names)
    except UnknownName:
        pass  # an annotation names what is defined further down
    return made
