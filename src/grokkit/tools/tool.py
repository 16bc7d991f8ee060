"""A function that the model may call."""

from __future__ import annotations

import copy
import functools
import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, Self, TypeVar, Unpack, cast, overload

from grokkit.errors import Misused
from grokkit.tools.changing import Changes, changed_spec
from grokkit.tools.context import ToolContext
from grokkit.tools.encoding import encode_result
from grokkit.tools.settings import Effects, Settings
from grokkit.tools.spec import Spec, called_in_thread

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

    >>> from grokkit.tools import tool
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

    def __init__(
        self,
        function: Callable[P, R],
        settings: Settings,
        read: Callable[[], Spec],
        *,
        read_as_method: Callable[[], Spec] | None = None,
    ) -> None:
        functools.update_wrapper(cast("Any", self), function)
        self._function = function
        self._settings = settings
        self._read = read
        self._read_as_method = read_as_method
        self._is_method = False

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
        return self._read()

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

    def changed(self, **changes: Unpack[Changes]) -> Tool[P, R]:
        """The same tool under another name, description or limit; this one stays as it is.

        Raises `ToolUnfit` for what a tool cannot be.

        >>> from grokkit.tools import tool
        >>> @tool
        ... def shout(text: str) -> str:
        ...     '''The text in capitals.'''
        ...     return text.upper()
        >>> shout.changed(name="loud__shout", effects="read_only")
        Tool('loud__shout', effects='read_only')
        """
        settings = replace(self._settings, **changes)
        read = self._read
        made = copy.copy(self)
        vars(made).pop("_spec", None)
        vars(made).update(_settings=settings, _read=lambda: changed_spec(read(), settings))
        return made

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
        if self._is_method:
            raise Misused(f"the tool {self.name} is a method", hint="take it from an instance: an_object.method")
        spec = self._spec
        placed = spec.place(arguments, ToolContext(key, call_id, tenant))
        if spec.is_async:
            positional, named = placed
            return await cast("Any", self._function)(*positional, **named)
        return await called_in_thread(self.name, self._function, placed)

    def encode(self, result: object) -> str:
        """A result as the text that the model reads: text as it is, anything else as JSON.

        Raises `Misused` for what has no JSON form.
        """
        return encode_result(self.name, result)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """What the function itself returns: nothing is decoded, nothing runs elsewhere."""
        return self._function(*args, **kwargs)

    def __set_name__(self, owner: type, name: str) -> None:
        """In the body of a class it is a method: its first parameter is not the model's."""
        if self._read_as_method is not None:
            self._is_method = True
            self._read = self._read_as_method
            vars(self).pop("_spec", None)

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self: Tool[Concatenate[Any, Q], R], instance: object, owner: type | None = None) -> Tool[Q, R]: ...
    def __get__(self, instance: object, owner: type | None = None) -> Any:
        if self._read_as_method is None:
            return self
        bound = cast("Any", self._function).__get__(instance, owner)
        return Tool(bound, self._settings, self._read_as_method) if inspect.ismethod(bound) else self

    def __repr__(self) -> str:
        return f"Tool({self.name!r}, effects={self.effects!r})"
