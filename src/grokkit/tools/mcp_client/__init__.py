"""Tools of MCP servers: programs on this machine and addresses on the web (extra `mcp`).

Not to be mixed up with `grokkit.tools.mcp(...)`, which tells xAI to call a server by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.tools.mcp_client.places import place_of
from grokkit.tools.mcp_client.server import McpServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from grokkit.tools.mcp_client.places import SecretText
    from grokkit.tools.settings import Effects

__all__ = ["McpServer", "mcp_tools"]


def mcp_tools(
    *,
    command: str | Sequence[str] | None = None,
    url: str | None = None,
    name: str | None = None,
    env: Mapping[str, SecretText] | None = None,
    folder: str | Path | None = None,
    headers: Mapping[str, SecretText] | None = None,
    token: SecretText | None = None,
    start_limit: float = 30.0,
    time_limit: float = 60.0,
    effects: Effects | None = None,
    on_change: Callable[[McpServer], object] | None = None,
) -> McpServer:
    """The tools of an MCP server, for a `with` or `async with` block; inside it, `registry.add(server)`.

    `command` starts a program (stdio; `env` on top of a few harmless variables, `folder` to start it in), `url` is an
    address (streamable HTTP; `token` is sent as bearer). `name` is the namespace of its tools, by default what the
    server calls itself. `start_limit` are the seconds until the tools must be listed, `time_limit` those that a call
    may take. Effects come from the annotations of each tool (`readOnlyHint`, `idempotentHint`, `destructiveHint`),
    which are the server's own word: `effects` says it of all of them instead. `on_change` is called after the
    server's list of tools has changed.

    Raises `Misused` for arguments that do not go together; secrets show in no repr and no message.

    >>> mcp_tools(url="https://mcp.example.com/tools", name="tickets", token="a-secret")
    McpServer('tickets', 'https://mcp.example.com/tools', closed, 0 tools)
    """
    place = place_of(command=command, url=url, env=env, folder=folder, headers=headers, token=token)
    return McpServer(
        place, name=name, start_limit=start_limit, time_limit=time_limit, effects=effects, on_change=on_change
    )
