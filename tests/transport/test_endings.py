"""Calls that are left early, in every way: the server sees the close, and nothing stays behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from grokkit.errors import ConnectionLost

STREAM = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


async def _silent(wire: Any) -> None:
    await wire.request()
    await wire.client_gone()


async def _silent_after_a_chunk(wire: Any) -> None:
    await wire.request()
    await wire.say(STREAM + b"3\r\nabc\r\n")
    await wire.client_gone()


async def _given_up(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stream_that_is_left_early_is_closed(transport: Any, net: Any) -> None:
    server = net.serve(_silent_after_a_chunk)
    reply = await transport.send(net.call(server.url))
    assert await anext(aiter(reply.stream)) == b"abc"

    await reply.aclose()
    await reply.aclose()

    await server.left()


async def test_a_reply_that_is_not_read_at_all_is_closed(transport: Any, net: Any) -> None:
    server = net.serve(_silent_after_a_chunk)
    reply = await transport.send(net.call(server.url))

    await reply.aclose()

    await server.left()


async def test_a_call_cancelled_while_it_waits_for_the_head_is_closed(transport: Any, net: Any) -> None:
    server = net.serve(_silent)
    task = asyncio.create_task(transport.send(net.call(server.url)))
    await server.asked()

    await _given_up(task)

    await server.left()


async def test_a_call_cancelled_while_it_reads_is_closed(transport: Any, net: Any) -> None:
    server = net.serve(_silent_after_a_chunk)
    reply = await transport.send(net.call(server.url))
    began = asyncio.Event()
    task = asyncio.create_task(net.read(reply, began=began))
    await began.wait()

    await _given_up(task)
    await reply.aclose()

    await server.left()


@pytest.mark.parametrize("turns", range(12))
async def test_a_call_cancelled_at_any_step_of_its_way_leaves_nothing(transport: Any, net: Any, turns: int) -> None:
    server = net.serve(_silent)
    task = asyncio.create_task(transport.send(net.call(server.url)))
    for _ in range(turns):
        await asyncio.sleep(0)

    await _given_up(task)


@pytest.mark.parametrize("turns", range(0, 24, 2))
async def test_a_tls_call_cancelled_at_any_step_of_its_way_leaves_nothing(
    make: Any, net: Any, signed: Any, turns: int
) -> None:
    server = net.serve(_silent, signed.server(signed.good))
    async with net.clean():
        transport = make(ca_file=str(signed.authority))
        task = asyncio.create_task(transport.send(net.call(server.url)))
        for _ in range(turns):
            await asyncio.sleep(0)

        await _given_up(task)
        await transport.aclose()


async def test_an_upload_that_nobody_reads_is_dropped_at_once(transport: Any, net: Any) -> None:
    """What is still to be sent must not keep the connection."""

    async def reads_nothing(wire: Any) -> None:
        wire.writer.transport.pause_reading()
        await asyncio.Event().wait()

    server = net.serve(reads_nothing)
    task = asyncio.create_task(transport.send(net.call(server.url, body=bytes(64 * 1024 * 1024))))
    await server.connected.happens()
    await net.turns()
    assert net.connected_sockets() == 1

    await _given_up(task)
    await net.turns()

    assert net.connected_sockets() == 0


async def test_a_large_upload_arrives_whole(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply(b"ok")

    server = net.serve(script)
    content = bytes(range(256)) * 16 * 1024

    assert await net.read(await transport.send(net.call(server.url, body=content))) == b"ok"
    assert server.requests[0].body == content
    assert "chunked" not in server.requests[0].headers.get("transfer-encoding", "")


async def test_a_tls_peer_that_says_no_farewell_is_not_waited_for(make: Any, net: Any, signed: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(STREAM + b"3\r\nabc\r\n")
        wire.writer.transport.pause_reading()
        await asyncio.Event().wait()

    server = net.serve(script, signed.server(signed.good))
    async with net.clean():
        transport = make(ca_file=str(signed.authority))
        reply = await transport.send(net.call(server.url))
        assert await anext(aiter(reply.stream)) == b"abc"
        await reply.aclose()
        await transport.aclose()


async def test_a_transport_closed_while_a_stream_is_read_ends_the_stream(transport: Any, net: Any) -> None:
    server = net.serve(_silent_after_a_chunk)
    reply = await transport.send(net.call(server.url))
    began = asyncio.Event()
    task = asyncio.create_task(net.read(reply, began=began))
    await began.wait()

    await transport.aclose()

    with pytest.raises(ConnectionLost):
        await task
    await reply.aclose()


async def test_a_closed_transport_can_be_used_again(transport: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.reply(b"ok")

    server = net.serve(script)
    await net.read(await transport.send(net.call(server.url)))

    await transport.aclose()

    assert await net.read(await transport.send(net.call(server.url))) == b"ok"


async def test_a_slow_drip_is_handed_on_drop_by_drop(transport: Any, net: Any) -> None:
    taken = [net.signal() for _ in range(10)]

    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
        for drop in taken:
            await wire.say(b"x")
            await drop.happens()

    reply = await transport.send(net.call(net.serve(script).url))
    arrived = []
    async for chunk in reply.stream:
        arrived.append(chunk)
        taken[len(arrived) - 1].set()

    assert arrived == [b"x"] * 10
