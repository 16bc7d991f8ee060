"""The two faces over the two transports, against a simulator that fails, and servers that fail as it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx2
import pytest

from grokkit import Timeouts
from grokkit._portal import portal
from grokkit.errors import GrokError
from grokkit.testing import Simulator, TurnableClock
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
LIMITS = {"total": 1000.0, "first_event": 500.0, "idle": 500.0, "wire": 500.0}
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


class Clock(TurnableClock):
    """Stands still, and tells when somebody has begun to wait: a server that is silent, or lets time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = servers.Signal()

    async def sleep(self, seconds: float) -> None:
        """Wait for the clock to be turned, and tell of it as soon as the clock knows."""
        asyncio.get_running_loop().call_soon(self.waited.set)
        await super().sleep(seconds)


class Trial:
    """One face over one transport, what it calls, and the clock of them all."""

    def __init__(self, face: Any, carrier: str, host: Any, stack: contextlib.AsyncExitStack) -> None:
        self.face = face
        self.clock = Clock()
        self._home = asyncio.get_running_loop()
        self._carrier = carrier
        self._host = host
        self._stack = stack

    def serve(self, script: Any) -> Any:
        """Start a server for a script; it ends with the test."""
        return self._stack.enter_context(self._host.serving(script))

    async def simulator(self) -> Simulator:
        """Start a simulator; it ends with the test."""
        return await self._stack.enter_async_context(Simulator(clock=self.clock, key=KEY))

    async def heard(self) -> None:
        """Let the client take in what was sent to it."""
        await servers.turns_of(self._loop)

    async def streamed(self, url: str, dialect: str, *, within: float | None = None, **options: Any) -> Outcome:
        """Read a stream to its error, which comes once so many seconds have passed, or without any passing."""
        events: list[Any] = []
        async with self._client(url, options) as grok:

            async def read() -> None:
                stream = (
                    grok.chat.stream("grok-4.3", messages=MESSAGES)
                    if dialect == "chat"
                    else grok.responses.stream(input="Hi", model="grok-4.3")
                )
                async with self.face.reading(stream) as reading:
                    while (event := await reading.next()) is not None:
                        events.append(event)

            return await self._ended(read(), events, within)

    async def asked(self, url: str, *, within: float | None = None, **options: Any) -> Outcome:
        """Make a plain call that fails."""
        async with self._client(url, options) as grok:
            work = self.face.call(grok.chat.create, "grok-4.3", messages=MESSAGES)
            return await self._ended(work, [], within)

    async def _ended(self, work: Any, events: list[Any], within: float | None) -> Outcome:
        task = asyncio.create_task(work)
        if within is not None:
            await self.clock.waited.happens()
            await self.clock.advance(within - 1)
            assert not task.done(), "it ended before its time"
            await self.clock.advance(1)
        with pytest.raises(GrokError) as caught:
            await asyncio.wait_for(task, residue.PATIENCE)
        return Outcome(caught.value, events)

    @contextlib.asynccontextmanager
    async def _client(self, url: str, options: dict[str, Any]) -> AsyncIterator[Any]:
        portal()  # its thread is nobody's leak
        sockets, tasks, threads = residue.connected_sockets(), asyncio.all_tasks(), residue.threads()
        carrier = CARRIERS[self._carrier]()
        timeout = Timeouts(**(LIMITS | options.pop("limits", {})))
        fixed = {"base_url": url, "api_key": KEY, "transport": carrier, "timeout": timeout, "clock": self.clock}
        grok = self.face.client(**fixed, retries=0, **options)
        yield grok
        await self.face.call(grok.close)
        await self._close(carrier)
        await servers.turns_of(self._loop)
        await residue.sockets_end(sockets)
        await residue.tasks_end(tasks)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(residue.tasks_end(), portal().loop))
        residue.threads_end(threads)

    async def _close(self, carrier: Any) -> None:
        if self.face.name == "async":
            await carrier.aclose()
        else:
            await asyncio.to_thread(portal().run, carrier.aclose)

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        """The loop that the client reads on."""
        return self._home if self.face.name == "async" else portal().loop


@pytest.fixture(scope="session")
def host() -> Iterator[Any]:
    made = servers.Host()
    yield made
    made.close()


@pytest.fixture(params=CARRIERS)
async def trial(
    face: Any, request: pytest.FixtureRequest, host: Any, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Trial]:
    """Both faces over both transports; whatever is logged meanwhile has no key in it."""
    caplog.set_level(logging.DEBUG)
    async with contextlib.AsyncExitStack() as stack:
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
    """Asserts that an error knows its call and keeps the key; `asked` are the requests that came to the server."""

    def check(outcome: Outcome, asked: list[Any], *, request_id: str | None = None) -> None:
        error = outcome.error
        sent = [request.headers["x-client-request-id"] for request in asked]
        assert error.call is not None
        assert error.call.method == "POST"
        assert error.client_request_id
        assert not sent or error.client_request_id in sent
        assert error.request_id == request_id
        assert KEY not in everything(error)
        assert error.hint

    return check
