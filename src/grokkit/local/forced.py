"""A function call that must be made, as JSON that the engine is held to.

llama.cpp passes over `tool_choice` where a model's chat template knows no tools. Held to a schema, any model can make
a call: its answer is the JSON of one, and becomes a call in the reply.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

Dialect = Literal["responses", "chat"]


@dataclass(frozen=True)
class ForcedCall:
    """A request whose answer is a call, and the way back."""

    body: dict[str, Any]
    """What the engine is asked."""
    dialect: Dialect

    def reply(self, body: bytes) -> bytes:
        """The engine's reply with a function call in place of its text; as it is when the text was cut off."""
        whole = msgspec.json.decode(body)
        made = _call_in(_text_of(whole, self.dialect))
        if made is None:
            return body
        name, arguments = made
        identity = uuid.uuid4().hex[:16]
        if self.dialect == "chat":
            call = {"id": f"call_{identity}", "type": "function", "function": {"name": name, "arguments": arguments}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            whole["choices"] = [{"index": 0, "message": message, "finish_reason": "tool_calls"}]
        else:
            item = {"type": "function_call", "id": f"fc_{identity}", "call_id": f"call_{identity}"}
            whole["output"] = [{**item, "name": name, "arguments": arguments, "status": "completed"}]
        return msgspec.json.encode(whole)


def forced_call(body: Mapping[str, Any], dialect: Dialect) -> ForcedCall | None:
    """The request in other words, if it says that a function must be called.

    >>> forced_call({"input": "Hi", "tools": [{"type": "function", "name": "greet"}]}, "responses") is None
    True
    """
    functions = _functions(body.get("tools"))
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        wanted = choice.get("name") or (choice.get("function") or {}).get("name")
        functions = [function for function in functions if function["name"] == wanted]
    elif choice != "required":
        return None
    if not functions:
        return None
    kept = {name: value for name, value in body.items() if name not in _ASIDE}
    calls = [_schema_of(function) for function in functions]
    definitions = {name: part for call in calls for name, part in call.pop("$defs", {}).items()}
    schema = {**(calls[0] if len(calls) == 1 else {"anyOf": calls}), **({"$defs": definitions} if definitions else {})}
    held = {"type": "json_schema", "json_schema": {"name": "call", "schema": schema, "strict": True}}
    return ForcedCall({**_told(kept, functions, dialect), "response_format": held}, dialect)


_ASIDE = {"tools", "tool_choice", "parallel_tool_calls", "stream", "stream_options", "text"}


def _functions(tools: object) -> list[dict[str, Any]]:
    listed = [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    functions = [tool.get("function", tool) for tool in listed if tool.get("type") == "function"]
    return [function for function in functions if isinstance(function.get("name"), str)]


def _schema_of(function: Mapping[str, Any]) -> dict[str, Any]:
    arguments = dict(function.get("parameters") or {"type": "object", "properties": {}})
    return {
        "$defs": arguments.pop("$defs", {}),  # references say where it is from the root
        "type": "object",
        "properties": {"function": {"const": function["name"]}, "arguments": arguments},
        "required": ["function", "arguments"],
        "additionalProperties": False,
    }


def _told(body: dict[str, Any], functions: list[dict[str, Any]], dialect: Dialect) -> dict[str, Any]:
    """The request, in which the model is told what it can call."""
    known = [{name: function.get(name) for name in ("name", "description", "parameters")} for function in functions]
    words = f"Answer with a call of a function, as JSON. The functions: {json.dumps(known)}"
    if dialect == "chat":
        return {**body, "messages": [{"role": "system", "content": words}, *body.get("messages", ())]}
    said = body.get("instructions")
    return {**body, "instructions": f"{said}\n{words}" if said else words}


def _text_of(whole: Mapping[str, Any], dialect: Dialect) -> str:
    if dialect == "chat":
        return str(whole["choices"][0]["message"].get("content") or "")
    parts = [part for item in whole["output"] if item.get("type") == "message" for part in item.get("content", ())]
    return "".join(part.get("text", "") for part in parts)


def _call_in(text: str) -> tuple[str, str] | None:
    try:
        call = msgspec.json.decode(text)
        return str(call["function"]), json.dumps(call["arguments"])
    except (ValueError, TypeError, KeyError):
        return None
