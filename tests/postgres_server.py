"""A real PostgreSQL on a port of its own, in a directory of the test's, owned by nobody's services."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 30.0
PASSWORD = "sesame-of-the-tests"
_FAST = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB"}
"""A killed server loses nothing that it confirmed; a machine that lost its power would."""


def _folder() -> Path | None:
    """Where the programs are: Debian keeps those of the server out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


BINARIES = _folder()


def why_not() -> str | None:
    """The reason why there can be no server here; None where there can."""
    if BINARIES is None:
        return "no PostgreSQL server is installed (apt-get install postgresql)"
    if os.geteuid() == 0 and not _has_user("postgres"):
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


def _has_user(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


class PostgresServer:
    """A server that tests may stop, kill and start again: its address stays the same, and so does what it holds."""

    def __init__(self, **settings: str) -> None:
        self.port = _free_port()
        self.directory = Path(tempfile.mkdtemp(prefix="grokkit-pg-", dir="/tmp"))
        self._settings = {**_FAST, **settings}
        self._names = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self._make()

    @property
    def url(self) -> str:
        """The server's own database, as its owner."""
        return f"postgresql://tests:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None

    def database(self, *, options: str = "") -> str:
        """The URL of a new, empty database."""
        name = f"db{next(self._names)}"
        self.tell(f"CREATE DATABASE {name} {options}")
        return self.url.removesuffix("/postgres") + f"/{name}"

    def tell(self, statement: str, url: str | None = None) -> list[tuple[object, ...]]:
        """Run one statement, and give its rows."""
        import psycopg

        with psycopg.connect(url or self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start it, and come back when it answers."""
        if self.running:
            return
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.directory), **self._settings}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = ["postgres", "-D", str(self.directory / "data"), "-p", str(self.port), *options]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(_as_owner(command), stdout=log, stderr=log, start_new_session=True)
        self._wait_until_it_answers()

    def stop(self, mode: str = "fast") -> None:
        """`pg_ctl stop`: fast says goodbye to clients, immediate leaves the rest to the recovery."""
        process, self._process = self._process, None
        if process is not None:
            _run("pg_ctl", "stop", "-D", str(self.directory / "data"), "-m", mode)
            process.wait(PATIENCE)

    def kill(self) -> None:
        """End every process of it as a power cut does."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.kill(process.pid, signal.SIGSTOP)  # it starts no others meanwhile
            children = _children(process.pid)
            for number in [*children, process.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            process.wait(PATIENCE)
            _wait_until_gone(children)
        with contextlib.suppress(FileNotFoundError):
            (self.directory / "data" / "postmaster.pid").unlink()

    def remove(self) -> None:
        """End it, and forget all it held."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _make(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
        password = self.directory / "password"
        password.write_text(PASSWORD)
        options = ("-U", "tests", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--no-locale", "-N")
        if os.geteuid() == 0:
            shutil.chown(password, "postgres")
        _run("initdb", "-D", str(self.directory / "data"), *options)

    def _wait_until_it_answers(self) -> None:
        import psycopg

        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.running:
            with contextlib.suppress(psycopg.OperationalError):
                self.tell("SELECT 1")
                return
            time.sleep(0.01)
        raise AssertionError((self.directory / "log").read_text())


def _children(parent: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _wait_until_gone(numbers: list[int]) -> None:
    """A killed process that has not ended yet holds the shared memory, which the next server wants for itself."""
    until = time.monotonic() + PATIENCE
    while any(map(_lives, numbers)):
        assert time.monotonic() < until, "a killed process goes on"
        time.sleep(0.001)


def _lives(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _as_owner(command: list[str]) -> list[str]:
    assert BINARIES is not None
    program = [str(BINARIES / command[0]), *command[1:]]
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *program] if _is_root() else program


def _is_root() -> bool:
    return os.geteuid() == 0


def _run(*command: str) -> None:
    done = subprocess.run(_as_owner(list(command)), capture_output=True, text=True, timeout=PATIENCE * 2, cwd="/tmp")
    assert done.returncode == 0, done.stdout + done.stderr


def _free_port() -> int:
    while True:
        port = random.randrange(22_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def postgres_or_skip(**settings: str) -> PostgresServer:
    """A server that is not started yet; the test is skipped where there is none to start."""
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    return PostgresServer(**settings)


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A server of the test's own, started, to be stopped, killed and started at will."""
    server = postgres_or_skip()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def common_postgres() -> Iterator[PostgresServer]:
    """One server for all tests that leave it alone and use a database of their own."""
    server = postgres_or_skip(max_connections="300")
    server.start()
    yield server
    server.remove()
