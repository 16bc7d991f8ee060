"""Servers, certificates and the transports under the contract."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import shutil
import ssl
import sys
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from grokkit.call import Call
from grokkit.config import Limits
from grokkit.transport.aiohttp import AiohttpTransport
from grokkit.transport.httpx2 import Httpx2Transport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


def _beside(name: str) -> Any:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, Path(__file__).with_name(f"{name.removeprefix('wire_')}.py")
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


servers, certificates, residue = _beside("wire_servers"), _beside("wire_certificates"), _beside("wire_residue")


@pytest.fixture(scope="session")
def host() -> Iterator[Any]:
    made = servers.Host()
    yield made
    made.close()


@pytest.fixture(scope="session")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Certificates, good and bad."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    return certificates.make(tmp_path_factory.mktemp("certificates"))


def aiohttp_transport(**options: Any) -> AiohttpTransport:
    return AiohttpTransport(**options)


def httpx2_transport(
    *,
    proxy: str | None = None,
    ca_file: str | None = None,
    client_cert: str | None = None,
    client_key: str | None = None,
    trust_env: bool = True,
) -> Httpx2Transport:
    """The same settings, as a user would give them to a client of their own."""
    verify: ssl.SSLContext | bool = True
    if ca_file or client_cert:
        verify = ssl.create_default_context(cafile=ca_file)
        if client_cert:
            verify.load_cert_chain(client_cert, client_key)
    limits = httpx2.Limits(max_connections=4096, max_keepalive_connections=4096)
    return Httpx2Transport(lambda: httpx2.AsyncClient(proxy=proxy, verify=verify, trust_env=trust_env, limits=limits))


MAKERS: dict[str, Callable[..., Any]] = {"aiohttp": aiohttp_transport, "httpx2": httpx2_transport}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Makes a transport of the kind under test."""
    return MAKERS[request.param]


@pytest.fixture
async def transport(make: Callable[..., Any], net: Net) -> AsyncIterator[Any]:
    """A transport with its defaults; nothing may be left of it at the end."""
    async with net.clean():
        made = make()
        yield made
        await made.aclose()


class Net:
    """What the tests do with the network."""

    def __init__(self, host: Any, servers_of_test: contextlib.ExitStack) -> None:
        self._host = host
        self._servers = servers_of_test
        self.connected_sockets = residue.connected_sockets
        self.handshakes_only = servers.handshakes_only
        self.no_room = servers.no_room
        self.nobody = servers.nobody
        self.proxy = servers.Proxy
        self.signal = servers.Signal
        self.turns = servers.turns
        self.turns_of = servers.turns_of
        self.patient = Limits(connect=30.0)

    def serve(self, script: Any, tls: ssl.SSLContext | None = None) -> Any:
        """Start a server for a script; it ends with the test."""
        return self._servers.enter_context(self._host.serving(script, tls))

    def call(self, url: str, path: str = "/v1/chat", **changes: Any) -> Call:
        """A call as the layers hand it to a transport."""
        fields: dict[str, Any] = {
            "method": "POST",
            "base_url": url,
            "path": path,
            "operation": "chat",
            "id": "client-1",
            "body": {"model": "grok-4.3"},
            "headers": {"Authorization": "Bearer xai-secret-0123456789", "Content-Type": "application/json"},
            "limits": Limits(connect=2.0),
        }
        return Call(**(fields | changes))

    async def read(self, reply: Any, arrived: list[bytes] | None = None, began: Any = None) -> bytes:
        """The whole body, however it came; what came before an error is in `arrived`. `began` is set at the first."""
        arrived = [] if arrived is None else arrived
        if reply.body is not None:
            return bytes(reply.body)
        async for chunk in reply.stream:
            arrived.append(chunk)
            if began is not None:
                began.set()
        return b"".join(arrived)

    @contextlib.asynccontextmanager
    async def clean(self) -> AsyncIterator[None]:
        """A block that leaves no connected socket, task or thread behind."""
        sockets, tasks, threads = residue.connected_sockets(), asyncio.all_tasks(), residue.threads()
        yield
        await servers.turns()
        await residue.sockets_end(sockets)
        await residue.tasks_end(tasks)
        residue.threads_end(threads)

    @contextlib.contextmanager
    def peak(self) -> Iterator[Callable[[], int]]:
        """Measures the memory that a block takes at its highest, the servers' included."""
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        highest = 0
        try:
            yield lambda: highest - before
        finally:
            highest = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()


@pytest.fixture
def net(host: Any) -> Iterator[Net]:
    """Servers and calls to them."""
    with contextlib.ExitStack() as stack:
        yield Net(host, stack)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    bundles = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", *bundles):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
