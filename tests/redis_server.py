"""A real Redis (or Valkey) on a port of its own, with nothing kept on disk but in a directory of the test's."""

from __future__ import annotations

import contextlib
import random
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BINARY = shutil.which("redis-server") or shutil.which("valkey-server")
WHY_NOT = "neither redis-server nor valkey-server is installed (apt-get install redis-server)"
PATIENCE = 20.0


class RedisServer:
    """A server that tests may stop, kill and start again: its address stays the same, what it holds does not."""

    def __init__(self, directory: Path, *options: str, user: str = "") -> None:
        self.port = _free_port()
        self._user = user
        self._directory = directory
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://{self._user}127.0.0.1:{self.port}/0"

    @property
    def where(self) -> str:
        """The same without credentials."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, and come back when it answers."""
        if self.running:
            return
        assert BINARY is not None
        settings = {"port": self.port, "bind": "127.0.0.1", "dir": self._directory, "save": "", "appendonly": "no"}
        arguments = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        with (self._directory / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([BINARY, *arguments, *self._options], stdout=log, stderr=log)
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Let it say goodbye to its clients and end."""
        self._end("terminate")

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end("kill")

    def ask(self, *words: str) -> bytes:
        """The raw answer to a command, of which it must be short."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall((" ".join(words) + "\r\n").encode())
            return connection.recv(65536)

    def _end(self, how: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            getattr(process, how)()
            process.wait(PATIENCE)

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.running:
            try:
                if self.ask("PING").startswith((b"+PONG", b"-NOAUTH")):
                    return
            except OSError:
                time.sleep(0.01)
        raise AssertionError((self._directory / "redis.log").read_text())


def redis_or_skip(directory: Path, *options: str, user: str = "") -> RedisServer:
    """A server that is not started yet; the test is skipped where there is no binary."""
    if BINARY is None:
        pytest.skip(WHY_NOT)
    return RedisServer(directory, *options, user=user)


def _free_port() -> int:
    """One that is free, as is a cluster's second port, ten thousand above it; both below those that clients get."""
    while True:
        port = random.randrange(11_000, 22_000)
        with socket.socket() as probe, socket.socket() as second, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 10_000))
            return port


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own, started, to be stopped, killed and started at will."""
    server = redis_or_skip(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def common_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for all tests that leave it alone and use a prefix of their own."""
    server = redis_or_skip(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()
