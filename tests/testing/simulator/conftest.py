"""A client of the simulator's sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

import aiohttp
import pytest

from grokkit.testing.simulator import Simulator


class Wire:
    """A client of a socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, kind: str, **fields: Any) -> None:
        await self._socket.send_json({"type": kind, **fields})

    async def send_text(self, text: str) -> None:
        await self._socket.send_str(text)

    async def send_bytes(self, data: bytes) -> None:
        await self._socket.send_bytes(data)

    async def event(self) -> dict[str, Any]:
        event: dict[str, Any] = await self._socket.receive_json(timeout=10)
        return event

    async def text(self) -> str:
        return await self._socket.receive_str(timeout=10)

    async def until(self, kind: str) -> list[dict[str, Any]]:
        events = [await self.event()]
        while events[-1]["type"] != kind:
            events.append(await self.event())
        return events

    async def closed(self) -> int | None:
        message = await self._socket.receive(timeout=10)
        assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING}
        return self._socket.close_code


@asynccontextmanager
async def connect(sim: Simulator, path: str) -> AsyncIterator[Wire]:
    headers = {"Authorization": f"Bearer {sim.key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.ws_connect(f"{sim.base_url}{path}") as socket,
    ):
        yield Wire(socket)


Connect: TypeAlias = Callable[[Simulator, str], AbstractAsyncContextManager[Wire]]


@pytest.fixture
def connected() -> Connect:
    """Opens a socket of a simulator, with its key."""
    return connect
