"""The event loop that a server's connection lives on, and the way there from any other."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, TypeVar

from mcp import MCPError
from mcp_types import CONNECTION_CLOSED

from grokkit.errors import Misused
from grokkit.masking import mask_keys
from grokkit.tools.failures import ToolUnreachable
from grokkit.tools.mcp_client.answers import in_brief
from grokkit.tools.mcp_client.owner import Owner

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from mcp import Client
    from mcp_types import Tool as Listed

    from grokkit.tools.mcp_client.places import Place

T = TypeVar("T")


class Home:
    """One opening of a server, on the loop that runs when it is made; opened anew when the server is lost."""

    def __init__(
        self, place: Place, *, said: str, patience: float, listed: Callable[[list[Listed], str | None], None]
    ) -> None:
        self._place = place
        self._said = said
        self._patience = patience
        self._listed = listed
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._opening = asyncio.Lock()
        self._owner: Owner | None = None
        self._closed = False

    @property
    def lives(self) -> bool:
        """Whether its loop can still be asked."""
        return self._loop.is_running() and not self._closed and self._process == os.getpid()

    @property
    def connected(self) -> bool:
        """Whether there is a connection, and nobody knows of its end."""
        return self.lives and self._owner is not None and self._owner.client is not None

    async def visit(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the work gives when it is done on the loop at home, wherever the caller is."""
        if not self.lives:
            raise Misused(
                f"{self._said} was opened in an event loop or process that is not this one, and has ended",
                hint="open it where it is used: async with server, or with server",
            )
        if asyncio.get_running_loop() is self._loop:
            return await work()
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), self._loop))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        raise ToolUnreachable(f"{self._said} was closed with its event loop, during a call", sent=True)

    async def client(self) -> Client:
        """The open client; raises `ToolUnreachable` when the server cannot be opened."""
        async with self._opening:
            if self._closed:
                raise ToolUnreachable(f"{self._said} is closed", hint="call its tools inside its `with` block")
            if self._owner is not None:
                if (client := self._owner.client) is not None:
                    return client
                await self._owner.stop()
            self._owner = owner = Owner(self._place, patience=self._patience, listed=self._listed)
            try:
                return await owner.start()
            except Exception as error:
                raise self._unreachable(owner, error) from error

    def lose(self, client: Client) -> None:
        """This connection is over, which its owner may be about to find out: the next call opens another."""
        if self._owner is not None and self._owner.client is client:
            self._owner.let_go()

    async def list_again(self) -> None:
        """Ask for the tools anew."""
        await self.client()
        if self._owner is not None:
            await self._owner.list_again()

    async def close(self) -> None:
        """Have the connection closed; a server that is just being opened is not."""
        self._closed = True
        if self._owner is not None:
            await self._owner.stop()

    def complaints(self) -> str:
        """The last that a program said on its standard error, in lines of their own."""
        text = str(self._owner.complaints) if self._owner is not None else ""
        return f"\nits last words were:\n{text}" if text else ""

    def _unreachable(self, owner: Owner, error: Exception) -> ToolUnreachable:
        match error:
            case TimeoutError():
                what = f"was not ready within {self._patience:g} s"
            case MCPError(code=code) if code == CONNECTION_CLOSED:
                what = "ended before it was ready"
            case FileNotFoundError():
                what = f"cannot be started: there is no program or folder {error.filename}"
            case ValueError():
                what = f"answers what breaks the protocol: {mask_keys(in_brief(error))}"
            case _:
                what = f"cannot be opened: {type(error).__name__}: {mask_keys(str(error))}"
        return ToolUnreachable(f"{self._said} {what}{self.complaints()}")
