"""What was thought as output items: reasoning, the server's calls, the functions to call, the message."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.responses.sealed import seal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit.models import Model
    from grokkit.testing.simulator.nouns.responses.era import Era
    from grokkit.testing.simulator.nouns.responses.inputs import Item
    from grokkit.testing.simulator.thought import Citation, ServerCall, Thought, ToolCall

_SHOWS_REASONING = {"grok-4.6", "grok-4.7"}
"""Models whose reasoning comes as `reasoning_text` and not as a summary."""
_ALWAYS_SEALED = {"grok-4.7"}
_NO_ITEM = "mcp_list_tools"
_PREFIXES = {
    "web_search_call": "ws",
    "file_search_call": "fs",
    "code_interpreter_call": "ci",
    "mcp_call": "mcp",
    "custom_tool_call": "ctc",
    "image_generation_call": "ig",
    "shell_call": "sh",
    "tool_search_call": "tsc",
    "tool_search_output": "tso",
    "mcp_list_tools": "mcpl",
    "x_search_call": "xs",
    "function_call": "fc",
    "reasoning": "rs",
    "message": "msg",
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "web_search_call": {"action": {"type": "search", "query": "", "sources": []}},
    "file_search_call": {"queries": [], "results": []},
    "code_interpreter_call": {"code": "", "outputs": []},
    "mcp_call": {"server_label": "", "name": "", "arguments": "{}", "output": ""},
    "custom_tool_call": {"name": "x_keyword_search", "input": "{}"},
    "x_search_call": {"name": "x_semantic_search", "arguments": "{}", "call_id": ""},
    "image_generation_call": {"prompt": None, "result": None},
    "shell_call": {"action": {"commands": [], "timeout_ms": None, "max_output_length": None}},
    "tool_search_call": {"arguments": {}, "call_id": None, "execution": "server"},
    "tool_search_output": {"tools": [], "call_id": None, "execution": "server"},
    "reasoning": {"summary": []},
}
_FUNCTION_SHAPED = {
    "web_search_call": "web_search",
    "x_search_call": "x_semantic_search",
    "code_interpreter_call": "code_execution",
    "mcp_call": "mcp",
}
_WITHHELD: dict[str, tuple[str, Any, frozenset[str]]] = {
    "file_search_call": (
        "results",
        [],
        frozenset({"file_search_call.results", "collections_search_call_output", "file_search_call_output"}),
    ),
    "code_interpreter_call": (
        "outputs",
        [],
        frozenset({"code_interpreter_call.outputs", "code_execution_call_output", "code_interpreter_call_output"}),
    ),
    "mcp_call": ("output", "", frozenset({"mcp_call_output"})),
}
"""The field with what a tool returned, what stands there instead, and the values of `include` that ask for it."""


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What output items depend on besides the thought."""

    id: str
    """Of the response."""
    model: Model
    era: Era
    include: frozenset[str]
    effort: str | None
    secret: str
    status: str
    """Of the message: `completed` or `incomplete`."""


def output_of(thought: Thought, making: Making) -> list[Item]:
    """The items of an answer, in the order of the API: reasoning, server tools, functions, message."""
    items = [*_reasoning(thought, making)]
    items += [_server_item(call, number, making) for number, call in enumerate(thought.server_calls)]
    items += [_function_call(call, making) for call in thought.tool_calls]
    waits = bool(thought.tool_calls) or any(call.type == "shell_call" for call in thought.server_calls)
    has_own = any(call.type == "message" for call in thought.server_calls)
    if thought.text or thought.refusal is not None or not (waits or has_own):
        items.append(_message(thought, making))
    return items


def is_item(item: Item) -> bool:
    """Whether it is part of the output, or only told of in a stream."""
    return bool(item["type"] != _NO_ITEM)


def _reasoning(thought: Thought, making: Making) -> Iterator[Item]:
    sealed = "reasoning.encrypted_content" in making.include or making.model.id in _ALWAYS_SEALED
    silent = not making.model.reasoning or making.effort == "none"
    if not thought.reasoning and (silent or not sealed):
        return
    part = [{"text": thought.reasoning, "type": "summary_text"}] if thought.reasoning else []
    item: Item = {"id": f"rs_{making.id}", "summary": part, "type": "reasoning", "status": "completed"}
    if making.model.id in _SHOWS_REASONING:
        item |= {"summary": [], "content": [{**shown, "type": "reasoning_text"} for shown in part]}
    if sealed:
        item["encrypted_content"] = seal({"reasoning": thought.reasoning, "of": making.id}, making.secret)
    yield item


def _message(thought: Thought, making: Making) -> Item:
    if thought.refusal is not None:
        part: Item = {"type": "refusal", "refusal": thought.refusal}
    else:
        annotations = [_annotation(citation, making) for citation in thought.citations]
        part = {"type": "output_text", "text": thought.text, "logprobs": [], "annotations": annotations}
    return {
        "content": [part],
        "id": f"msg_{making.id}",
        "role": "assistant",
        "type": "message",
        "status": making.status,
    }


def _annotation(citation: Citation, making: Making) -> Item:
    annotation: Item = {"type": "url_citation", "url": citation.url}
    if making.era.whole_object:
        place = {"start_index": citation.start_index or 0, "end_index": citation.end_index or 0}
        annotation |= {**place, "title": citation.title or citation.url}
    return annotation


def _function_call(call: ToolCall, making: Making) -> Item:
    return {
        "arguments": call.arguments,
        "call_id": call.id,
        "name": call.name,
        "type": "function_call",
        "id": f"fc_{making.id}_{call.id}",
        "status": "completed",
    }


def _server_item(call: ServerCall, number: int, making: Making) -> Item:
    if call.type in _FUNCTION_SHAPED and not making.era.own_shapes:
        return _function_shaped(call, number, making)
    prefix = _PREFIXES.get(call.type, "it")
    tail = f"call_{zlib.crc32(f'{making.id}:{number}'.encode()) % 10**8:08d}"
    item: Item = {"id": f"{prefix}_{making.id}_{tail}", "type": call.type, "status": "completed"}
    if call.type in {"custom_tool_call", "shell_call"}:
        item["call_id"] = f"xs_{tail}" if call.type == "custom_tool_call" else tail
        item["id"] = f"{prefix}_{making.id}_{item['call_id']}"
    if call.type == "reasoning" and "content" not in call.fields:
        item["id"] = f"rs_{making.id}_{number}"
    item |= {**_DEFAULTS.get(call.type, {}), **call.fields}
    if item.get("error", "") is None:
        del item["error"]
    return _withheld(item, making)


def _withheld(item: Item, making: Making) -> Item:
    field, empty, asked_by = _WITHHELD.get(item["type"], ("", None, frozenset()))
    return item if not field or making.include & asked_by else {**item, field: empty}


def _function_shaped(call: ServerCall, number: int, making: Making) -> Item:
    shown = {name: value for name, value in call.fields.items() if name not in {"id", "status", "name"}}
    action = shown.get("action")
    given = {name: value for name, value in action.items() if name == "query"} if isinstance(action, dict) else shown
    return {
        "arguments": call.fields.get("arguments") or msgspec.json.encode(given).decode(),
        "call_id": call.fields.get("call_id", ""),
        "name": call.fields.get("name") or _FUNCTION_SHAPED[call.type],
        "type": call.type,
        "id": call.fields.get("id") or f"fc_{making.id}_{number}",
        "status": "completed",
    }
