"""The one task that opens, keeps and closes the connection to a server.

The rule: nobody else enters or leaves the client. Others ask the owner to stop, from whichever task they are in, and
wait for it. What closes a connection from another task leaves cancel scopes behind that never come to rest.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from mcp import MCPError
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp_types import Tool as Listed
from mcp_types import ToolListChangedNotification

from grokkit.tools.mcp_client.complaints import Complaints
from grokkit.tools.mcp_client.connection import connected

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp import Client
    from mcp.client.session import IncomingMessage

    from grokkit.tools.mcp_client.places import Place

_MOST_PAGES = 100
_CLOSING_SECONDS = 10.0
_kept: set[asyncio.Task[None]] = set()


class Owner:
    """A connection, from its opening to its end; made for each opening, on the loop that it stays on."""

    def __init__(self, place: Place, *, patience: float, listed: Callable[[list[Listed], str | None], None]) -> None:
        self.complaints = Complaints()
        self._place = place
        self._patience = patience
        self._listed = listed
        self._client: Client | None = None
        self._end = asyncio.Event()
        self._listening = asyncio.Event()
        self._changed = asyncio.Event()
        self._ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._task: asyncio.Task[None] | None = None

    @property
    def client(self) -> Client | None:
        """The client, while the connection stands."""
        return None if self._end.is_set() else self._client

    async def start(self) -> Client:
        """Open the connection and list the tools; raises what kept it from that, and `TimeoutError`.

        Cancelled or out of time, it closes what was opened before it raises.
        """
        self._task = asyncio.create_task(self._own(), name=f"grokkit mcp {self._place}")
        _kept.add(self._task)  # asyncio itself holds its tasks weakly
        self._task.add_done_callback(_kept.discard)
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(self._ready)
        except BaseException:
            self._task.cancel()
            await self.stop()
            raise

    def let_go(self) -> None:
        """Have the connection closed, without waiting for it."""
        self._end.set()

    async def stop(self) -> None:
        """Have the connection closed, and wait for that, but not for ever. Any task of the loop may call this."""
        self._end.set()
        if self._task is None:
            return
        if not (await asyncio.wait([self._task], timeout=_CLOSING_SECONDS))[0]:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=_CLOSING_SECONDS)

    async def list_again(self) -> None:
        """Ask for the tools anew."""
        if (client := self.client) is not None:
            await self._list(client)

    async def _list(self, client: Client) -> None:
        tools = await _all_tools(client)
        self._listed(tools, client.server_info.name if client.server_info else None)

    async def _own(self) -> None:
        try:
            async with connected(
                self._place,
                patience=self._patience,
                complaints=self.complaints,
                heard=self._heard,
                ended=self._end.set,
            ) as client:
                await self._attend(client)
        except BaseException as error:
            self._report(error, None)
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._end.set()

    def _report(self, error: BaseException | None, client: Client | None) -> None:
        if self._ready.done():
            return
        if client is not None:
            self._ready.set_result(client)
        else:
            self._ready.set_exception(_innermost(error))
            self._ready.exception()  # whoever waited may have left

    async def _attend(self, client: Client) -> None:
        """From the first list to the end; changes are listened for before it, so that none is missed."""
        watching = [asyncio.create_task(self._subscribe(client))]
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._listening.wait(), self._patience / 2)
            await self._list(client)
            self._client = client
            self._report(None, client)
            watching.append(asyncio.create_task(self._follow()))
            await self._end.wait()
        finally:
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            with suppress(MCPError, TimeoutError, ValueError):  # gone, or nonsense: the tools that are known stay known
                await self.list_again()

    async def _subscribe(self, client: Client) -> None:
        """Newer servers only tell of changes to who listens."""
        offered = client.server_capabilities.tools
        try:
            if offered is not None and offered.list_changed:
                await self._listen(client)
        finally:
            self._listening.set()

    async def _listen(self, client: Client) -> None:
        with suppress(ListenNotSupportedError, SubscriptionLost, MCPError, TimeoutError):
            async with client.listen(tools_list_changed=True) as changes:
                self._listening.set()
                async for _ in changes:
                    self._changed.set()

    async def _heard(self, message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._changed.set()


async def _all_tools(client: Client) -> list[Listed]:
    page = await client.list_tools()
    found = list(page.tools)
    for _ in range(_MOST_PAGES):
        if page.next_cursor is None:
            break
        page = await client.list_tools(cursor=page.next_cursor)
        found += page.tools
    return sorted(found, key=lambda each: each.name)


def _innermost(error: BaseException | None) -> BaseException:
    """What happened, without the groups that task groups wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error or RuntimeError("the connection ended")
