"""ASGI applications on sockets: uvicorn's protocols on a server of our own, which starts and stops at once.

uvicorn's `Server` is a process's main program: it ticks, catches signals and waits for connections to end.
Here a server is a value inside somebody's test, so only the protocols are used.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

from grokkit.errors import ConfigInvalid, ExtraMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn.server import ServerState

_log = logging.getLogger("grokkit.simulator")
_BACKLOG = 2048
_CLEAN_UP = 2.0
_KEEP_ALIVE = 300
_INTENDED = "ASGI callable returned without"


def _is_news(record: logging.LogRecord) -> bool:
    """Whether uvicorn tells of a real failure, and not of a reply that was left on purpose."""
    error = record.exc_info[1] if record.exc_info else None
    return not (str(record.msg).startswith(_INTENDED) or isinstance(error, asyncio.CancelledError))


_log.addFilter(_is_news)


class Line:
    """The connection a request came over, for faults that cut it."""

    __slots__ = ("protocol",)

    def __init__(self) -> None:
        self.protocol: Any = None

    def hang_up(self) -> None:
        """Close the connection, whatever is still to be said; what was sent still arrives."""
        self.protocol.transport.close()


class Host:
    """One ASGI application on one port of the running loop."""

    def __init__(self, app: Callable[..., Any], listener: socket.socket) -> None:
        self._app = app
        self._listener = listener
        self._server: asyncio.Server | None = None
        self._state: ServerState | None = None

    async def open(self) -> None:
        """Answer from now on."""
        try:
            from uvicorn.config import Config
            from uvicorn.server import ServerState
        except ImportError as error:
            raise _missing("uvicorn") from error
        config = Config(
            self._app,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            timeout_keep_alive=_KEEP_ALIVE,
            ws="websockets-sansio",
        )
        try:
            config.load()
        except ImportError as error:
            raise _missing(error.name or "websockets") from error
        state = self._state = ServerState()
        loop = asyncio.get_running_loop()
        made: Any = config.http_protocol_class
        made_for_sockets: Any = config.ws_protocol_class

        def socket_protocol(*given: Any, **named: Any) -> asyncio.Protocol:
            upgraded: Any = made_for_sockets(*given, **named)
            upgraded.logger = _log
            connection: asyncio.Protocol = upgraded
            return connection

        def protocol() -> asyncio.Protocol:
            line = Line()
            line.protocol = made(config, state, {"line": line}, loop)
            line.protocol.logger = _log
            line.protocol.ws_protocol_class = socket_protocol
            connection: asyncio.Protocol = line.protocol
            return connection

        self._server = await loop.create_server(protocol, sock=self._listener, backlog=_BACKLOG)

    async def close(self) -> None:
        """Hang up on everybody and let the work end."""
        if self._server is None or self._state is None:
            return
        self._server.close()
        for connection in list(self._state.connections):
            transport: Any = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLEAN_UP)
        await asyncio.sleep(0)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises `ConfigInvalid` when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    listener.settimeout(0)
    return listener


def _missing(package: str) -> ExtraMissing:
    return ExtraMissing(f"serving the simulator needs {package}", hint='pip install "grokkit[gateway]"')


def _cannot_listen(host: str, port: int, error: Exception) -> ConfigInvalid:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return ConfigInvalid(
            f"port {port} on {host} is in use, so the simulator cannot listen there",
            hint="choose another port, or leave it out (0) for a free one",
        )
    return ConfigInvalid(
        f"the simulator cannot listen on {host} port {port}: {error}",
        hint='host="127.0.0.1" and port=0 work everywhere',
    )


class Backstage:
    """A thread with a loop of its own, for callers that have none."""

    def __init__(self) -> None:
        self.loop = _new_loop()
        self._thread = threading.Thread(target=self._serve, name="grokkit-simulator", daemon=True)
        self._thread.start()

    def run(self, work: Any) -> Any:
        """Run a coroutine there, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def stop(self) -> None:
        """End loop and thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
