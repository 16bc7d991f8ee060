"""Tools from a hand-written or foreign JSON Schema: validated by jsonschema-rs, with what Grok does not enforce."""

from __future__ import annotations

import inspect
from itertools import islice
from typing import TYPE_CHECKING, Any

from grokkit.errors import ExtraMissing
from grokkit.tools.decoding import arguments_decoder
from grokkit.tools.fit import fit_arguments, mended
from grokkit.tools.refusals import ToolUnfit
from grokkit.tools.shapes.shape import Fault, Misfit, expected
from grokkit.tools.spec import Placed, Spec, is_async

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from grokkit.tools.context import ToolContext

_MOST_FAULTS = 20


def spec_of_schema(name: str, description: str, schema: Mapping[str, Any], run: Callable[..., Any]) -> Spec:
    """The spec of a tool that has a schema instead of annotations.

    Raises `ToolUnfit` for schemas that Grok refuses and that cannot be rewritten.
    """
    try:
        fitted = fit_arguments(schema)
    except TypeError as error:
        raise ToolUnfit(f"tool {name!r}: {error}") from error
    context = _context_parameter(run)
    validate = _validator(name, mended(dict(schema)))

    def place(arguments: Mapping[str, Any], given: ToolContext) -> Placed:
        return [dict(arguments)], {context: given} if context else {}

    notes = (
        fitted.notes if description else ("has no description: say what it does and when it is of use", *fitted.notes)
    )
    return Spec(description, fitted.json, notes, arguments_decoder(name, validate), place, is_async(run))


def _context_parameter(run: Callable[..., Any]) -> str | None:
    """The parameter of `run` whose annotation is `ToolContext`, as type or as text."""
    try:
        parameters = inspect.signature(run).parameters.values()
    except (TypeError, ValueError):
        return None
    return next((each.name for each in parameters if "ToolContext" in str(each.annotation)), None)


def _validator(name: str, schema: dict[str, Any]) -> Callable[[Any], dict[str, Any]]:
    rules = _jsonschema_rs()
    try:
        validator = rules.Draft202012Validator(schema, validate_formats=True)
    except (ValueError, TypeError, rules.ValidationError) as error:
        raise ToolUnfit(f"tool {name!r}: this is not a JSON Schema: {_first_line(error)}") from error

    def validated(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise expected("an object", value)
        try:
            faults = [_fault(error) for error in islice(validator.iter_errors(value), _MOST_FAULTS)]
        except (ValueError, TypeError) as error:
            raise Misfit(Fault(_first_line(error))) from error
        if faults:
            raise Misfit(*faults)
        return value

    return validated


def _fault(error: Any) -> Fault:
    return Fault(_first_line(error), tuple(error.instance_path))


def _first_line(error: BaseException) -> str:
    text = getattr(error, "message", None) or str(error)
    return str(text).partition("\n")[0]


def _jsonschema_rs() -> ModuleType:
    try:
        import jsonschema_rs
    except ImportError as error:
        raise ExtraMissing(
            "tools from a JSON Schema are validated by jsonschema-rs, which is not installed", extra="schema"
        ) from error
    return jsonschema_rs
