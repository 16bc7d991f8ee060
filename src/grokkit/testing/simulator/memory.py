"""The simulator as a transport, with no socket: the application runs on the caller's own loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from multidict import CIMultiDict

from grokkit.call import Reply
from grokkit.errors import ConnectionLost

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from grokkit.call import Call
    from grokkit.testing.simulator.simulator import Simulator

    Message = MutableMapping[str, Any]

_AHEAD = 16
"""How many pieces of a body the server may be ahead of its reader, as a socket's buffer would let it."""


class SimulatorTransport:
    """A `Transport` that carries calls straight into a simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def send(self, call: Call) -> Reply:
        """See `Transport.send`."""
        is_management = call.base_url.startswith(self._simulator.management_url)
        app = self._simulator.management_app if is_management else self._simulator.app
        exchange = _Exchange(call)
        exchange.start(app)
        try:
            await exchange.head()
        except BaseException:
            await exchange.aclose()
            raise
        return Reply(exchange.status, exchange.headers, stream=exchange)

    def __repr__(self) -> str:
        return f"SimulatorTransport({self._simulator!r})"


class _Exchange:
    """One request on its way through the application; also the body of its reply."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._scope = _scope(call, self)
        self._content = call.content() or b""
        self._asked = False
        self._begun = asyncio.Event()
        self._left = asyncio.Event()
        self._room = asyncio.Event()
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._complete = False
        self._failure: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self.status = 0
        self.headers: CIMultiDict[str] = CIMultiDict()

    def start(self, app: Any) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(app))

    async def head(self) -> None:
        await self._begun.wait()
        if not self.status:
            raise self._lost()

    def hang_up(self) -> None:
        """What a cut connection is here: the body ends before its end."""
        self._left.set()

    async def _run(self, app: Any) -> None:
        try:
            await app(self._scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - it is raised where the caller waits
            self._failure = error
        finally:
            self._begun.set()
            self._chunks.put_nowait(None)

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._content, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._left.is_set():
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers.extend((name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"])
            self._begun.set()
            return
        self._complete = not message.get("more_body", False)
        if body := message.get("body"):
            self._chunks.put_nowait(body)
        while self._chunks.qsize() >= _AHEAD and not self._left.is_set():
            self._room.clear()
            await self._room.wait()

    def __aiter__(self) -> _Exchange:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._chunks.get()
        self._room.set()
        if chunk is not None:
            return chunk
        self._chunks.put_nowait(None)
        if self._complete:
            raise StopAsyncIteration
        raise self._lost()

    async def aclose(self) -> None:
        """Leave: the work for this reply is cancelled, as when a connection closes."""
        self._left.set()
        self._room.set()
        task, self._task = self._task, None
        if task is None or task.done():
            return
        if not self._complete:
            await asyncio.sleep(0)
        await asyncio.wait([task])

    def _lost(self) -> BaseException:
        if self._failure is not None:
            return self._failure
        return ConnectionLost(
            "the simulator closed the connection before the end of its reply",
            hint="a fault was asked for: see the rule, or sim.calls[-1].fault",
            call=self._call.ref,
        )


def _scope(call: Call, line: _Exchange) -> Message:
    address = urlsplit(call.url)
    query = "&".join(part for part in (address.query, urlencode(call.query)) if part)
    headers = {name.lower(): value for name, value in call.headers.items()}
    headers.setdefault("host", address.netloc)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": call.method,
        "scheme": address.scheme,
        "path": unquote(address.path),
        "raw_path": quote(address.path, safe="/%:@").encode(),
        "query_string": query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "server": (address.hostname, address.port),
        "client": ("127.0.0.1", 0),
        "state": {"line": line},
    }
