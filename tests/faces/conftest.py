"""A real server on the loopback interface, and real processes that call it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import TYPE_CHECKING, Self

import pytest
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 20.0
MODEL = "grok-4.20-non-reasoning"  # does not reason: a plain call is not streamed underneath
_SLOW = re.compile(r"^Executing <.* took \d+\.\d+ seconds\n", re.MULTILINE)
"""What asyncio's debug mode remarks on a busy machine."""
COMPLETED = {"id": "r-1", "status": "completed", "model": MODEL, "output": []}


class Server:
    """Answers `POST /v1/responses` by the words of the input.

    `hang` never answers, `wait 0.5` answers after half a second, anything else at once. As a stream:
    `events 500` gives so many, `then hang` after `events 3` leaves it open for ever, `hang` alone never opens it.
    """

    def __init__(self) -> None:
        self.arrived = 0
        self.answered = 0
        self.lost = 0
        """Requests whose client went away."""
        self.sent = 0
        """Events."""
        self.inputs: list[str] = []
        self.connections: set[object] = set()
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE)

    def until(self, is_so: Callable[[Server], bool]) -> None:
        """Wait until the server has seen it."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_so(self), PATIENCE), vars(self)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._over = asyncio.Event()
        app = web.Application()
        app.router.add_post("/v1/responses", self._responses)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        self._ready.set()
        await self._over.wait()
        await runner.cleanup()

    def _saw(self, **counts: int) -> None:
        with self._changed:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)
            self._changed.notify_all()

    async def _responses(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.inputs.append(body["input"])
        self.connections.add(request.transport)
        self._saw(arrived=1)
        try:
            reply = await (self._stream if body.get("stream") else self._plain)(request, body["input"].split())
        except asyncio.CancelledError:
            self._saw(lost=1)
            raise
        except ConnectionError:
            self._saw(lost=1)
            return web.Response()
        self._saw(answered=1)
        return reply

    async def _plain(self, _: web.Request, words: list[str]) -> web.StreamResponse:
        await _obey(words)
        text = [{"type": "output_text", "text": " ".join(words)}]
        return web.json_response({**COMPLETED, "output": [{"type": "message", "content": text}]})

    async def _stream(self, request: web.Request, words: list[str]) -> web.StreamResponse:
        if words == ["hang"]:
            await _obey(words)
        reply = web.StreamResponse(headers={"content-type": "text/event-stream", "x-request-id": "req-1"})
        await reply.prepare(request)
        count = int(words[words.index("events") + 1]) if "events" in words else 3
        for number in range(count):
            await reply.write(_frame({"type": "response.output_text.delta", "delta": f"{number} "}))
            self._saw(sent=1)
        await _obey(words)
        await reply.write(_frame({"type": "response.completed", "response": COMPLETED}))
        return reply


async def _obey(words: list[str]) -> None:
    if "hang" in words:
        await asyncio.Event().wait()
    if "wait" in words:
        await asyncio.sleep(float(words[words.index("wait") + 1]))


def _frame(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that counts."""
    with Server() as server:
        yield server


class Program:
    """A script in an interpreter of its own, where every warning is an error and asyncio looks for mistakes."""

    def __init__(self, path: Path, server: Server, source: str) -> None:
        path.write_text(textwrap.dedent(source))
        strict = ["-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning"]
        self.process = subprocess.Popen(
            [sys.executable, *strict, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "XAI_API_KEY": "test-key",
                "GROKKIT_BASE_URL": server.url,
                "GROKKIT_MODEL": MODEL,
                "GROKKIT_CONFIG": "none",
            },
        )

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def says(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def end(self, *, within: float = PATIENCE) -> tuple[int, list[str], str]:
        """Exit status, lines printed since, and what it wrote to standard error."""
        try:
            printed, complaints = self.process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, printed.splitlines(), _SLOW.sub("", complaints)


@pytest.fixture
def program(tmp_path: Path, server: Server) -> Iterator[Callable[[str], Program]]:
    """Start a script that calls the server."""
    started: list[Program] = []

    def start(source: str) -> Program:
        started.append(Program(tmp_path / f"script_{len(started)}.py", server, source))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.fixture
def stopwatch() -> Callable[[], float]:
    """Seconds since the test began."""
    started = time.monotonic()
    return lambda: time.monotonic() - started
