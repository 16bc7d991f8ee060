"""A fast stub of api.x.ai on a loopback port: prebuilt bytes from one process, no framework.

It prints one JSON line (`url`, `chunks`, `plain_characters`, `stream_characters`), then serves until its
standard input closes or it is told to terminate:

    POST /v1/chat/completions       chat completions, plain or streamed by the `stream` of the body
    POST /v1/responses              Responses, the same
    POST /each/v1/...               the same, but a streamed reply goes out in one write per event
    POST /limitless/v1/...          plain replies alone, without the headers that tell rate limits

Under `/v1` a streamed reply goes out in blocks of 16 KiB, as a fast proxy passes it on.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import replies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BLOCK = 16 * 1024
DEFAULT_CHUNKS = 2000
EACH = "/each"
LIMITLESS = "/limitless"
_HEADERS = [f"{name}: {value}" for name, value in replies.HEADERS]
_LIMITLESS_HEADERS = [header for header in _HEADERS if not header.startswith("x-ratelimit-")]


class Request(NamedTuple):
    """One HTTP request, as far as the stub reads it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Endpoint:
    """The writes that answer one path."""

    plain: list[bytes]
    streamed: list[bytes]


class Stub(asyncio.Protocol):
    """One connection: requests in, prebuilt writes out, pipelining allowed."""

    def __init__(self, endpoints: Mapping[str, Endpoint], connections: set[asyncio.BaseTransport]) -> None:
        self._endpoints = endpoints
        self._connections = connections
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (request := take_request(self._received)) is not None:
            for write in answer(request, self._endpoints):
                self._transport.write(write)
            if request.headers.get("connection", "").lower() == "close":
                self._transport.close()


def take_request(received: bytearray) -> Request | None:
    """The first whole request, taken out of the buffer; None while it is not complete."""
    head_end = received.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    first, *lines = received[:head_end].decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body_start = head_end + 4
    body_end = body_start + int(headers.get("content-length", 0))
    if len(received) < body_end:
        return None
    method, path, _ = first.split(" ", 2)
    body = bytes(received[body_start:body_end])
    del received[:body_end]
    return Request(method, path, headers, body)


def answer(request: Request, endpoints: Mapping[str, Endpoint]) -> list[bytes]:
    """The writes that answer a request."""
    endpoint = endpoints.get(request.path)
    if endpoint is None or request.method != "POST":
        return [_error("404 Not Found", f"this stub has no {request.method} {request.path}")]
    if "transfer-encoding" in request.headers:
        return [_error("411 Length Required", "this stub reads bodies by their content-length")]
    try:
        body = json.loads(request.body)
    except ValueError as error:
        return [_error("400 Bad Request", f"the body is not JSON: {error}")]
    return endpoint.streamed if body.get("stream") else endpoint.plain


def endpoints(chunks: int) -> dict[str, Endpoint]:
    """Every path of the stub with its prebuilt writes."""
    chat, responses = replies.chat_frames(chunks), replies.responses_frames(chunks)
    plain_chat, plain_responses = [_plain(replies.chat_reply())], [_plain(replies.responses_reply())]
    return {
        "/v1/chat/completions": Endpoint(plain_chat, _streamed(_blocks(chat))),
        "/v1/responses": Endpoint(plain_responses, _streamed(_blocks(responses))),
        f"{EACH}/v1/chat/completions": Endpoint(plain_chat, _streamed(chat)),
        f"{EACH}/v1/responses": Endpoint(plain_responses, _streamed(responses)),
        f"{LIMITLESS}/v1/chat/completions": Endpoint([_plain(replies.chat_reply(), _LIMITLESS_HEADERS)], []),
    }


async def serve(port: int, chunks: int) -> None:
    """Serve on a loopback port, announced on standard output, until told to stop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    known, connections = endpoints(chunks), set[asyncio.BaseTransport]()
    server = await loop.create_server(lambda: Stub(known, connections), "127.0.0.1", port, backlog=1024)
    threading.Thread(target=_stop_when_input_closes, args=(loop, stop), daemon=True).start()
    announcement = {
        "url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
        "chunks": chunks,
        "plain_characters": len(replies.PLAIN_TEXT),
        "stream_characters": len("".join(replies.stream_words(chunks))),
    }
    print(json.dumps(announcement), flush=True)
    await stop.wait()
    server.close()
    for connection in list(connections):
        connection.close()
    await server.wait_closed()


def _stop_when_input_closes(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(0, 65536):  # not sys.stdin: its lock would be held while the interpreter ends
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended before
        loop.call_soon_threadsafe(stop.set)


def _plain(body: bytes, common: Sequence[str] = _HEADERS) -> bytes:
    own = ("content-type: application/json", f"content-length: {len(body)}")
    return _head("200 OK", *own, common=common) + body


def _streamed(blocks: list[bytes]) -> list[bytes]:
    head = _head("200 OK", "content-type: text/event-stream", "transfer-encoding: chunked")
    return [head, *(b"%x\r\n%b\r\n" % (len(block), block) for block in blocks), b"0\r\n\r\n"]


def _blocks(frames: list[bytes]) -> list[bytes]:
    whole = b"".join(frames)
    return [whole[start : start + BLOCK] for start in range(0, len(whole), BLOCK)]


def _error(status: str, message: str) -> bytes:
    body = json.dumps({"code": status, "error": message}).encode()
    return _head(status, "content-type: application/json", f"content-length: {len(body)}") + body


def _head(status: str, *own: str, common: Sequence[str] = _HEADERS) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *own, *common, "", "")).encode()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="a fast stub of api.x.ai on a loopback port")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--chunks", type=int, default=DEFAULT_CHUNKS, help="pieces of text in a streamed reply")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.chunks))


if __name__ == "__main__":
    main()
