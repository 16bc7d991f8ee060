"""The stub of the benchmarks serves what it says, on loopback only, and stops."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

STUB = Path(__file__).resolve().parents[2] / "benchmarks" / "stub.py"
CHUNKS = 300


class RunningStub:
    def __init__(self) -> None:
        command = [sys.executable, str(STUB), "--chunks", str(CHUNKS)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.announcement: dict[str, Any] = json.loads(self.process.stdout.readline())
        address = urlsplit(self.announcement["url"])
        assert address.hostname is not None
        assert address.port is not None
        self.host, self.port = address.hostname, address.port

    def post(self, path: str, body: object) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request("POST", path, body if isinstance(body, bytes) else json.dumps(body))
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


@pytest.fixture
def stub() -> Iterator[RunningStub]:
    running = RunningStub()
    yield running
    running.close()


def events(body: bytes) -> list[Any]:
    frames = [frame for frame in body.decode().split("\n\n") if frame]
    data = [line.removeprefix("data: ") for frame in frames for line in frame.split("\n") if "data: " in line]
    return [entry if entry == "[DONE]" else json.loads(entry) for entry in data]


def test_a_plain_chat_reply_has_the_announced_text(stub: RunningStub) -> None:
    status, body = stub.post("/v1/chat/completions", {"model": "grok", "messages": []})

    text = json.loads(body)["choices"][0]["message"]["content"]
    assert (status, len(text)) == (200, stub.announcement["plain_characters"])


def test_a_plain_responses_reply_has_the_announced_text(stub: RunningStub) -> None:
    status, body = stub.post("/v1/responses", {"model": "grok", "input": "hello"})

    text = json.loads(body)["output"][0]["content"][0]["text"]
    assert (status, len(text)) == (200, stub.announcement["plain_characters"])


def test_a_streamed_chat_reply_brings_the_announced_chunks_then_usage_then_done(stub: RunningStub) -> None:
    _, body = stub.post("/v1/chat/completions", {"stream": True})

    *chunks, last = events(body)
    deltas = [choice["delta"].get("content") for chunk in chunks for choice in chunk["choices"]]
    assert len([delta for delta in deltas if delta]) == CHUNKS == stub.announcement["chunks"]
    assert len("".join(delta or "" for delta in deltas)) == stub.announcement["stream_characters"]
    assert chunks[-1]["usage"]["completion_tokens"] == CHUNKS
    assert last == "[DONE]"


def test_a_streamed_responses_reply_counts_its_events_and_ends_complete(stub: RunningStub) -> None:
    _, body = stub.post("/v1/responses", {"stream": True})

    received = events(body)
    deltas = [event["delta"] for event in received if event["type"] == "response.output_text.delta"]
    text = received[-1]["response"]["output"][0]["content"][0]["text"]
    assert [event["sequence_number"] for event in received] == list(range(len(received)))
    assert received[-1]["type"] == "response.completed"
    assert "".join(deltas) == text
    assert len(text) == stub.announcement["stream_characters"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_one_write_per_event_brings_the_same_bytes(stub: RunningStub, path: str) -> None:
    coalesced = stub.post(path, {"stream": True})
    each = stub.post("/each" + path, {"stream": True})

    assert each == coalesced


def test_one_connection_takes_many_requests_even_pipelined(stub: RunningStub) -> None:
    body = b'{"model":"grok"}'
    request = b"POST /v1/responses HTTP/1.1\r\nHost: stub\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    with socket.create_connection((stub.host, stub.port), timeout=10) as connection:
        connection.sendall(request * 2 + request.replace(b"Host: stub", b"Host: stub\r\nConnection: close"))
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    assert received.count(b"HTTP/1.1 200 OK") == 3


def test_what_it_does_not_have_is_refused(stub: RunningStub) -> None:
    assert stub.post("/v1/embeddings", {})[0] == 404
    assert stub.post("/v1/responses", b"{")[0] == 400


def test_it_listens_on_loopback_only(stub: RunningStub) -> None:
    with socket.socket() as elsewhere:
        elsewhere.settimeout(5)
        refusal = elsewhere.connect_ex(("127.0.0.2", stub.port))

    assert stub.host == "127.0.0.1"
    assert refusal != 0


def test_it_stops_when_its_input_closes_even_with_a_connection_open(stub: RunningStub) -> None:
    with socket.create_connection((stub.host, stub.port), timeout=10):
        stub.close()

    assert stub.process.returncode == 0


def test_it_stops_when_it_is_told_to_terminate(stub: RunningStub) -> None:
    stub.process.send_signal(signal.SIGTERM)

    assert stub.process.wait(timeout=10) == 0
