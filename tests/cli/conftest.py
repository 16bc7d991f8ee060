"""The command as a user runs it: a real process, a real terminal, and the simulator on a real port."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.testing.simulator import Thought

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.conftest import WatchedSimulator

    from grokkit.testing.simulator.visit import Visit

KEY = "xai-" + "k" * 40
PATIENCE = 30.0
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Makes the pseudo-terminal that is standard input the controlling one, so that Ctrl-C is a signal.
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, sys.argv[1:])"
)


class Terminal:
    """The command in a pseudo-terminal: what a person sees and types."""

    def __init__(
        self, arguments: tuple[str, ...], environment: Mapping[str, str], cwd: Path, size: tuple[int, int]
    ) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, size)
        command = [sys.executable, "-c", TAKE_TERMINAL, sys.executable, "-m", "grokkit", *arguments]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=dict(environment), cwd=cwd, start_new_session=True
        )
        os.close(slave)
        self._raw = b""
        self._read_to = 0

    @property
    def raw(self) -> str:
        """Everything written so far, escape sequences included."""
        return self._raw.decode(errors="replace").replace("\r\n", "\n")

    @property
    def text(self) -> str:
        """The same without them."""
        return ESCAPES.sub("", self.raw)

    def press_until(self, key: str, wanted: str) -> str:
        """Press a key, and again while nothing happens: readline can miss a signal between two of its waits."""
        for _ in range(10):
            self.type(key)
            try:
                return self.until(wanted, patience=3.0)
            except AssertionError:
                continue
        raise AssertionError(f"{wanted!r} never appeared")

    def until(self, wanted: str, *, patience: float = PATIENCE) -> str:
        """Wait until this has appeared since the last time; everything up to it."""
        deadline = time.monotonic() + patience
        while (at := self.text.find(wanted, self._read_to)) < 0:
            if not self._more(deadline - time.monotonic()):
                raise AssertionError(f"{wanted!r} never appeared in {self.text[self._read_to :]!r}")
        seen, self._read_to = self.text[self._read_to : at], at + len(wanted)
        return seen

    def type(self, text: str) -> None:
        """Press these keys; `\\n` is Enter."""
        os.write(self._master, text.replace("\n", "\r").encode())

    def end(self) -> int:
        """Wait for the command to end; its exit status."""
        deadline = time.monotonic() + PATIENCE
        while self._more(deadline - time.monotonic()):
            continue
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End the command in any case."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._master)

    def _more(self, patience: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, patience))[0]:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # how Linux says that nobody holds the other end any more
            return False
        self._raw += data
        return bool(data)


USAGE = {"input_tokens": 12, "cached_tokens": 3, "output_tokens": 40, "reasoning_tokens": 8}


def repeat(visit: Visit) -> Thought:
    """What the simulator says to a prompt that a test has no other answer for."""
    return Thought(text=f"You said: {visit.asked.last}", usage=USAGE)


@pytest.fixture
def sim(watched: type[WatchedSimulator]) -> Iterator[WatchedSimulator]:
    """The API that the command calls."""
    with watched(key=KEY) as sim:
        sim.on(method="POST").reply(repeat)
        yield sim


@pytest.fixture
def environment(tmp_path: Path, sim: WatchedSimulator) -> dict[str, str]:
    """A user with a key, a home of their own, and the test's simulator."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "XAI_API_KEY": KEY,
        "GROKKIT_BASE_URL": sim.base_url,
        "GROKKIT_RETRIES": "0",
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command with pipes on all sides. What still runs when the test is over is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **more: Any) -> subprocess.Popen[str]:
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-m", "grokkit", *arguments]
        started.append(
            subprocess.Popen(command, env=environment, cwd=tmp_path, text=True, encoding="utf-8", **{**pipes, **more})
        )
        return started[-1]

    yield start
    for each in started:
        if each.poll() is None:
            each.kill()
            each.communicate()


@pytest.fixture
def grokkit(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command to its end; `stdin` is what is piped in."""

    def run(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "grokkit", *arguments],
            input=stdin,
            env={**environment, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )

    return run


@pytest.fixture
def terminal(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Run the command in a terminal."""
    opened: list[Terminal] = []

    def open_terminal(*arguments: str, size: tuple[int, int] = (24, 80), **more: str) -> Terminal:
        opened.append(Terminal(arguments, {**environment, **more}, tmp_path, size))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


@pytest.fixture(scope="session")
def weights_home() -> str:
    """The cache that holds the weights of the small model."""
    from grokkit import local

    path = local.installed() or local.pull()
    return str(path.parents[1])
