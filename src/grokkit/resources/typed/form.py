"""A form: one type as the schema that the request carries, and as the reader of what comes."""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from grokkit.errors import Misused
from grokkit.resources.typed.finding import candidates
from grokkit.tools.decoding import parsed
from grokkit.tools.refusals import ToolUnfit, ValueRefused
from grokkit.tools.schema import written
from grokkit.tools.shapes.compiler import Compiler
from grokkit.tools.shapes.objects import Field, Object
from grokkit.tools.shapes.shape import Fault, Misfit

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from grokkit.tools.fit import Schema
    from grokkit.tools.shapes.shape import Shape

T = TypeVar("T")
Dialect = Literal["responses", "chat"]

HELD = "value"
"""The field that holds what is no object by itself: a list, a union, a number."""
_LONGEST_NAME = 64


class Form(Generic[T]):
    """What a type is to the model: a schema to keep to. `schema.notes` says what Grok does not enforce.

    Types that are no objects, of which JSON Schema makes the root of an answer, are put into one with the single
    field `value`, and taken out again. Raises `ToolUnfit` for types that have no JSON form.

    >>> form = Form(list[int])
    >>> form.fields("responses")["text"]["format"]["schema"]["properties"]
    {'value': {'type': 'array', 'items': {'type': 'integer'}}}
    >>> form.read('{"value": [1, 2]}')
    [1, 2]
    >>> form.read('{"value": [1, "two"]}')
    Traceback (most recent call last):
        ...
    grokkit.tools.refusals.ValueRefused: the answer cannot be used:
    - value[1]: expected an integer, got the string "two"
    try: send the value again with what the message names put right
    """

    def __init__(self, type_: TypeForm[T]) -> None:
        kind: Any = type_
        self.name = _name(kind)
        try:
            shape = Compiler().shape(kind)
            schema = written(shape)
            self.wrapped = schema.json.get("type") != "object"
            self.inner = shape
            self.shape: Shape = Object([Field(HELD, shape, HELD)], None) if self.wrapped else shape
            self.schema: Schema = written(self.shape) if self.wrapped else schema
        except TypeError as error:
            raise ToolUnfit(
                f"an answer cannot be {_said(kind)}: {error}",
                hint="docs/typed-answers.md lists the types that an answer can have",
                param="into",
            ) from error

    def __repr__(self) -> str:
        return f"<Form {self.name}>"

    def fields(self, dialect: Dialect) -> dict[str, Any]:
        """The fields of a request that ask for such an answer."""
        if dialect == "chat":
            described = {"name": self.name, "schema": self.schema.json, "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": described}}
        return {
            "text": {"format": {"type": "json_schema", "name": self.name, "schema": self.schema.json, "strict": True}}
        }

    def read(self, text: str) -> T:
        """The value in an answer. Fences, and thoughts before the JSON, are passed over.

        Raises `ValueRefused`, which lists all faults.
        """
        first: tuple[Fault, ...] | None = None
        if not text.strip():
            raise ValueRefused.of("the answer", (Fault("it is empty"),))
        for candidate in candidates(text):
            try:
                return self._read(parsed(candidate))
            except Misfit as misfit:
                first = misfit.faults if first is None or _is_no_json(first) else first
            except RecursionError:
                first = first or (Fault("it is nested too deeply"),)
        raise ValueRefused.of("the answer", first or ())

    def _read(self, value: object) -> T:
        try:
            read = self.shape.read(value)
        except Misfit:
            if not self.wrapped or (isinstance(value, dict) and value.keys() == {HELD}):
                raise
            return cast("T", self.inner.read(value))  # a server that enforces nothing: the model left the wrapper out
        return cast("T", read[HELD] if self.wrapped else read)

    def list_field(self, field: str | None) -> str | None:
        """The field whose items can be handed out one by one: the one that is named, else the only list there is.

        `None` when the value itself is the list. Raises `Misused` where there is no such list.
        """
        if field is None and "array" in self.inner.kinds:
            return None
        members = [] if self.wrapped else [self.shape.member(name) for name in self.schema.json.get("properties", ())]
        lists = [str(member.name) for member in members if member is not None and "array" in member.shape.kinds]
        found = lists if field is None else [name for name in lists if name == field]
        if len(found) != 1:
            wanted = f"no list {field}" if field is not None else "several lists" if lists else "no list"
            there = f"its lists are {', '.join(lists)}" if lists else "iterate the stream for partial values instead"
            raise Misused(f"{self.name} has {wanted} whose items could be handed out", hint=there, param="field")
        return found[0]

    def complaint(self, refused: ValueRefused) -> str:
        """What to say to the model about an answer that was refused, so that its next one fits."""
        again = "Answer again, with the whole JSON and nothing else."
        if not _is_no_json(refused.faults):
            return f"{refused.message}\n{again}"
        return f"{refused.message}\n{again} It has to fit this JSON Schema:\n{json.dumps(self.schema.json)}"


@functools.lru_cache(maxsize=256)
def _kept(type_: Any) -> Form[Any]:
    return Form(type_)


def form_of(type_: TypeForm[T]) -> Form[T]:
    """The form of a type, made once.

    >>> form_of(list[int]) is form_of(list[int])
    True
    """
    kind: Any = type_
    try:
        hash(kind)
    except TypeError:
        return Form(kind)
    form: Form[T] = _kept(kind)
    return form


def _is_no_json(faults: tuple[Fault, ...]) -> bool:
    """Whether nothing could be made of the text at all, so that it does not help to name places in it."""
    return not any(fault.path for fault in faults)


def _name(kind: Any) -> str:
    name = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else ""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:_LONGEST_NAME].strip("_") or "answer"


def _said(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
