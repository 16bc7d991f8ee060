"""Thousands of streams at once."""

from __future__ import annotations

import asyncio
import resource
from typing import Any

import pytest

from grokkit.transport.aiohttp import AiohttpTransport

CROWD = 2000


@pytest.fixture
def _many_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CROWD + 200
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            pytest.skip(f"needs {wanted} open files, and may have {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@pytest.mark.usefixtures("_many_files")
async def test_two_thousand_streams_run_at_once_and_each_gets_its_own(net: Any) -> None:
    arrived = 0
    all_there = asyncio.Event()

    async def script(wire: Any) -> None:
        nonlocal arrived
        request = await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        await wire.chunks(b"begin ", end=False)
        arrived += 1
        if arrived == CROWD:
            all_there.set()
        await all_there.wait()
        await wire.chunks(request.target.encode())

    server = net.serve(script)
    async with net.clean():
        transport = AiohttpTransport()

        async def one(number: int) -> bytes:
            reply = await transport.send(net.call(server.url, f"/{number}", limits=net.patient))
            return await net.read(reply)

        bodies = await asyncio.gather(*(one(number) for number in range(CROWD)))
        await transport.aclose()

    assert bodies == [b"begin /%d" % number for number in range(CROWD)]
    assert len(server.wires) == CROWD
