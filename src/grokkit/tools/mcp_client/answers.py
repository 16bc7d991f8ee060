"""From what an MCP server lists and answers to tools and texts for the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from mcp_types import AudioContent, EmbeddedResource, ImageContent, ResourceLink, TextContent, TextResourceContents

from grokkit.tools.failures import ToolFailed

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock, ToolAnnotations

    from grokkit.tools.settings import Effects

_MOST_CHARACTERS = 200_000


def effects_of(hints: ToolAnnotations | None) -> Effects:
    """What the annotations say of running a tool twice; what they leave open counts as harm, as MCP has it."""
    if hints is None:
        return "destructive"
    if hints.read_only_hint:
        return "read_only"
    return "idempotent" if hints.idempotent_hint and hints.destructive_hint is False else "destructive"


def read(tool: str, result: CallToolResult) -> str:
    """The text for the model; raises `ToolFailed` when the server says that the call failed."""
    text = _bounded("\n".join(_said(block) for block in result.content))
    if result.is_error:
        raise ToolFailed(text or f"{tool} failed, and the server does not say why")
    if not text and result.structured_content is not None:
        return _bounded(msgspec.json.encode(result.structured_content).decode())
    return text or "done; the tool gave nothing back"


def in_brief(error: Exception) -> str:
    """What is wrong with an answer that breaks the protocol: the first of it, without the answer itself."""
    errors = getattr(error, "errors", None)
    found = errors() if callable(errors) else None
    if not isinstance(found, list) or not found:
        return str(error)
    place = ".".join(map(str, found[0].get("loc", ())))
    return f"{place}: {found[0].get('msg')}"


def _bounded(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}\n[cut off here]"


def _said(block: ContentBlock) -> str:
    match block:
        case TextContent():
            return block.text
        case ImageContent() | AudioContent():
            return f"[{block.mime_type}, {_size(block.data)}; not shown]"
        case ResourceLink():
            return f"[{block.name}: {block.uri}]"
        case EmbeddedResource(resource=TextResourceContents() as resource):
            return resource.text
        case EmbeddedResource():
            return f"[{block.resource.uri}: {block.resource.mime_type or 'bytes'}; not shown]"


def _size(base64: str) -> str:
    return f"{len(base64) * 3 // 4 - base64.count('='):,} bytes"
