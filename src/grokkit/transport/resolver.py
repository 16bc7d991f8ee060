"""Names to addresses, by the system, in threads that nobody has to wait for.

The threads of an event loop's own pool hold up its close and the interpreter's exit, which is long after Ctrl-C
when a name server does not answer.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

from aiohttp.abc import AbstractResolver, ResolveResult

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
_AS_NUMBERS = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
_SCOPED = 4
"""How long the address of a socket is when it has a scope, as link-local ones of IPv6 have."""


class Resolver(AbstractResolver):
    """`getaddrinfo` in a daemon thread each."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises `OSError` when there are none."""
        return await in_daemon_thread(lambda: _look_up(host, port, family), name="look-up")

    async def close(self) -> None:
        """Nothing to do."""


def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        ResolveResult(hostname=host, host=address, port=number, family=kind, proto=protocol, flags=_NUMERIC)
        for kind, _, protocol, _, place in found
        for address, number in [_in_numbers(kind, place)]
    ]


def _in_numbers(kind: int, place: tuple[Any, ...]) -> tuple[str, int]:
    if kind == socket.AF_INET6 and len(place) == _SCOPED and place[3]:
        address, number = socket.getnameinfo(place, _AS_NUMBERS)
        return address, int(number)
    return place[0], place[1]


async def in_daemon_thread(work: Callable[[], T], *, name: str) -> T:
    """What the work gives. Its thread is left to itself when nobody waits any more, and is named after the work.

    >>> asyncio.run(in_daemon_thread(lambda: threading.current_thread().name, name="sum"))
    'grokkit-sum'
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def deliver(value: T | None, error: Exception | None) -> None:
        if outcome.done():
            return
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(cast("T", value))

    def run() -> None:
        value, failure = None, None
        try:
            value = work()
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            failure = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(deliver, value, failure)

    threading.Thread(target=run, name=f"grokkit-{name}", daemon=True).start()
    return await outcome
