"""`grokkit doctor` on the secure way: certificates, and a proxy that tunnels."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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


class _Owner(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"team_id": "team-7"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def secure_port(certificate: tuple[Path, Path]) -> Iterator[int]:
    """A server that speaks TLS with that certificate."""
    serving = ThreadingHTTPServer(("127.0.0.1", 0), _Owner)
    serving.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    serving.socket = context.wrap_socket(serving.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield serving.server_address[1]
    serving.shutdown()
    serving.server_close()
    thread.join()


class Proxy:
    """Tunnels every CONNECT to one port, and remembers what it was asked."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.heads: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._tunnel, args=(self._listening.accept()[0],), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        with client:
            head = client.recv(65_536).decode()
            if not head:
                return
            self.heads.append(head)
            with socket.create_connection(("127.0.0.1", self._behind)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
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
def proxy(secure_port: int) -> Iterator[Proxy]:
    running = Proxy(secure_port)
    yield running
    running.close()


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {each["subject"]: each for each in json.loads(done.stdout)["findings"]}


def test_a_certificate_that_nobody_vouches_for_is_a_failure_with_its_remedy(grokkit: Run, secure_port: int) -> None:
    found = findings(grokkit("doctor", "--json", "--base-url", f"https://localhost:{secure_port}/v1"))

    assert (found["certificate"]["verdict"], found["account"]["verdict"]) == ("fail", "skip")
    assert "self-signed" in found["certificate"]["words"]
    assert "SSL_CERT_FILE" in found["certificate"]["remedy"]


def test_a_trusted_certificate_is_shown_with_its_issuer_and_its_days(
    grokkit: Run, secure_port: int, certificate: tuple[Path, Path]
) -> None:
    base_url = f"https://localhost:{secure_port}/v1"

    found = findings(grokkit("doctor", "--json", "--base-url", base_url, SSL_CERT_FILE=str(certificate[0])))

    assert found["certificate"]["words"] == f"{HOST} by Test House, 59 days left, TLSv1.3"
    assert found["account"]["words"] == "the server takes the key (team team-7)"


def test_a_bundle_that_cannot_be_read_is_named(grokkit: Run, secure_port: int) -> None:
    base_url = f"https://localhost:{secure_port}/v1"

    found = findings(grokkit("doctor", "--json", "--base-url", base_url, SSL_CERT_FILE="/missing.pem"))

    assert found["certificate"]["verdict"] == "fail"
    assert "/missing.pem" in found["certificate"]["words"]


def test_through_a_proxy_the_server_s_own_certificate_is_looked_at(
    grokkit: Run, proxy: Proxy, certificate: tuple[Path, Path]
) -> None:
    done = grokkit(
        "doctor",
        "--json",
        "--base-url",
        f"https://{HOST}/v1",
        HTTPS_PROXY=f"http://me:hunter2@127.0.0.1:{proxy.port}",
        SSL_CERT_FILE=str(certificate[0]),
    )

    found = findings(done)
    assert done.returncode == 0
    assert found["certificate"]["words"].startswith(f"{HOST} by Test House")
    assert found["account"]["verdict"] == "ok"
    assert all(head.startswith(f"CONNECT {HOST}:443") for head in proxy.heads)
    assert all("Proxy-Authorization: Basic " in head for head in proxy.heads)
