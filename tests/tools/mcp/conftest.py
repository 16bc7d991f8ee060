"""Real servers: child processes on pipes, and on a loopback port.

They are servers of one's own because the simulator is xAI's API, which has no MCP side that a client talks to.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("mcp", reason="needs the extra mcp")

from grokkit.tools.mcp_client import McpServer, mcp_tools

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

SERVERS = Path(__file__).with_name("servers")
TOOLBOX = [sys.executable, str(SERVERS / "toolbox.py")]
OLD = [sys.executable, str(SERVERS / "old.py")]


class WebServer:
    """The toolbox on a loopback port, which stays the same when it is started again."""

    def __init__(self) -> None:
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def start(self) -> None:
        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        command = [*TOOLBOX, str(listening.fileno())]
        self.process = subprocess.Popen(command, pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL)
        listening.close()  # the child has it: when the child is dead, the port is closed

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def toolbox_command() -> list[str]:
    """The toolbox as a program."""
    return TOOLBOX


@pytest.fixture
def web() -> Iterator[WebServer]:
    """The toolbox over HTTP."""
    server = WebServer()
    yield server
    server.kill()


@pytest.fixture(params=["stdio", "http"])
def toolbox(request: pytest.FixtureRequest) -> Callable[..., McpServer]:
    """The toolbox, over either transport."""
    if request.param == "stdio":
        return lambda **options: mcp_tools(**{"command": TOOLBOX, **options})
    address = request.getfixturevalue("web").url
    return lambda **options: mcp_tools(**{"url": address, **options})


@pytest.fixture
def pipe(tmp_path: Path) -> Callable[[str], Path]:
    """A named pipe, to wait on what another process does."""

    def make(name: str) -> Path:
        path = tmp_path / name
        os.mkfifo(path)
        return path

    return make


@pytest.fixture
def old() -> McpServer:
    """The server of an earlier protocol."""
    return mcp_tools(command=OLD)


async def _call(server: McpServer, name: str, /, **arguments: Any) -> str:
    [tool] = [each for each in server.tools if each.name == name]
    return tool.encode(await tool.run(tool.decode(tool.encode(arguments)), key="k"))


@pytest.fixture
def call() -> Callable[..., Coroutine[Any, Any, str]]:
    """What a tool of a server gives, as a loop would call it."""
    return _call
