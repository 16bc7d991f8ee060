from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import aiohttp
import pytest

from grokkit.transport.resolver import Resolver, in_daemon_thread


async def test_it_finds_what_aiohttp_s_own_resolver_finds() -> None:
    ours = await Resolver().resolve("localhost", 443, socket.AF_UNSPEC)

    assert ours == await aiohttp.ThreadedResolver().resolve("localhost", 443, socket.AF_UNSPEC)
    assert "127.0.0.1" in {found["host"] for found in ours}
    assert {found["port"] for found in ours} == {443}


async def test_an_address_with_a_scope_is_given_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    place = ("fe80::1", 443, 0, 1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", place)])

    (found,) = await Resolver().resolve("link.local", 443, socket.AF_INET6)

    assert found["host"].startswith("fe80::1%")
    assert found["port"] == 443


async def test_a_thread_has_the_name_of_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: names.append(threading.current_thread().name) or [])

    await Resolver().resolve("a.test", 443)
    await in_daemon_thread(lambda: names.append(threading.current_thread().name), name="sum")

    assert names == ["grokkit-look-up", "grokkit-sum"]


async def test_a_name_without_an_address_is_an_os_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(OSError, match="not known"):
        await Resolver().resolve("nowhere.invalid", 443)


async def test_a_cancelled_caller_leaves_at_once_and_the_late_result_is_dropped() -> None:
    began, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        go_on.wait()
        ended.set()

    task = asyncio.create_task(in_daemon_thread(work, name="long"))
    await asyncio.to_thread(began.wait)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    go_on.set()
    await asyncio.to_thread(ended.wait)


def test_a_loop_closes_without_waiting() -> None:
    began, go_on = threading.Event(), threading.Event()

    async def leave() -> None:
        task = asyncio.create_task(in_daemon_thread(lambda: began.set() or go_on.wait(), name="long"))
        await asyncio.to_thread(began.wait)
        task.cancel()

    asyncio.run(leave())

    assert not go_on.is_set()
    go_on.set()
    for thread in [each for each in threading.enumerate() if each.name == "grokkit-long"]:
        thread.join()
