"""One call of a server's tool: what it gives, or which error it ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp import InputRequiredRoundsExceededError, MCPError
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT

from grokkit.tools.failures import ToolFailed, ToolUnreachable
from grokkit.tools.mcp_client.answers import in_brief, read

if TYPE_CHECKING:
    from grokkit.tools.mcp_client.home import Home


async def call(home: Home, tool: str, arguments: dict[str, Any], *, said: str, limit: float) -> str:
    """The text for the model; runs on the loop at home.

    Raises `ToolFailed` with what the server says, and `ToolUnreachable`, which tells whether the call was sent.
    """
    client = await home.client()
    try:
        result = await client.call_tool(tool, arguments, read_timeout_seconds=limit)
    except MCPError as error:
        if error.code == CONNECTION_CLOSED:
            home.lose(client)
        raise _translated(error, tool, said, limit, home) from error
    except InputRequiredRoundsExceededError as error:
        raise ToolFailed(f"{tool} of {said} asks for input that nobody can give") from error
    except (RuntimeError, ValueError) as error:  # what the package says of answers that break the protocol
        raise ToolFailed(f"the answer of {tool} of {said} cannot be read: {in_brief(error)}") from error
    return read(tool, result)


def _translated(error: MCPError, tool: str, said: str, limit: float, home: Home) -> ToolFailed | ToolUnreachable:
    if error.code == CONNECTION_CLOSED:
        return ToolUnreachable(f"{said} went away while {tool} ran{home.complaints()}", sent=True)
    if error.code == REQUEST_TIMEOUT:
        return ToolUnreachable(f"{said} did not answer {tool} within {limit:g} s", sent=True)
    return ToolFailed(f"{said} refused {tool}: {error.message}")
