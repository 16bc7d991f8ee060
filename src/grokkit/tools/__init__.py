"""Functions that the model may call, and the tools that xAI's servers have.

Making a tool loads no optional package: pydantic and attrs are only seen when you bring them.
"""

from grokkit.tools.context import ToolContext
from grokkit.tools.decoding import decoder_of
from grokkit.tools.decorator import tool
from grokkit.tools.discovery import BrokenPlugin, PluginFailed, ToolsLeftOut
from grokkit.tools.entries import Entry, Source, ToolConflict
from grokkit.tools.failures import ToolFailed, ToolUnreachable
from grokkit.tools.fit import Schema
from grokkit.tools.refusals import ArgumentsRefused, ToolUnfit, ValueRefused
from grokkit.tools.registry import Registry, ToolUnknown
from grokkit.tools.schema import schema_of
from grokkit.tools.server_side import (
    ServerTool,
    Skill,
    code_execution,
    collections_search,
    image_generation,
    mcp,
    shell,
    tool_search,
    web_search,
    x_search,
)
from grokkit.tools.settings import Effects
from grokkit.tools.shapes.shape import Fault
from grokkit.tools.tool import Tool

__all__ = [
    "ArgumentsRefused",
    "BrokenPlugin",
    "Effects",
    "Entry",
    "Fault",
    "PluginFailed",
    "Registry",
    "Schema",
    "ServerTool",
    "Skill",
    "Source",
    "Tool",
    "ToolConflict",
    "ToolContext",
    "ToolFailed",
    "ToolUnfit",
    "ToolUnknown",
    "ToolUnreachable",
    "ToolsLeftOut",
    "ValueRefused",
    "code_execution",
    "collections_search",
    "decoder_of",
    "image_generation",
    "mcp",
    "schema_of",
    "shell",
    "tool",
    "tool_search",
    "web_search",
    "x_search",
]
