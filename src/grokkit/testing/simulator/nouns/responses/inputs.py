"""The items of an input, checked one by one; a text stands for one message of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from grokkit.testing.simulator.nouns.responses.sealed import Undecodable, unseal
from grokkit.testing.simulator.reading import shown
from grokkit.testing.simulator.refusal import Refusal, invalid, undeserialisable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Item: TypeAlias = dict[str, Any]

_ROLES = ("user", "assistant", "system", "developer")
_REQUIRED: dict[str, dict[str, type]] = {
    "message": {},
    "function_call": {"call_id": str, "name": str, "arguments": str},
    "function_call_output": {"call_id": str},
    "shell_call_output": {"call_id": str, "output": list},
    "compaction": {"encrypted_content": str},
    "reasoning": {},
    "web_search_call": {},
    "x_search_call": {},
    "file_search_call": {},
    "code_interpreter_call": {},
    "mcp_call": {"name": str, "server_label": str},
    "custom_tool_call": {"call_id": str, "name": str},
    "shell_call": {"call_id": str, "action": dict},
    "image_generation_call": {},
    "tool_search_call": {},
    "tool_search_output": {},
}
_PARTS: dict[str, dict[str, type]] = {
    "input_text": {"text": str},
    "output_text": {"text": str},
    "input_image": {"image_url": str},
    "input_file": {},
    "refusal": {"refusal": str},
}
_OPTIONAL: dict[str, type] = {
    **dict.fromkeys(("id", "status", "role", "name", "call_id", "server_label", "code", "input", "error"), str),
    **dict.fromkeys(("prompt", "result"), str),
    **dict.fromkeys(("summary", "queries", "results", "outputs", "tools"), list),
}
_EXPECTED: dict[type, str] = {str: "a string", list: "a sequence", dict: "a map"}
_FILE_SOURCES = ("file_id", "file_url", "file_data")
_UNDECODABLE = "Could not decode the compaction blob. Ensure it is unmodified from the compact response."


def read_input(given: str | list[Any], secret: str) -> list[Item]:
    """The items of an input. Raises 422 for what has no item's shape, 400 for what cannot be an input."""
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    if not items:
        raise invalid("Bad data: Input cannot be empty")
    for index, item in enumerate(items):
        _check_item(item, f"input[{index}]")
    checked = [{**item, "type": "message"} if item.get("type") is None else item for item in items]
    _check_sealed(checked, secret)
    return checked


def opened(items: Sequence[Item], secret: str) -> Iterator[Item]:
    """The items, with what a compaction holds in its place: instructions, summary, the last request."""
    for item in items:
        if item["type"] == "compaction":
            yield from unseal(item["encrypted_content"], secret)["items"]
        else:
            yield item


def _check_item(item: Any, where: str) -> None:
    if not isinstance(item, dict):
        raise undeserialisable(f"{where}: invalid type: {shown(item)}, expected a map")
    kind = "message" if item.get("type") is None else item["type"]
    required = _REQUIRED.get(kind) if isinstance(kind, str) else None
    if required is None:
        known = ", ".join(f"`{name}`" for name in _REQUIRED)
        raise undeserialisable(f"{where}.type: unknown variant `{kind}`, expected one of {known}")
    _check_fields(item, required, where)
    _check_fields(item, {name: type_ for name, type_ in _OPTIONAL.items() if item.get(name) is not None}, where)
    if kind == "message":
        _check_message(item, where)
    if kind == "function_call_output":
        _check_content(item, "output", where)
    if kind == "shell_call_output":
        _check_results(item["output"], f"{where}.output")


def _check_fields(item: Item, required: dict[str, type], where: str) -> None:
    for name, expected in required.items():
        if name not in item:
            raise undeserialisable(f"{where}: missing field `{name}`")
        if not isinstance(item[name], expected):
            raise undeserialisable(f"{where}.{name}: invalid type: {shown(item[name])}, expected {_EXPECTED[expected]}")


def _check_message(item: Item, where: str) -> None:
    role = item.get("role")
    if role is None:
        raise undeserialisable(f"{where}: missing field `role`")
    if role not in _ROLES:
        known = ", ".join(f"`{name}`" for name in _ROLES)
        raise undeserialisable(f"{where}.role: unknown variant `{role}`, expected one of {known}")
    _check_content(item, "content", where)
    if not item["content"]:
        raise invalid("Each message must have at least one content element.")


def _check_content(item: Item, field: str, where: str) -> None:
    if field not in item:
        raise undeserialisable(f"{where}: missing field `{field}`")
    content = item[field]
    if not isinstance(content, str | list):
        raise undeserialisable(f"{where}.{field}: invalid type: {shown(content)}, expected a string or a sequence")
    for index, part in enumerate(content if isinstance(content, list) else []):
        _check_part(part, f"{where}.{field}[{index}]")


def _check_part(part: Any, where: str) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    required = _PARTS.get(kind) if isinstance(kind, str) else None
    if required is None:
        known = ", ".join(f"`{name}`" for name in _PARTS)
        raise undeserialisable(f"{where}.type: unknown variant `{kind}`, expected one of {known}")
    _check_fields(part, required, where)
    if kind == "input_file":
        _check_file(part)


def _check_results(results: list[Any], where: str) -> None:
    for index, result in enumerate(results):
        if not isinstance(result, dict):
            raise undeserialisable(f"{where}[{index}]: invalid type: {shown(result)}, expected a map")
        _check_fields(result, {"outcome": dict}, f"{where}[{index}]")


def _check_file(part: Item) -> None:
    sources = [name for name in _FILE_SOURCES if part.get(name) is not None]
    if len(sources) != 1:
        raise invalid("An input_file needs exactly one of file_id, file_url and file_data.")
    if sources == ["file_data"] and not part.get("filename"):
        raise invalid("An input_file with file_data needs a filename.")


def _check_sealed(items: Sequence[Item], secret: str) -> None:
    for index, item in enumerate(items):
        if item["type"] == "compaction":
            _check_compaction(item, index, secret)
        if item["type"] == "reasoning":
            _check_reasoning(item, index, secret)


def _check_compaction(item: Item, index: int, secret: str) -> None:
    if index > 0:
        raise invalid("A compaction item must be the first item of the input.")
    if "items" not in (_opened(item["encrypted_content"], secret) or {}):
        place = f"input[{index}].encrypted_content"
        raise Refusal.nested(400, _UNDECODABLE, code="invalid_compaction_blob", param=place)


def _check_reasoning(item: Item, index: int, secret: str) -> None:
    content = item.get("encrypted_content")
    has_summary = isinstance(item.get("summary"), list)
    if content is None and not has_summary:
        raise undeserialisable(f"input[{index}]: missing field `summary`")
    if content is not None and (not has_summary or "reasoning" not in (_opened(content, secret) or {})):
        raise invalid(_UNDECODABLE)


def _opened(content: Any, secret: str) -> dict[str, Any] | None:
    try:
        value = unseal(content, secret) if isinstance(content, str) else None
    except Undecodable:
        return None
    return value if isinstance(value, dict) else None
