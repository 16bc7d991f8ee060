"""Starting and ending the process that holds a model."""

from __future__ import annotations

import importlib.util
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from grokkit.errors import ConfigInvalid, ExtraMissing, GrokError, TimedOut

QUOTED_LINES = 4
MAGIC = b"GGUF"


@dataclass(frozen=True)
class Settings:
    """What an engine is started with; equal settings share one engine."""

    path: str
    name: str
    context_window: int
    parallel: int
    threads: int
    port: int
    chat_template: str | None
    log: bool


class EngineFailed(ConfigInvalid):
    """The engine did not start; the message quotes what llama.cpp said."""

    hint = "try another GGUF file, a smaller context_window, or log=True to see all llama.cpp says"


def check_model(path: Path) -> None:
    """Refuse what cannot be a model, by its trouble: a missing file, a folder, a file of another kind."""
    hint = "`grokkit local pull` fetches the small default model; any GGUF file works"
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except OSError as error:
        raise ConfigInvalid(f"cannot read the model {path}: {error.strerror}", hint=hint) from error
    if start != MAGIC:
        raise ConfigInvalid(f"not a GGUF model: {path} starts with {start!r}", hint=hint)


class HostProcess:
    """A running engine process and the pipe that keeps it alive."""

    def __init__(self, settings: Settings, ready_within: float) -> None:
        self._owner = os.getpid()
        arguments = json.dumps({**asdict(settings), "library": _library()})
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - end() closes it
        self._process = self._start(arguments, log=settings.log)
        try:
            self.port = self._await_port(settings, ready_within)
        except BaseException:
            self.end()
            raise

    def _start(self, arguments: str, *, log: bool) -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("host.py")
        return subprocess.Popen(  # noqa: S603 - our own script with our own interpreter
            [sys.executable, "-P", str(script), arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if log else self._errors,
            start_new_session=True,  # Ctrl-C in the terminal is for the owner alone
        )

    def _await_port(self, settings: Settings, ready_within: float) -> int:
        output = self._process.stdout
        assert output is not None  # noqa: S101 - Popen was asked for a pipe
        deadline = time.monotonic() + ready_within
        with selectors.DefaultSelector() as selector, output:
            selector.register(output, selectors.EVENT_READ)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimedOut(
                    f"the engine did not load {settings.path} within {ready_within:g} s",
                    hint="give it more time with ready_within, or use a smaller model",
                )
            line = output.readline()
        if not line:
            raise self._failure(settings)
        return int(line)

    def _failure(self, settings: Settings) -> GrokError:
        status = self._process.wait()
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors.read().decode(errors="replace").splitlines()]
        quoted = "".join(f"\n  llama.cpp: {line[:300]}" for line in lines[-QUOTED_LINES:] if line)
        if trouble := _trouble_with(settings.port):
            return EngineFailed(
                f"cannot listen on port {settings.port}: {trouble}",
                hint="choose another port, or port=0 for a free one",
            )
        return EngineFailed(f"the engine could not load {settings.path} (exit status {status}){quoted}")

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process still lives. Another process than the owner is always told no."""
        return self._owner == os.getpid() and self._process.poll() is None

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit status once the process ends; None if it still runs after `timeout` seconds."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """End the process now, with whatever it is doing: it has nothing to save."""
        if self._owner == os.getpid():
            self._close_pipes()
            self._process.kill()
            self._process.wait()

    def disown(self) -> None:
        """In a forked child: let go of the parent's process without touching it."""
        self._close_pipes()
        self._process.returncode = 0  # else Popen warns that its process still runs

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                pipe.close()


def _trouble_with(port: int) -> str | None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _library() -> str:
    spec = importlib.util.find_spec("xllamacpp")
    if spec is None or spec.origin is None:
        raise ExtraMissing("the embedded engine needs xllamacpp, which is not installed", extra="local")
    return str(Path(spec.origin).parent.parent)
