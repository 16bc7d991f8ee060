"""The command as a user runs it: a real process, a real terminal, and a real server on the loopback interface."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

KEY = "xai-" + "k" * 40
PATIENCE = 30.0
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Makes the pseudo-terminal that is standard input the controlling one, so that Ctrl-C is a signal.
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, sys.argv[1:])"
)


class Server:
    """An API that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.texts: dict[str, str] = {}
        self.hangs_after: dict[str, str] = {}
        """By prompt: the text after which it says no more, until the client has gone."""
        self.breaks_after: dict[str, str] = {}
        self.waits: set[str] = set()
        """Prompts that are answered only once `go_on` is set."""
        self.go_on = threading.Event()
        self.errors: dict[str, tuple[int, str]] = {}
        self.finish = "completed"
        self.left = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"server_state": self}))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: ClassVar[Server]

    def do_GET(self) -> None:
        replies: dict[str, object] = {
            "/v1/me": {"user_id": "u", "team_id": "team-7", "zdr_status": "no_zdr", "team_blocked": False},
            "/v1/models": {
                "object": "list",
                "data": [
                    {"id": "grok-4.7", "aliases": ["grok-latest"], "context_length": 500_000},
                    {"id": "grok-9", "prompt_text_token_price": 20_000, "completion_text_token_price": 60_000},
                ],
            },
        }
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self._json(400, {"code": "invalid-argument", "error": "Incorrect API key provided: xai-wrong."})
        elif self.path in replies:
            self._json(200, replies[self.path])
        else:
            self._json(404, {"code": "not-found", "error": "no such path"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state = self.server_state
        state.asked.append(body)
        prompt = _prompt(body)
        if prompt in state.errors:
            self._json(state.errors[prompt][0], {"error": state.errors[prompt][1], "code": "trouble"})
            return
        text = state.texts.get(prompt, f"You said: {prompt}")
        response = _response(body["model"], text, state.finish)
        if not body.get("stream"):
            self._json(200, response)
            return
        self._begin_stream()
        if prompt in state.waits:
            state.go_on.wait(PATIENCE)
        cut = state.hangs_after.get(prompt) or state.breaks_after.get(prompt)
        for frame in _frames(response, cut or text):
            self._frame(frame)
        if prompt in state.hangs_after:
            self._wait_for_the_client_to_leave()
        if cut is None:
            self._frame({"type": f"response.{state.finish}", "response": response})
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def _json(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-request-id", "req-1")
        self.end_headers()
        self.wfile.write(body)

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("x-request-id", "req-1")
        self.end_headers()

    def _frame(self, frame: object) -> None:
        data = b"data: " + json.dumps(frame).encode() + b"\n\n"
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _wait_for_the_client_to_leave(self) -> None:
        if select.select([self.connection], [], [], PATIENCE)[0]:
            self.server_state.left.set()

    def log_message(self, *_: object) -> None:
        return


def _prompt(body: Mapping[str, Any]) -> str:
    given = body["input"]
    return str(given if isinstance(given, str) else given[-1]["content"])


def _response(model: str, text: str, status: str) -> dict[str, Any]:
    message = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}],
    }
    return {
        "id": "resp_1",
        "object": "response",
        "model": model,
        "status": status,
        "output": [message],
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "usage": {
            "input_tokens": 12,
            "input_tokens_details": {"cached_tokens": 3},
            "output_tokens": 40,
            "output_tokens_details": {"reasoning_tokens": 8},
            "total_tokens": 52,
            "cost_in_usd_ticks": 2_640_000,
        },
    }


def _frames(response: Mapping[str, Any], text: str) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": {**response, "output": [], "status": "in_progress"}}
    item = {**response["output"][0], "content": [], "status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": 0, "item": item}
    for piece in re.findall(r"\s*\S+\s?", text) or [text]:
        yield {
            "type": "response.output_text.delta",
            "output_index": 0,
            "content_index": 0,
            "item_id": "msg_1",
            "delta": piece,
        }


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


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def environment(tmp_path: Path, server: Server) -> dict[str, str]:
    """A user with a key, a home of their own, and the test's server."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "XAI_API_KEY": KEY,
        "GROKKIT_BASE_URL": server.base_url,
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the command with pipes on all sides."""

    def start(*arguments: str, **more: Any) -> subprocess.Popen[str]:
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-m", "grokkit", *arguments]
        return subprocess.Popen(
            command, env=environment, cwd=tmp_path, text=True, encoding="utf-8", **{**pipes, **more}
        )

    return start


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
