"""The content of messages and of results: a text, or a list of parts, each of which the API can read."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

Part: TypeAlias = dict[str, Any]
Content: TypeAlias = str | list[Any]

_TEXTS = {"input_text", "output_text"}
_REQUIRED = {"input_text": "text", "output_text": "text", "refusal": "refusal", "input_image": "image_url"}
_SOURCES = ("file_id", "file_url", "file_data")


def mended_content(content: object, text_type: str) -> Content:
    """The content as the API reads it: the same object when nothing is wrong with it.

    >>> mended_content([{"type": "text", "text": "Hi"}, None], "input_text")
    [{'type': 'input_text', 'text': 'Hi'}]
    """
    if isinstance(content, str):
        return content
    given = [content] if isinstance(content, dict) else content
    if not isinstance(given, list | tuple):
        return ""
    parts = [mended for part in given if (mended := _part(part, text_type)) is not None]
    same = len(parts) == len(given) and all(one is other for one, other in zip(parts, given, strict=True))
    return given if same and isinstance(given, list) and given is content else parts


def is_empty(content: Content) -> bool:
    """Whether there is nothing in it: no part, or none but texts without a letter."""
    return not any(_says_something(part) for part in content) if isinstance(content, list) else not content


def as_text(value: object) -> str:
    """A value that should have been a text, as one."""
    if value is None:
        return ""
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return str(value)


def _says_something(part: Part) -> bool:
    return part.get("type") not in _TEXTS or bool(part.get("text"))


def _part(part: object, text_type: str) -> Part | None:
    """The part, or what it means, or None where it means nothing."""
    if isinstance(part, str):
        return {"type": text_type, "text": part}
    if not isinstance(part, dict):
        return None
    part = _as_in_responses(part, text_type)
    kind = part.get("type")
    if not isinstance(kind, str):
        return None
    if kind == "input_file":
        return part if _is_file(part) else None
    required = _REQUIRED.get(kind)
    return part if required is None or isinstance(part.get(required), str) else None


def _as_in_responses(part: Part, text_type: str) -> Part:
    """Parts as Chat Completions write them are understood too."""
    kind = part.get("type")
    if kind == "text" or (kind is None and "text" in part):
        return {**part, "type": text_type}
    address = part.get("image_url")
    if kind in {"image_url", "input_image"} and isinstance(address, dict):
        return {**part, "type": "input_image", **_address(address)}
    return {**part, "type": "input_image"} if kind == "image_url" else part


def _address(address: Part) -> Part:
    detail = {"detail": address["detail"]} if "detail" in address else {}
    return {"image_url": address.get("url"), **detail}


def _is_file(part: Part) -> bool:
    sources = [name for name in _SOURCES if part.get(name) is not None]
    return len(sources) == 1 and (sources != ["file_data"] or bool(part.get("filename")))
