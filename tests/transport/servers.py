"""Raw servers on loopback, in a thread of their own: a script per connection decides every byte and every pause.

They are for what the simulator cannot do, since it speaks correct HTTP: TLS handshakes, proxies, resets, heads that
are cut off or no HTTP at all, framing and compression that break, bodies of gigabytes, bytes that come one by one.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import struct
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator

PATIENCE = 10.0
_TURNS = 50


class Signal:
    """Something that happens once, on any thread, and is waited for on any other, with a loop or without."""

    def __init__(self) -> None:
        self._happened: Future[None] = Future()

    def set(self) -> None:
        """Let it happen. Twice is as good as once."""
        if not self._happened.done():
            self._happened.set_result(None)

    @property
    def is_set(self) -> bool:
        return self._happened.done()

    async def happens(self) -> None:
        """Wait for it. Raises `TimeoutError` when it does not come."""
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._happened)), PATIENCE)

    def wait(self) -> None:
        """The same, on a thread that has no loop."""
        self._happened.result(PATIENCE)


async def turns() -> None:
    """Let this loop take in what the system has for it, and end what it has closed."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def turns_of(loop: asyncio.AbstractEventLoop) -> None:
    """Let the loop of another thread do so. What was sent on loopback before is with its reader then."""
    if loop is asyncio.get_running_loop():
        await turns()
    else:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(turns(), loop))


class Request(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Wire:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.requests: list[Request] = []
        self.asked = Signal()
        self.silent = Signal()
        self.client_closed = Signal()

    async def request(self) -> Request:
        """The next request, body and all. Raises `EOFError` when the client has gone."""
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            self.client_closed.set()
            raise EOFError from error
        method, target, _ = first.split(" ", 2)
        self.requests.append(Request(method, target, headers, body))
        self.asked.set()
        return self.requests[-1]

    async def say(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def reply(self, body: bytes = b"{}", *, status: str = "200 OK", headers: Iterable[str] = ()) -> None:
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
        await self.say("\r\n".join([*lines, "", ""]).encode() + body)

    async def chunks(self, *parts: bytes, end: bool = True) -> None:
        for part in parts:
            await self.say(b"%x\r\n%b\r\n" % (len(part), part))
        if end:
            await self.say(b"0\r\n\r\n")

    async def client_gone(self) -> None:
        """Wait until the client has closed."""
        self.silent.set()
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass
        self.client_closed.set()

    async def close(self) -> None:
        """Close, and wait until it is done."""
        self.writer.close()
        await self.writer.wait_closed()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        plain = self.writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Server:
    """One listening socket; `wires` are its connections in the order they came."""

    def __init__(self, script: Callable[[Wire], Awaitable[None]]) -> None:
        self._script = script
        self.wires: list[Wire] = []
        self.connected = Signal()
        self.errors: list[BaseException] = []
        self.port = 0
        self.scheme = "http"
        self._tls: ssl.SSLContext | None = None
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Request]:
        return [request for wire in self.wires for request in wire.requests]

    async def asked(self) -> Wire:
        """The first connection, once a request has come over it."""
        await self.connected.happens()
        await self.wires[0].asked.happens()
        return self.wires[0]

    async def silent(self) -> None:
        """Wait until all is said over the first connection that will be before the client closes it."""
        await self.connected.happens()
        await self.wires[0].silent.happens()

    async def left(self) -> None:
        """Wait until the client has closed the first connection."""
        await self.connected.happens()
        await self.wires[0].client_closed.happens()

    async def start(self, tls: ssl.SSLContext | None) -> None:
        self.scheme = "https" if tls else "http"
        self._tls = tls
        self._listener = await asyncio.start_server(self._begin, "127.0.0.1", 0, backlog=4096)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._listener is not None
        for listening in self._listener.sockets:  # a connection accepted just before the close would be lost
            asyncio.get_running_loop().remove_reader(listening.fileno())
        await turns()
        self._listener.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        self.wires.append(wire)
        self.connected.set()
        task = asyncio.get_running_loop().create_task(self._serve(wire))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, wire: Wire) -> None:
        writer = wire.writer
        plain = writer.transport
        try:
            if self._tls is not None:
                await writer.start_tls(self._tls)
            await self._script(wire)
        except (EOFError, OSError):
            wire.client_closed.set()
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.errors.append(error)
        finally:
            writer.transport.abort() if self._tls or plain.get_write_buffer_size() else writer.close()
            if self._tls is not None:
                plain.abort()


class Host:
    """The loop and thread that all servers of a test session live on."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-servers", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[object, object, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    @contextlib.contextmanager
    def serving(self, script: Callable[[Wire], Awaitable[None]], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
        server = Server(script)
        self.run(server.start(tls))
        try:
            yield server
        finally:
            self.run(server.stop())
        if server.errors:
            raise server.errors[0]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


class Proxy:
    """A forward and CONNECT proxy that brings every host to one port of loopback."""

    def __init__(self, port: int, *, credentials: str | None = None, refusal: str | None = None) -> None:
        self._port = port
        self._expected = f"Basic {base64.b64encode(credentials.encode()).decode()}" if credentials else None
        self._refusal = refusal

    async def __call__(self, wire: Wire) -> None:
        """Serve one connection."""
        while True:
            request = await wire.request()
            if self._refusal:
                return await wire.reply(status=self._refusal)
            if self._expected and request.headers.get("proxy-authorization") != self._expected:
                return await wire.reply(status="407 Proxy Authentication Required")
            if request.method == "CONNECT":
                return await self._tunnel(wire)
            await self._forward(wire, request)

    async def _tunnel(self, wire: Wire) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        await wire.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pour(wire.reader, writer), _pour(reader, wire.writer))

    async def _forward(self, wire: Wire, request: Request) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        path = "/" + request.target.split("/", 3)[3]
        passed = {name: value for name, value in request.headers.items() if not name.startswith("proxy-")}
        head = [f"{request.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in passed.items())]
        writer.write("\r\n".join([*head, "", ""]).encode() + request.body)
        writer.write_eof()
        await _pour(reader, wire.writer)
        writer.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.contextmanager
def no_room() -> Iterator[str]:
    """An address that accepts no more connections, so that the next one hangs."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            taken = waiting.enter_context(socket.socket())
            taken.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                taken.connect(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def nobody() -> Iterator[str]:
    """An address at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextlib.contextmanager
def handshakes_only(context: ssl.SSLContext) -> Iterator[str]:
    """A server that ends its one connection at the handshake; with OpenSSL's own, as asyncio's sends no alerts."""

    def serve() -> None:
        plain, _ = listener.accept()
        guarded = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
        with contextlib.suppress(OSError):
            guarded.do_handshake()
        with socket.socket(fileno=guarded.detach()) as refused:
            while refused.recv(4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        guard = threading.Thread(target=serve)
        guard.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        guard.join()
