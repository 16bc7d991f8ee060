"""WebSocket addresses: the handshake with its key, and a socket that handlers read messages from and write them to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.acls import permits_endpoint
from grokkit.testing.simulator.credentials import credentials_of, without_credentials
from grokkit.testing.simulator.handlers import no_such_address, pattern
from grokkit.testing.simulator.refusal import Refusal, not_permitted
from grokkit.testing.simulator.visit import Visit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence

    from grokkit.testing.simulator.credentials import Credentials
    from grokkit.testing.simulator.handlers import SocketEndpoint, SocketHandler
    from grokkit.testing.simulator.keys import Key, Keys
    from grokkit.testing.simulator.simulator import Simulator

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_SECRET_PROTOCOL = "xai-client-secret."  # noqa: S105 - the name of a subprotocol
_NORMAL = 1000


class SocketClosed(Exception):
    """The other side closed the socket."""


class Socket:
    """One open WebSocket. `visit` is the request that opened it: its query, headers, key, clock and state.

    Read with `async for message in socket` (`str` or `bytes`, until the other side closes), write with
    `await socket.send(value)` (bytes go as they are, anything else as JSON).
    """

    def __init__(self, visit: Visit, receive: Receive, send: Send) -> None:
        self.visit = visit
        self.simulator = visit.simulator
        self.closed = False
        self._receive = receive
        self._send = send

    async def send(self, value: Any) -> None:
        """Send bytes as a binary message, anything else as JSON text."""
        if self.closed:
            raise SocketClosed
        message: Message = {"type": "websocket.send"}
        if isinstance(value, bytes):
            message["bytes"] = value
        else:
            message["text"] = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        await self._send(message)

    async def receive(self) -> str | bytes:
        """The next message. Raises `SocketClosed`."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self.closed = True
            raise SocketClosed
        text = message.get("text")
        found: str | bytes = message.get("bytes") or b"" if text is None else text
        return found

    async def close(self, code: int = _NORMAL, reason: str = "") -> None:
        """Close from this side."""
        if not self.closed:
            self.closed = True
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            try:
                message = await self.receive()
            except SocketClosed:
                return
            yield message


class SocketDoor:
    """Lets sockets in: address, key, then the handler."""

    def __init__(self, simulator: Simulator, endpoints: Sequence[SocketEndpoint], keys: Keys) -> None:
        self._simulator = simulator
        self._keys = keys
        self._endpoints = [(pattern(endpoint.path), endpoint) for endpoint in endpoints]

    async def serve(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one handshake, and run the socket to its end."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        visit = Visit(
            self._simulator,
            "GET",
            scope["path"],
            query_string=scope["query_string"].decode("latin-1"),
            headers=without_credentials(headers),
        )
        visit.on_socket = True
        await receive()
        try:
            endpoint, visit.params = self._find(scope["path"])
            offered = scope.get("subprotocols", ())
            visit.key, protocol = self._caller(endpoint, credentials_of(headers), offered)
            if not permits_endpoint(visit.key, visit.path):
                raise not_permitted()
        except Refusal as refusal:
            await _deny(refusal, scope, send)
            return
        await send({"type": "websocket.accept", "subprotocol": protocol, "headers": []})
        await _run(endpoint.handler, Socket(visit, receive, send))

    def _find(self, path: str) -> tuple[SocketEndpoint, dict[str, str]]:
        for compiled, endpoint in self._endpoints:
            if found := compiled.fullmatch(path):
                return endpoint, found.groupdict()
        raise no_such_address()

    def _caller(
        self, endpoint: SocketEndpoint, credentials: Credentials, offered: Sequence[str]
    ) -> tuple[Key, str | None]:
        """Whose key it is, and the subprotocol to agree on. Raises 401 and 400."""
        now, protocol = self._simulator.time(), offered[0] if offered else None
        if endpoint.client_secrets:
            protocol = next((one for one in offered if one.startswith(_SECRET_PROTOCOL)), protocol)
            secret = self._client_secret(credentials, protocol or "")
            if secret is not None:
                return self._simulator.client_secrets.check_secret(secret, now), protocol
        return self._keys.check(credentials.bearer, now), protocol

    def _client_secret(self, credentials: Credentials, protocol: str) -> str | None:
        """The client secret, wherever it is: in a subprotocol, in its own header, in the place of a key."""
        if protocol.startswith(_SECRET_PROTOCOL):
            return protocol.removeprefix(_SECRET_PROTOCOL)
        if credentials.client_secret is not None:
            return credentials.client_secret
        bearer = (credentials.bearer or "").partition(" ")[2].strip()
        return bearer if bearer in self._simulator.client_secrets.by_secret else None


async def _run(handler: SocketHandler, socket: Socket) -> None:
    try:
        await handler(socket)
    except SocketClosed:
        return
    await socket.close()


async def _deny(refusal: Refusal, scope: Message, send: Send) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": _NORMAL, "reason": ""})
        return
    headers = [(b"content-type", refusal.media_type.encode())]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": refusal.body})
