"""A fork in the middle of a stream: the child starts anew, and the parent's stream never notices."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

PARENT = """
import asyncio, os, sys
from grokkit.call import Call
{imports}

transport = {transport}

def call(path):
    return Call(method="GET", base_url="{url}", path=path, operation="test", id="1")

async def whole(path):
    return await (await transport.send(call(path))).read(1000)

async def main():
    assert await whole("/plain") == b"ok"            # leaves an idle connection
    reply = await transport.send(call("/stream"))    # and one in use
    chunks = aiter(reply.stream)
    assert await anext(chunks) == b"before "
    child = os.fork()
    if child == 0:
        {child}
    assert os.waitpid(child, 0)[1] == 0
    assert await whole("/release") == b"ok"
    rest = [chunk async for chunk in chunks]
    await reply.aclose()
    assert b"".join(rest) == b"after", rest
    assert await whole("/plain") == b"ok"
    await transport.aclose()

asyncio.run(main())
print("parent done")
"""

CHILDREN = {
    "asks with the same transport and leaves at once": """
        import threading
        def ask():
            assert asyncio.run(whole("/plain")) == b"ok"
        asker = threading.Thread(target=ask); asker.start(); asker.join()
        os._exit(0)
    """,
    "leaves at once": "os._exit(0)",
    "ends through the whole interpreter": """
        import atexit
        atexit.register(os._exit, 0)
        sys.exit(0)
    """,
    "closes what it inherited": """
        await reply.aclose()
        await transport.aclose()
        os._exit(0)
    """,
    "unwinds out of its parent's coroutine": """
        import atexit
        atexit.register(os._exit, 0)
        try:
            sys.exit(0)
        finally:
            await reply.aclose()
            await transport.aclose()
    """,
    "drops what it inherited": """
        import gc
        del reply, chunks
        globals().pop("transport")
        gc.collect()
        os._exit(0)
    """,
}

TRANSPORTS = {
    "aiohttp": ("from grokkit.transport.aiohttp import AiohttpTransport", "AiohttpTransport(ca_file={authority!r})"),
    "httpx2": (
        "import httpx2, ssl\nfrom grokkit.transport.httpx2 import Httpx2Transport",
        "Httpx2Transport(lambda: httpx2.AsyncClient(verify=ssl.create_default_context(cafile={authority!r})))",
    ),
}


def _script() -> Any:
    released = asyncio.Event()

    async def script(wire: Any) -> None:
        while True:
            request = await wire.request()
            if request.target != "/stream":
                if request.target == "/release":
                    released.set()
                await wire.reply(b"ok")
                continue
            await wire.say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            await wire.chunks(b"before ", end=False)
            await released.wait()
            await wire.chunks(b"after")

    return script


UNWINDING = ("ends through the whole interpreter", "unwinds out of its parent's coroutine")
CASES = [
    (kind, child)
    for kind in TRANSPORTS
    for child in CHILDREN
    # asyncio closes the generators inside httpx2 when the copied loop is run down, and logs that it cannot
    if not (kind == "httpx2" and child in UNWINDING)
]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(("kind", "child"), CASES)
def test_a_fork_leaves_the_parents_stream_alone(net: Any, signed: Any, kind: str, child: str, secure: bool) -> None:
    server = net.serve(_script(), signed.server(signed.good) if secure else None)
    imports, transport = TRANSPORTS[kind]
    body = CHILDREN[child].strip()
    source = PARENT.format(
        imports=imports, transport=transport.format(authority=str(signed.authority)), url=server.url, child=body
    )

    ended = subprocess.run([sys.executable, "-W", "error", "-c", source], capture_output=True, text=True, timeout=20)

    assert (ended.stderr, ended.stdout, ended.returncode) == ("", "parent done\n", 0)
