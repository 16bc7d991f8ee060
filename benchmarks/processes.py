"""The processes of a run: stubs on one core, clients on another, each spoken to in JSON lines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent


class RunFailed(Exception):
    """A measured process did not do its work; the message says which, and quotes it."""


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started inside runs on that core (it inherits it); None leaves it to the system."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cores() -> tuple[int | None, int | None]:
    """The cores for the clients and for the stubs; (None, None) where processes cannot be kept apart."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    available = sorted(os.sched_getaffinity(0))
    return (available[0], available[1]) if len(available) > 1 else (None, None)


class LineProcess:
    """A child process that announces itself with one JSON line, then answers JSON lines with JSON lines."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, errors: IO[bytes]) -> None:
        self.name = name
        self.announcement: dict[str, Any] = {}
        self._process = process
        self._errors = errors

    @classmethod
    async def start(cls, name: str, *command: str | Path, core: int | None, wait: float = 60) -> Self:
        """A started process that has announced itself. Raises RunFailed."""
        errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by stop)
        with on_core(core):
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=environment(),
            )
        self = cls(name, process, errors)
        try:
            self.announcement = await self._read(wait)
        except RunFailed:
            await self.stop()
            raise
        return self

    async def ask(self, command: dict[str, object], wait: float = 120) -> dict[str, Any]:
        """The answer to one command. Raises RunFailed."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            await self._process.stdin.drain()
        except ConnectionError as error:
            raise RunFailed(self._last_words("has ended")) from error
        return await self._read(wait)

    async def stop(self) -> None:
        """End the process, by closing its input, then by force."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(3):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._errors.close()

    async def _read(self, wait: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(wait):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise RunFailed(self._last_words(f"gave no answer within {wait:.0f} s")) from None
        if not line:
            raise RunFailed(self._last_words("has ended"))
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self, what: str) -> str:
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip()[-800:]
        return f"{self.name} {what}" + (f"; its last words:\n{words}" if words else "")


async def start_stub(chunks: int, core: int | None) -> LineProcess:
    """The HTTP stub; its announcement has `url` and what it will answer."""
    command = (sys.executable, HERE / "stub.py", "--chunks", str(chunks))
    return await LineProcess.start("stub", *command, core=core)


async def start_grpc_stub(python: Path, chunks: int, core: int | None) -> LineProcess:
    """The gRPC stub, in xai-sdk's environment; its announcement has `url`."""
    command = (python, HERE / "peers" / "xai_sdk_stub.py", str(chunks))
    return await LineProcess.start("xai-sdk stub", *command, core=core)


def output(*command: str, core: int | None = None) -> str:
    """What a measured process prints until it ends. Raises RunFailed."""
    with on_core(core):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment())
        except subprocess.TimeoutExpired as error:
            raise RunFailed(f"no end after {error.timeout:.0f} s") from error
    if done.returncode:
        raise RunFailed(done.stderr.strip()[-800:])
    return done.stdout


def environment() -> dict[str, str]:
    """The environment of a measured process: the caller's, without what would steer a client."""
    steering = ("_proxy", "_api_key", "_base_url", "grokkit_", "python", "otel_")
    kept = {name: value for name, value in os.environ.items() if not any(word in name.lower() for word in steering)}
    return kept | {"PYTHONPATH": str(HERE)}
