"""From an operation to a tool: its arguments as one schema, its effects by the verb."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grokkit.tools.names import fit_name
from grokkit.tools.openapi.document import objects
from grokkit.tools.openapi.placing import Parameter, placed
from grokkit.tools.openapi.schemas import Schemas
from grokkit.tools.openapi.sending import body_of
from grokkit.tools.refusals import ToolUnfit
from grokkit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.tools.entries import AnyTool
    from grokkit.tools.openapi.document import Document, Json, Operation
    from grokkit.tools.openapi.sending import Body, Sender
    from grokkit.tools.settings import Effects

_BODY = "body"
_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_NOT_OURS = {"accept", "content-type", "authorization"}
"""Headers that OpenAPI does not let parameters set."""
_TAKEN = ("application/json", "application/x-www-form-urlencoded", "text/plain")
_EFFECTS: dict[str, Effects] = {
    "GET": "read_only", "HEAD": "read_only", "OPTIONS": "read_only", "TRACE": "read_only", "PUT": "idempotent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Arguments:
    """What an operation takes: as the request has it, and as one schema."""

    parameters: tuple[Parameter, ...]
    media_type: str | None
    schema: Json


def effects_of(method: str) -> Effects:
    """What HTTP says of running it twice; DELETE is repeatable there, and harm all the same."""
    return _EFFECTS.get(method, "destructive")


def tool_of(document: Document, operation: Operation, sender: Sender, effects: Effects | None) -> AnyTool:
    """The tool of an operation; raises `ToolUnfit` for what has no form that Grok takes."""
    arguments = _arguments(document, operation, sender)

    async def run(given: dict[str, Any]) -> str:
        parts = placed(operation.path, arguments.parameters, given)
        body: Body | None = None
        if arguments.media_type is not None and _BODY in given:
            body = body_of(arguments.media_type, given[_BODY])
        return await sender.send(operation.method, operation.place, parts, body)

    return Tool.from_schema(
        fit_name(operation.name),
        _description(operation),
        arguments.schema,
        run,
        effects=effects_of(operation.method) if effects is None else effects,
        time_limit=sender.time_limit,
    )


def _description(operation: Operation) -> str:
    said = (operation.said.get("summary"), operation.said.get("description"))
    words = [text.strip() for text in said if isinstance(text, str) and text.strip()]
    return "\n\n".join(dict.fromkeys(words)) or operation.place


def _arguments(document: Document, operation: Operation, sender: Sender) -> _Arguments:
    schemas = Schemas(document)
    properties: Json = {}
    required: list[str] = []
    parameters = []
    for said in operation.parameters:
        where, name = str(said.get("in")), said.get("name")
        if not isinstance(name, str) or not name:
            raise ToolUnfit(f"a parameter in {where!r} has no name")
        if _is_not_the_models(where, name) or sender.credentials.owns(where, name):
            continue
        key = name if name not in properties else f"{where}_{name}"
        parameter, value = _parameter(key, where, name, said)
        parameters.append(parameter)
        properties[key] = _told(schemas.taken(value), said.get("description"))
        required += [key] if said.get("required") or where == "path" else []
    told = {each.name for each in parameters if each.where == "path"}
    untold = [name for name in re.findall(r"\{([^{}]*)\}", operation.path) if name not in told]
    if untold:
        raise ToolUnfit(f"no parameter says what {{{untold[0]}}} in the path is")
    media_type = _add_body(document, operation, schemas, properties, required)
    schema: Json = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return _Arguments(tuple(parameters), media_type, {**schema, "$defs": schemas.defs} if schemas.defs else schema)


def _is_not_the_models(where: str, name: str) -> bool:
    return where == "header" and name.lower() in _NOT_OURS


def _parameter(key: str, where: str, name: str, said: Json) -> tuple[Parameter, Any]:
    if where not in _STYLES:
        raise ToolUnfit(f"the parameter {name} is in {where!r}: path, query, header and cookie are known")
    style = str(said.get("style") or _STYLES[where])
    explode = bool(said.get("explode", style == "form"))
    content = objects(said.get("content"), "content")
    if content:
        schema = objects(next(iter(content.values())), "content").get("schema", {})
        return Parameter(key, name, where, style, explode, as_json=True), schema
    reserved = bool(said.get("allowReserved"))
    return Parameter(key, name, where, style, explode, reserved=reserved), said.get("schema") or {}


def _add_body(
    document: Document, operation: Operation, schemas: Schemas, properties: Json, required: list[str]
) -> str | None:
    """Add the body as one argument, and give its type."""
    if "requestBody" not in operation.said:
        return None
    said = document.resolved(operation.said["requestBody"])
    content = objects(said.get("content"), "content")
    media_type = _media_type(content)
    if media_type is None:
        if said.get("required"):
            raise ToolUnfit(f"the body is {', '.join(content) or 'of no type'}: JSON, forms and text are sent")
        return None
    if _BODY in properties:
        raise ToolUnfit(f"a parameter is called {_BODY!r}, as is the argument for the body")
    schema = objects(content[media_type], media_type).get("schema") or {}
    properties[_BODY] = _told(schemas.taken(schema), said.get("description"))
    required += [_BODY] if said.get("required") else []
    return media_type


def _media_type(content: Iterable[str]) -> str | None:
    """The type that is sent, of those that the API takes."""
    plain = {each.partition(";")[0].strip().lower(): each for each in content}
    known = next((plain[each] for each in _TAKEN if each in plain), None)
    return known or next((each for short, each in plain.items() if short.endswith("+json")), None)


def _told(schema: Any, description: object) -> Any:
    if not isinstance(description, str) or not isinstance(schema, dict) or "description" in schema:
        return schema
    return {**schema, "description": description}
