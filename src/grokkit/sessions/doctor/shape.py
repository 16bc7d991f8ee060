"""One item by itself: what the API asks of its fields, and what can be done where it lacks that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.sessions.doctor.change import Change, Entry, kind_of
from grokkit.sessions.doctor.content import as_text, is_empty, mended_content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from grokkit.sessions.doctor.change import Item

_ROLES = {"user", "assistant", "system", "developer"}
_OTHER_NAMES = {"human": "user", "ai": "assistant", "model": "assistant"}
_TEXT_FIELDS = ("id", "status", "role", "name", "call_id", "server_label", "code", "input", "error", "prompt", "result")
_LIST_FIELDS = ("summary", "queries", "results", "outputs", "tools")
_REQUIRED: dict[str, dict[str, type]] = {
    "function_call": {"call_id": str, "name": str},
    "function_call_output": {"call_id": str},
    "shell_call": {"call_id": str, "action": dict},
    "shell_call_output": {"call_id": str},
    "mcp_call": {"name": str, "server_label": str},
    "custom_tool_call": {"call_id": str, "name": str},
    "compaction": {"encrypted_content": str},
}
_OURS = {"function_call", "function_call_output", "shell_call", "shell_call_output"}
"""What the caller answers, and the answers: here a name or an id is needed, and an empty one is none."""


class Unusable(Exception):
    """Nothing can be made of the item; the message says why."""


def shaped(given: Iterable[object], changes: list[Change]) -> list[Entry]:
    """The items, each fit to be sent as far as it alone is concerned."""
    entries = []
    for place, item in enumerate(given):
        try:
            whole, whys = _shaped(item)
        except Unusable as error:
            changes.append(Change(place=place, what="dropped", why=str(error), before=item))
            continue
        if whys:
            changes.append(Change(place=place, what="changed", why="; ".join(whys), before=item, after=whole))
        entries.append(Entry(place, whole))
    return entries


def _shaped(item: object) -> tuple[Item, list[str]]:
    if not isinstance(item, dict):
        raise Unusable("it is no item")
    whys: list[str] = []
    item = _known_form(item, whys)
    kind = kind_of(item)
    mender = _MENDERS.get(kind)
    item = item if mender is None else mender(item, whys)
    for name, expected in _REQUIRED.get(kind, {}).items():
        if not isinstance(item.get(name), expected) or (kind in _OURS and item[name] == ""):
            raise Unusable(f"it has no {name}")
    return _without_strays(item, whys), whys


def _known_form(item: Item, whys: list[str]) -> Item:
    """An item with a type, or a message."""
    kind = item.get("type")
    if kind is None and "role" not in item:
        raise Unusable("it has neither a type nor a role")
    if kind is not None and (not isinstance(kind, str) or not kind):
        raise Unusable("its type is no word")
    if kind_of(item) == "message" and item.get("role") == "tool" and isinstance(item.get("tool_call_id"), str):
        whys.append("a result as Chat Completions write it")
        return {"type": "function_call_output", "call_id": item["tool_call_id"], "output": item.get("content")}
    return item


def _without_strays(item: Item, whys: list[str]) -> Item:
    """Fields that may be left out and are of a wrong type are left out."""
    if kind_of(item) not in _KNOWN:
        return item
    fields = [*((name, str) for name in _TEXT_FIELDS), *((name, list) for name in _LIST_FIELDS)]
    strays = {name for name, type_ in fields if item.get(name) is not None and not isinstance(item[name], type_)}
    if not strays:
        return item
    whys.append(f"wrong type: {', '.join(sorted(strays))}")
    return {name: value for name, value in item.items() if name not in strays}


def _message(item: Item, whys: list[str]) -> Item:
    role = item.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        role = _OTHER_NAMES.get(role) if isinstance(role, str) else None
        if role is None:
            raise Unusable("it is a message of nobody: its role is not user, assistant, system or developer")
        whys.append(f"the role is called {role}")
        item = {**item, "role": role}
    given = item.get("content")
    content = mended_content(given, "output_text" if role == "assistant" else "input_text")
    if is_empty(content):
        raise Unusable("the message is empty")
    if content is not given:
        whys.append("parts of its content were in no form the API knows")
        item = {**item, "content": content}
    return item


def _reasoning(item: Item, whys: list[str]) -> Item:
    summary = item.get("summary")
    if not isinstance(summary, list):
        whys.append("reasoning is sent back with a summary, be it an empty one")
        told = [{"type": "summary_text", "text": summary}] if isinstance(summary, str) and summary else []
        item = {**item, "summary": told}
    if "encrypted_content" in item and not isinstance(item["encrypted_content"], str | None):
        whys.append("its encrypted content is no text")
        item = {name: value for name, value in item.items() if name != "encrypted_content"}
    return item


def _function_call(item: Item, whys: list[str]) -> Item:
    if not item.get("call_id") and isinstance(item.get("id"), str) and item["id"]:
        whys.append("it had no call_id, so its id is that")
        item = {**item, "call_id": item["id"]}
    given = item.get("arguments")
    arguments = _arguments(given)
    if arguments is given:
        return item
    whys.append("its arguments were not JSON")
    return {**item, "arguments": arguments}


def _arguments(given: object) -> str:
    if isinstance(given, str) and given and not given.isspace():
        try:
            msgspec.json.decode(given)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return as_text({"unreadable": given})
        return given
    return "{}" if given is None or isinstance(given, str) else as_text(given)


def _function_output(item: Item, whys: list[str]) -> Item:
    given = item.get("output")
    output = mended_content(given, "input_text") if isinstance(given, str | list) else as_text(given)
    if output is given:
        return item
    whys.append("its output was in no form the API knows")
    return {**item, "output": output}


def _shell_output(item: Item, whys: list[str]) -> Item:
    given = item.get("output")
    if isinstance(given, list) and all(isinstance(part, dict) and _has_outcome(part) for part in given):
        return item
    whys.append("its output was in no form the API knows")
    parts = given if isinstance(given, list) else [given]
    return {**item, "output": [part if _has_outcome(part) else _told(part) for part in parts]}


def _has_outcome(part: object) -> bool:
    return isinstance(part, dict) and isinstance(part.get("outcome"), dict)


def _told(part: object) -> Item:
    text = part if isinstance(part, str) else as_text(part)
    return {"stdout": text, "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}


_MENDERS: dict[str, Callable[[Item, list[str]], Item]] = {
    "message": _message,
    "reasoning": _reasoning,
    "function_call": _function_call,
    "function_call_output": _function_output,
    "shell_call_output": _shell_output,
}
_KNOWN = {
    *_MENDERS,
    *_REQUIRED,
    "web_search_call",
    "x_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "tool_search_call",
    "tool_search_output",
}
