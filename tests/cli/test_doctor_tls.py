"""`grokkit doctor` on the secure way: certificates, and a proxy that tunnels."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import WatchedSimulator

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")

HOST = "api.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for api.example and localhost that nobody has signed but itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "60", "-keyout", str(key)]
    command += ["-out", str(made), "-subj", f"/O=Test House/CN={HOST}"]
    command += ["-addext", f"subjectAltName=DNS:{HOST},DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)
    return made, key


class Front:
    """A port in front of the simulator, for what the simulator cannot do: speak TLS, and be a proxy that tunnels."""

    def __init__(self, behind: int, welcome: Callable[[socket.socket], socket.socket | None]) -> None:
        self._behind = behind
        self._welcome = welcome
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._tunnel, args=(self._listening.accept()[0],), daemon=True).start()

    def _tunnel(self, caller: socket.socket) -> None:
        with contextlib.suppress(OSError), caller:
            client = self._welcome(caller)
            if client is None:
                return
            with client, socket.create_connection(("127.0.0.1", self._behind)) as server:
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def secure_port(certificate: tuple[Path, Path], sim: WatchedSimulator) -> Iterator[int]:
    """The simulator, over TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    port = int(sim.base_url.removesuffix("/v1").rpartition(":")[2])
    with Front(port, lambda caller: context.wrap_socket(caller, server_side=True)) as front:
        yield front.port


@pytest.fixture
def asked_of_proxy() -> list[str]:
    """The heads of the requests that the proxy got."""
    return []


@pytest.fixture
def proxy_port(secure_port: int, asked_of_proxy: list[str]) -> Iterator[int]:
    """A proxy that tunnels every CONNECT to the secure port."""

    def connect(caller: socket.socket) -> socket.socket | None:
        head = caller.recv(65_536).decode()
        if not head:
            return None
        asked_of_proxy.append(head)
        caller.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return caller

    with Front(secure_port, connect) as front:
        yield front.port


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {each["subject"]: each for each in json.loads(done.stdout)["findings"]}


def test_a_certificate_that_nobody_vouches_for_is_a_failure_with_its_remedy(grokkit: Run, secure_port: int) -> None:
    found = findings(grokkit("doctor", "--json", "--base-url", f"https://localhost:{secure_port}/v1"))

    assert (found["certificate"]["verdict"], found["account"]["verdict"]) == ("fail", "skip")
    assert "self-signed" in found["certificate"]["words"]
    assert "SSL_CERT_FILE" in found["certificate"]["remedy"]


def test_a_trusted_certificate_is_shown_with_its_issuer_and_its_days(
    grokkit: Run, secure_port: int, certificate: tuple[Path, Path], sim: WatchedSimulator
) -> None:
    base_url = f"https://localhost:{secure_port}/v1"

    found = findings(grokkit("doctor", "--json", "--base-url", base_url, SSL_CERT_FILE=str(certificate[0])))

    assert found["certificate"]["words"] == f"{HOST} by Test House, 59 days left, TLSv1.3"
    assert found["account"]["words"] == f"the server takes the key (team {sim.team_id})"


def test_a_bundle_that_cannot_be_read_is_named(grokkit: Run, secure_port: int) -> None:
    base_url = f"https://localhost:{secure_port}/v1"

    found = findings(grokkit("doctor", "--json", "--base-url", base_url, SSL_CERT_FILE="/missing.pem"))

    assert found["certificate"]["verdict"] == "fail"
    assert "/missing.pem" in found["certificate"]["words"]


def test_through_a_proxy_the_server_s_own_certificate_is_looked_at(
    grokkit: Run, proxy_port: int, asked_of_proxy: list[str], certificate: tuple[Path, Path]
) -> None:
    done = grokkit(
        "doctor",
        "--json",
        "--base-url",
        f"https://{HOST}/v1",
        HTTPS_PROXY=f"http://me:hunter2@127.0.0.1:{proxy_port}",
        SSL_CERT_FILE=str(certificate[0]),
    )

    found = findings(done)
    assert done.returncode == 0
    assert found["certificate"]["words"].startswith(f"{HOST} by Test House")
    assert found["account"]["verdict"] == "ok"
    assert asked_of_proxy
    assert all(head.startswith(f"CONNECT {HOST}:443") for head in asked_of_proxy)
    assert all("Proxy-Authorization: Basic " in head for head in asked_of_proxy)
