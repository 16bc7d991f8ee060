"""What every transport gives: the same reply for the same bytes, whatever library carries them."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import Any

import brotli
import pytest
from backports import zstd

from grokkit.call import Reply
from grokkit.errors import ReplyTooLarge
from grokkit.testing import Body, MockTransport

COMPRESSED = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstd.compress, "deflate": zlib.compress}


async def test_a_reply_has_the_servers_status_headers_and_body(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply(b"hello", status="418 Teapot", headers=["X-Request-ID: r-1", "Content-Type: text/plain"])

    reply = await transport.send(net.call(net.serve(script).url))

    assert reply.status == 418
    assert reply.request_id == "r-1"
    assert reply.headers["CONTENT-TYPE"] == reply.headers["content-type"] == "text/plain"
    assert await net.read(reply) == b"hello"


async def test_a_mock_reply_reads_the_same_way(net: Any) -> None:
    mock = MockTransport(lambda _: Reply(418, {"x-request-id": "r-1"}, stream=Body([b"hel", b"lo"])))

    reply = await mock.send(net.call("http://nowhere.test"))

    assert (reply.status, reply.request_id, await net.read(reply)) == (418, "r-1", b"hello")


async def test_the_server_gets_method_path_query_headers_and_body(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply()

    server = net.serve(script)
    query = {"limit": "2", "after": "a b&c=d/ü"}

    await net.read(
        await transport.send(net.call(server.url + "/base", "/v1/things/resp_1", query=query, body={"text": "é"}))
    )

    request = server.requests[0]
    assert request.method == "POST"
    assert re.fullmatch(
        r"/base/v1/things/resp_1\?limit=2&after=a(\+|%20)b%26c%3[Dd]d(/|%2[Ff])%[Cc]3%[Bb][Cc]", request.target
    )
    assert request.headers["authorization"] == "Bearer xai-secret-0123456789"
    assert json.loads(request.body) == {"text": "é"}
    assert "cookie" not in request.headers


async def test_a_get_has_no_body(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply()

    server = net.serve(script)

    await net.read(await transport.send(net.call(server.url, method="GET", body=None)))

    assert server.requests[0].headers.get("content-length", "0") == "0"
    assert "transfer-encoding" not in server.requests[0].headers


async def test_a_stream_is_handed_on_as_it_arrives(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        await wire.chunks(b"first", end=False)
        await wire.client_gone()

    server = net.serve(script)
    reply = await transport.send(net.call(server.url))
    chunks = aiter(reply.stream)

    first = await anext(chunks)

    assert first == b"first"
    await reply.aclose()


async def test_ten_thousand_chunks_arrive_in_order(transport: Any, net: Any) -> None:
    parts = [b"data: %d\n\n" % number for number in range(10_000)]

    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        frames = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts]
        for start in range(0, len(frames), 97):
            await wire.say(b"".join(frames[start : start + 97]))
        await wire.say(b"0\r\n\r\n")

    reply = await transport.send(net.call(net.serve(script).url))

    assert await net.read(reply) == b"".join(parts)


async def test_bytes_may_be_split_anywhere(transport: Any, net: Any) -> None:
    wire_form = b"HTTP/1.1 200 OK\r\nX-Request-ID: r\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"

    async def script(wire: Any) -> None:
        await wire.request()
        for at in range(len(wire_form)):
            await wire.say(wire_form[at : at + 1])

    reply = await transport.send(net.call(net.serve(script).url))

    assert (reply.request_id, await net.read(reply)) == ("r", b"hello")


async def test_a_connection_is_used_again_after_a_complete_read(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        while True:
            await wire.request()
            await wire.reply(b"ok")

    server = net.serve(script)

    for _ in range(5):
        reply = await transport.send(net.call(server.url))
        await net.read(reply)
        await reply.aclose()

    assert len(server.wires) == 1
    assert len(server.requests) == 5


@pytest.mark.parametrize("encoding", COMPRESSED)
async def test_a_compressed_body_is_read_as_it_was(transport: Any, net: Any, encoding: str) -> None:
    plain = b"Why is the sky blue? " * 5000

    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply(COMPRESSED[encoding](plain), headers=[f"content-encoding: {encoding}"])

    server = net.serve(script)

    reply = await transport.send(net.call(server.url))

    assert await net.read(reply) == plain
    assert encoding in server.requests[0].headers["accept-encoding"]


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
async def test_a_compressed_stream_is_handed_on_as_it_arrives(transport: Any, net: Any, encoding: str) -> None:
    def pieces() -> list[bytes]:
        if encoding == "br":
            maker = brotli.Compressor()
            return [maker.process(b"one") + maker.flush(), maker.process(b"two") + maker.finish()]
        maker = zlib.compressobj(wbits=31) if encoding == "gzip" else zstd.ZstdCompressor()
        flush = zlib.Z_SYNC_FLUSH if encoding == "gzip" else zstd.ZstdCompressor.FLUSH_BLOCK
        return [maker.compress(b"one") + maker.flush(flush), maker.compress(b"two") + maker.flush()]

    async def script(wire: Any) -> None:
        await wire.request()
        first, second = pieces()
        await wire.say(
            f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )
        await wire.chunks(first, end=False)
        await wire.client_gone()
        await wire.chunks(second)

    reply = await transport.send(net.call(net.serve(script).url))

    assert await anext(aiter(reply.stream)) == b"one"
    await reply.aclose()


async def test_a_reply_without_content_has_an_empty_body(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        while True:
            await wire.request()
            await wire.say(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = net.serve(script)

    replies = [await transport.send(net.call(server.url)), await transport.send(net.call(server.url, method="DELETE"))]

    assert [(reply.status, await net.read(reply)) for reply in replies] == [(204, b""), (204, b"")]


async def test_interim_replies_are_passed_over(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        await wire.reply(b"final")

    reply = await transport.send(net.call(net.serve(script).url))

    assert (reply.status, await net.read(reply)) == (200, b"final")


async def test_an_old_server_ends_the_body_by_closing(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\nall", b" of it")

    reply = await transport.send(net.call(net.serve(script).url))

    assert await net.read(reply) == b"all of it"


async def test_a_redirect_is_given_back_and_not_followed(transport: Any, net: Any) -> None:
    async def elsewhere(wire: Any) -> None:
        await wire.request()
        await wire.reply()

    target = net.serve(elsewhere)

    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply(status="307 Temporary Redirect", headers=[f"location: {target.url}/v1"])

    reply = await transport.send(net.call(net.serve(script).url))

    assert reply.status == 307
    await net.read(reply)
    assert target.requests == []


async def test_a_body_over_the_limit_is_refused_by_its_announced_length_without_reading(
    transport: Any, net: Any
) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n")
        await wire.client_gone()

    server = net.serve(script)
    reply = await transport.send(net.call(server.url))

    with pytest.raises(ReplyTooLarge):
        await reply.read(1024)

    await server.left()


@pytest.mark.parametrize("encoding", COMPRESSED)
async def test_a_bomb_is_stopped_at_the_limit(transport: Any, net: Any, encoding: str) -> None:
    bomb = COMPRESSED[encoding](bytes(64 * 1024 * 1024))

    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply(bomb, headers=[f"content-encoding: {encoding}"])

    reply = await transport.send(net.call(net.serve(script).url))

    with net.peak() as used, pytest.raises(ReplyTooLarge):
        await reply.read(1024 * 1024)

    assert used() < 16 * 1024 * 1024


async def test_two_gigabytes_are_stopped_at_the_limit(transport: Any, net: Any) -> None:
    sent = 0

    async def script(wire: Any) -> None:
        nonlocal sent
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        block = bytes(1024 * 1024)
        for _ in range(2048):
            await wire.chunks(block, end=False)
            sent += 1

    reply = await transport.send(net.call(net.serve(script).url))

    with net.peak() as used, pytest.raises(ReplyTooLarge):
        await reply.read(20 * 1024 * 1024)

    assert used() < 32 * 1024 * 1024
    assert sent < 64
