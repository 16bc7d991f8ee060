"""From what an MCP server lists and answers to tools and texts for the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from mcp_types import AudioContent, EmbeddedResource, ImageContent, ResourceLink, TextContent, TextResourceContents

from grokkit.tools.failures import ToolFailed

if TYPE_CHECKING:
    from mcp_types import CallToolResult, ContentBlock, ToolAnnotations

    from grokkit.tools.settings import Effects


def effects_of(hints: ToolAnnotations | None) -> Effects:
    """What the annotations say of running a tool twice; what they leave open counts as harm, as MCP has it."""
    if hints is None:
        return "destructive"
    if hints.read_only_hint:
        return "read_only"
    return "idempotent" if hints.idempotent_hint and hints.destructive_hint is False else "destructive"


def read(tool: str, result: CallToolResult) -> str:
    """The text for the model; raises `ToolFailed` when the server says that the call failed."""
    text = "\n".join(_said(block) for block in result.content)
    if result.is_error:
        raise ToolFailed(text or f"{tool} failed, and the server does not say why")
    if not text and result.structured_content is not None:
        return msgspec.json.encode(result.structured_content).decode()
    return text or "done; the tool gave nothing back"


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
