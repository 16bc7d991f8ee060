"""What a request asks for, read leniently and in any dialect: what scripts match on before an endpoint is run."""

from __future__ import annotations

from typing import Any

import msgspec

_SPEAKERS = {"user", "tool", "function"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a request that rules look at."""

    model: str | None = None
    last: str | None = None
    tools: tuple[str, ...] = ()


def read_asked(body: Any) -> Asked:
    """Model, last message and tools of a decoded body.

    >>> read_asked({"model": "grok-4.7", "input": "Hi"}).last
    'Hi'
    """
    if not isinstance(body, dict):
        return Asked()
    model = body.get("model")
    return Asked(model=model if isinstance(model, str) else None, last=_last(body), tools=tuple(_tools(body)))


def text_of(content: Any) -> str:
    """The text of a message's content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") if isinstance(part, dict) else part for part in content)
    return "".join(text for text in texts if isinstance(text, str))


def _last(body: dict[str, Any]) -> str | None:
    for field in ("messages", "input"):
        value = body.get(field)
        if isinstance(value, list):
            return next((_said(item) for item in reversed(value) if _is_said(item)), "")
        if isinstance(value, str):
            return value
    for field in ("prompt", "text", "query"):
        if isinstance(body.get(field), str):
            return str(body[field])
    return None


def _is_said(item: Any) -> bool:
    if not isinstance(item, dict):
        return isinstance(item, str)
    return str(item.get("role")) in _SPEAKERS or str(item.get("type", "")).endswith("_output")


def _said(item: Any) -> str:
    return item if isinstance(item, str) else text_of(item.get("content", item.get("output")))


def _tools(body: dict[str, Any]) -> list[str]:
    offered = body.get("tools")
    found: list[str] = []
    for tool in offered if isinstance(offered, list) else []:
        function = tool.get("function", tool) if isinstance(tool, dict) else {}
        name = function.get("name") if isinstance(function, dict) else None
        found.append(str(name or (tool.get("type") if isinstance(tool, dict) else "")))
    return found
