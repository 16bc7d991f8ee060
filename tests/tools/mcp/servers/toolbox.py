"""An MCP server of the official package: on its pipes, or on the listening socket whose number is given."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import uvicorn
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

if waits_for := os.environ.get("TOOLBOX_WAITS_FOR"):
    Path(waits_for).read_bytes()  # a named pipe: until somebody writes into it

server = MCPServer("toolbox", log_level="CRITICAL")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@server.tool(annotations=ToolAnnotations(idempotent_hint=True, destructive_hint=False))
def label(text: str) -> str:
    """Put a label on it."""
    return text


@server.tool(annotations=ToolAnnotations(idempotent_hint=True), structured_output=False)
def wipe() -> None:
    """Wipe the disk."""


@server.tool()
def fail() -> str:
    """Fail."""
    raise ToolError("the drawer is stuck")


@server.tool()
def picture() -> Image:
    """A picture."""
    return Image(data=b"\x89PNG" * 10, format="png")


@server.tool()
def variable(name: str) -> str:
    """A variable of the environment."""
    return os.environ.get(name, "unset")


@server.tool()
def header(name: str, context: Context) -> str:
    """A header of the request."""
    return (context.headers or {}).get(name, "unset")


@server.tool()
def pid() -> int:
    """The process."""
    return os.getpid()


@server.tool()
def die() -> None:
    """End at once."""
    print("the floor gives way", file=sys.stderr, flush=True)
    os._exit(3)


@server.tool()
async def hang(began: str, ended: str) -> None:
    """Say in a named pipe that it began, and in another that it was stopped."""
    try:
        await asyncio.to_thread(Path(began).write_text, "began")
        await asyncio.Event().wait()
    finally:
        Path(ended).touch()


@server.tool()
async def learn(name: str, context: Context) -> str:
    """Learn a new tool."""
    server.add_tool(add, name=name)
    await context.notify_tools_changed()
    return "learned"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        app = server.streamable_http_app()
        uvicorn.run(app, fd=int(sys.argv[1]), log_level="critical", timeout_graceful_shutdown=1)
    else:
        server.run()
