"""From a place to an open client of the official package; imported when a server is opened, for the extra `mcp`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

import httpx2
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation

from grokkit.tools.mcp_client.complaints import listening
from grokkit.tools.mcp_client.places import Address, Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from mcp.client._transport import ReadStream, TransportStreams
    from mcp.client.session import MessageHandlerFnT
    from mcp.shared.message import SessionMessage

    from grokkit.tools.mcp_client.complaints import Complaints
    from grokkit.tools.mcp_client.places import Place

    Item = SessionMessage | Exception
_STREAM_SECONDS = 300.0


@asynccontextmanager
async def connected(
    place: Place,
    *,
    patience: float,
    complaints: Complaints,
    heard: MessageHandlerFnT,
    ended: Callable[[], None],
) -> AsyncIterator[Client]:
    """An open client; `heard` gets what the server sends unasked, `ended` is called when the connection is over.

    Entered and left by one task, always: the package's cancel scopes belong to the task that opened them.
    """
    client = Client(
        _watched(_transport(place, patience, complaints), ended, complaints),
        read_timeout_seconds=patience,
        message_handler=heard,
        client_info=Implementation(name="grokkit", version=_version()),
        cache=None,
    )
    async with client:
        yield client


@asynccontextmanager
async def _transport(place: Place, patience: float, complaints: Complaints) -> AsyncIterator[TransportStreams]:
    if isinstance(place, Program):
        async with listening(complaints) as stderr, stdio_client(_parameters(place), stderr) as streams:
            yield streams
    else:
        async with _web(place, patience) as web, streamable_http_client(place.url, http_client=web) as streams:
            yield streams


def _parameters(program: Program) -> StdioServerParameters:
    return StdioServerParameters(
        command=program.arguments[0],
        args=list(program.arguments[1:]),
        env={name: value.reveal() for name, value in program.environment.items()},
        cwd=program.folder,
    )


def _web(address: Address, patience: float) -> httpx2.AsyncClient:
    headers = {name: value.reveal() for name, value in address.headers.items()}
    return httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(patience, read=max(patience, _STREAM_SECONDS)))


def _version() -> str:
    from importlib import metadata

    return metadata.version("grokkit")


@asynccontextmanager
async def _watched(
    transport: AbstractAsyncContextManager[TransportStreams], ended: Callable[[], None], complaints: Complaints
) -> AsyncIterator[TransportStreams]:
    async with transport as (reading, writing):
        yield _Watched(reading, ended, complaints), writing


class _Watched:
    """The incoming stream, and word of its end: a program that dies between two calls is noticed at once."""

    def __init__(self, stream: ReadStream[Item], ended: Callable[[], None], complaints: Complaints) -> None:
        self._stream = stream
        self._ended = ended
        self._complaints = complaints

    @property
    def last_context(self) -> object:
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Item:
        return await self._stream.receive()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> _Watched:
        return self

    async def __anext__(self) -> Item:
        try:
            item = await self._stream.__anext__()
        except StopAsyncIteration:
            self._ended()
            raise
        if isinstance(item, Exception):
            self._complaints.is_babbling()
        return item

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> bool | None:
        return await self._stream.__aexit__(exc_type, exc_val, exc_tb)
