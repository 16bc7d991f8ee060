"""Event loops come and go: each has its own connections, which end with it, whatever way it ends."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from typing import Any

import httpx2
import pytest

from grokkit.errors import Misused
from grokkit.transport.aiohttp import AiohttpTransport
from grokkit.transport.httpx2 import Httpx2Transport


async def _answers(wire: Any) -> None:
    while True:
        await wire.request()
        await wire.reply(b"ok")


def test_one_transport_serves_loop_after_loop(make: Any, net: Any) -> None:
    server = net.serve(_answers)
    transport = make()

    async def main() -> bytes:
        return await net.read(await transport.send(net.call(server.url)))

    assert [asyncio.run(main()) for _ in range(3)] == [b"ok"] * 3
    assert len(server.wires) == 3
    assert net.connected_sockets() == 0


def test_one_transport_serves_loops_side_by_side(make: Any, net: Any) -> None:
    server = net.serve(_answers)
    transport = make()
    bodies: list[bytes] = []

    async def main() -> None:
        bodies.extend([await net.read(await transport.send(net.call(server.url))) for _ in range(20)])

    threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert bodies == [b"ok"] * 80
    assert net.connected_sockets() == 0


def test_a_loop_closed_without_a_word_is_found_out_by_the_next(net: Any) -> None:
    server = net.serve(_answers)
    transport = AiohttpTransport()

    async def main() -> bytes:
        return await net.read(await transport.send(net.call(server.url)))

    for _ in range(3):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(main()) == b"ok"
        loop.close()

    assert asyncio.run(main()) == b"ok"
    gc.collect()
    assert net.connected_sockets() == 0


def test_a_stream_open_at_the_end_of_its_loop_is_dropped_with_it(make: Any, net: Any) -> None:
    async def script(wire: Any) -> None:
        await wire.request()
        await wire.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
        await wire.client_gone()

    server = net.serve(script)
    transport = make()

    async def main() -> Any:
        reply = await transport.send(net.call(server.url))
        await anext(aiter(reply.stream))
        return reply

    reply = asyncio.run(main())

    server.wires[0].client_closed.wait()
    del reply


async def test_a_dropped_transport_closes_behind_itself(make: Any, net: Any) -> None:
    server = net.serve(_answers)
    async with net.clean():
        transport = make()
        await net.read(await transport.send(net.call(server.url)))

        del transport
        gc.collect()


PROGRAMS = {
    "loop closed without a word": """
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        loop.close()
    """,
    "loop never closed": """
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
    """,
    "transport never closed": """
        asyncio.run(main())
    """,
    "ended by an exit in the middle": """
        async def leave():
            await main()
            sys.exit(0)
        asyncio.run(leave())
    """,
    "left running in a daemon thread": """
        import threading
        ready = threading.Event()
        async def stay():
            await main()
            ready.set()
            await asyncio.Event().wait()
        threading.Thread(target=lambda: asyncio.run(stay()), daemon=True).start()
        ready.wait()
    """,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_ends_in_silence_however_it_left_its_loop(net: Any, program: str) -> None:
    server = net.serve(_answers)
    head = f"""
        import asyncio, sys
        from grokkit.call import Call
        from grokkit.transport.aiohttp import AiohttpTransport

        transport = AiohttpTransport()

        async def main():
            call = Call(method="GET", base_url="{server.url}", path="/", operation="test", id="1")
            reply = await transport.send(call)
            assert await reply.read(100) == b"ok"
    """
    source = "\n".join(line.removeprefix("        ") for line in (head + PROGRAMS[program]).splitlines())

    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=20)

    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "")


async def test_ones_own_httpx2_client_stays_open_unless_asked(net: Any) -> None:
    server = net.serve(_answers)
    mine = httpx2.AsyncClient()
    lent, given = Httpx2Transport(mine), Httpx2Transport(mine, close_client=True)

    await net.read(await lent.send(net.call(server.url)))
    await lent.aclose()
    open_after_lending = not mine.is_closed
    await given.aclose()

    assert open_after_lending
    assert mine.is_closed


def test_ones_own_httpx2_client_is_refused_in_a_second_loop(net: Any) -> None:
    server = net.serve(_answers)
    mine = httpx2.AsyncClient()
    transport = Httpx2Transport(mine)

    async def main() -> None:
        await net.read(await transport.send(net.call(server.url)))

    async def first() -> None:
        await main()
        await mine.aclose()

    asyncio.run(first())

    with pytest.raises(Misused, match=r"lambda: httpx2\.AsyncClient"):
        asyncio.run(main())


async def test_settings_of_ones_own_httpx2_client_are_kept(net: Any) -> None:
    server = net.serve(_answers)
    async with httpx2.AsyncClient(headers={"x-team": "blue"}, timeout=0.001, follow_redirects=True) as mine:
        reply = await Httpx2Transport(mine).send(net.call(server.url))
        await net.read(reply)

    assert server.requests[0].headers["x-team"] == "blue"
    assert server.requests[0].headers["authorization"].startswith("Bearer xai-")


def test_without_httpx2_its_adapter_says_what_to_install() -> None:
    source = (
        "import sys; sys.modules['httpx2'] = None\n"
        "from grokkit.errors import ExtraMissing\n"
        "try:\n    import grokkit.transport.httpx2\n"
        "except ExtraMissing as error:\n    print(error)"
    )

    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=20)

    assert "pip install 'grokkit[httpx2]'" in ended.stdout
