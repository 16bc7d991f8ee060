"""The two faces over the two transports, against servers that fail."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2
import pytest

from grokkit import Timeouts
from grokkit._portal import portal
from grokkit.errors import GrokError
from grokkit.transport import tls
from grokkit.transport.aiohttp import AiohttpTransport
from grokkit.transport.httpx2 import Httpx2Transport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

KEY = "xai-secret-0123456789"
CARRIERS: dict[str, Any] = {
    "aiohttp": AiohttpTransport,
    "httpx2": lambda: Httpx2Transport(lambda: httpx2.AsyncClient(trust_env=False, verify=tls.context())),
}
MESSAGES = [{"role": "user", "content": "Hi"}]


def _transport_tests(name: str) -> Any:
    module = f"wire_{name}"
    if module not in sys.modules:
        path = Path(__file__).parents[1] / "transport" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(module, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[module] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[module])
    return sys.modules[module]


servers, residue = _transport_tests("servers"), _transport_tests("residue")


class Outcome(NamedTuple):
    """How a call ended."""

    error: GrokError
    events: list[Any]
    seconds: float


class Trial:
    """One face over one transport, and the server it calls."""

    def __init__(self, face: Any, carrier: str, host: Any, stack: contextlib.ExitStack) -> None:
        self.face = face
        self._carrier = carrier
        self._host = host
        self._stack = stack

    def serve(self, script: Any) -> Any:
        """Start a server for a script; it ends with the test."""
        return self._stack.enter_context(self._host.serving(script))

    async def streamed(self, server: Any, dialect: str, **options: Any) -> Outcome:
        """Read a stream to its error."""
        events: list[Any] = []
        async with self._client(server, options) as grok:

            async def read() -> None:
                stream = (
                    grok.chat.stream("grok-4.3", messages=MESSAGES)
                    if dialect == "chat"
                    else grok.responses.stream(input="Hi", model="grok-4.3")
                )
                async with self.face.reading(stream) as reading:
                    while (event := await reading.next()) is not None:
                        events.append(event)

            return await _ended(read(), events)

    async def asked(self, server: Any, **options: Any) -> Outcome:
        """Make a plain call that fails."""
        async with self._client(server, options) as grok:
            return await _ended(self.face.call(grok.chat.create, "grok-4.3", messages=MESSAGES), [])

    @contextlib.asynccontextmanager
    async def _client(self, server: Any, options: dict[str, Any]) -> AsyncIterator[Any]:
        portal()  # its thread is nobody's leak
        sockets, tasks, threads = residue.connected_sockets(), asyncio.all_tasks(), _threads()
        carrier = CARRIERS[self._carrier]()
        timeout = Timeouts(**({"total": 5.0, "first_event": 5.0, "idle": 5.0, "wire": 5.0} | options.pop("limits", {})))
        grok = self.face.client(base_url=server.url + "/v1", api_key=KEY, transport=carrier, timeout=timeout, **options)
        yield grok
        await self.face.call(grok.close)
        await self._close(carrier)
        assert await residue.eventually(lambda: residue.connected_sockets() <= sockets), "a socket was left"
        assert await residue.eventually(lambda: asyncio.all_tasks() <= tasks | {asyncio.current_task()})
        assert await residue.eventually(lambda: not asyncio.all_tasks(portal().loop)), "a task was left"
        assert _threads() <= threads, "a thread was left"

    async def _close(self, carrier: Any) -> None:
        if self.face.name == "async":
            await carrier.aclose()
        else:
            await asyncio.to_thread(portal().run, carrier.aclose)


async def _ended(work: Any, events: list[Any]) -> Outcome:
    started = time.monotonic()
    with pytest.raises(GrokError) as caught:
        await work
    return Outcome(caught.value, events, time.monotonic() - started)


def _threads() -> set[str]:
    """The threads that run, without those that the tests themselves wait in."""
    return {thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}


@pytest.fixture(scope="session")
def host() -> Iterator[Any]:
    made = servers.Host()
    yield made
    made.close()


@pytest.fixture(params=CARRIERS)
def trial(face: Any, request: pytest.FixtureRequest, host: Any, caplog: pytest.LogCaptureFixture) -> Iterator[Trial]:
    """Both faces over both transports; whatever is logged meanwhile has no key in it."""
    caplog.set_level(logging.DEBUG)
    with contextlib.ExitStack() as stack:
        yield Trial(face, request.param, host, stack)
    assert KEY not in "\n".join(
        f"{record.getMessage()} {record.args!r} {record.exc_text or ''}" for record in caplog.records
    )


def everything(error: BaseException) -> str:
    """All that a log could show of an error and what it came from."""
    texts = traceback.format_exception(error)
    chain: list[BaseException] = [error]
    for one in chain:
        texts += [str(one), repr(one), repr(one.args), repr(vars(one))]
        chain += [other for other in (one.__cause__, one.__context__) if other is not None and other not in chain]
    return "\n".join(texts)


@pytest.fixture
def told() -> Any:
    """Asserts that an error knows its call and keeps the key."""

    def check(outcome: Outcome, server: Any, *, request_id: str | None = None) -> None:
        error = outcome.error
        sent = [request.headers["x-client-request-id"] for request in server.requests]
        assert error.call is not None
        assert error.call.method == "POST"
        assert error.client_request_id
        assert not sent or error.client_request_id in sent
        assert error.request_id == request_id
        assert KEY not in everything(error)
        assert error.hint

    return check
