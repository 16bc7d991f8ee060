"""The way to a Redis server: a client for each event loop, commands and scripts that answer in time or say why not."""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from grokkit._per_loop import Care, PerLoop
from grokkit.errors import ExtraMissing, StoreUnavailable
from grokkit.stores.patience import Patience, in_time

try:
    from redis.exceptions import NoScriptError

    from grokkit.stores.redis_client import (
        CAUGHT,
        MAX_CONNECTIONS,
        Client,
        failure,
        make_client,
        without_credentials,
    )
except ImportError as error:
    raise ExtraMissing("the Redis store needs redis-py, which is not installed", extra="redis") from error

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOUBT_AFTER = 0.02


class Script(NamedTuple):
    """A script and the name the server knows it by."""

    source: str
    sha: str


def script(source: str) -> Script:
    """A script, named."""
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


class _Way(NamedTuple):
    """What a loop has: a client, and a place for each of its connections."""

    client: Client
    places: asyncio.Semaphore


async def _close(way: _Way, timeout: float) -> None:
    """With TLS a server is asked to agree, and one that hangs does not."""
    with suppress(TimeoutError):
        await in_time(way.client.aclose(), timeout)


class Line:
    """Commands and scripts, each one round trip on a connection of the running loop, in the time of a `Patience`.

    Raises what `redis_client.failure` makes of redis-py's errors.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.where = without_credentials(url)
        self._patience = Patience(timeout)
        self._losses = 0
        self._quiet_since = time.monotonic()
        self._ways: PerLoop[_Way] = PerLoop(
            Care(
                make=lambda: _Way(make_client(url), asyncio.Semaphore(MAX_CONNECTIONS)),
                close=lambda way: _close(way, timeout),
                abandon=lambda _: None,
                disown=lambda _: None,
            )
        )

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[str | bytes]) -> Any:
        """What a script returns."""
        rest = (len(keys), *keys, *arguments)
        try:
            return await self.ask("EVALSHA", script.sha, *rest)
        except NoScriptError:
            return await self.ask("EVAL", script.source, *rest)

    async def ask(self, *command: str | bytes | int) -> Any:
        """The answer to a command. Who waits for a place while the server is lost does not try in vain."""
        way = self._ways.get() or await self._ways.open()
        losses = self._losses
        async with way.places:
            if losses != self._losses:
                raise StoreUnavailable(f"{self.where} was lost by those who asked before")
            await self._notice_closed()
            return await self._answer(way.client, command)

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        await self._ways.aclose()

    async def _answer(self, client: Client, command: Sequence[str | bytes | int]) -> Any:
        began, patience = time.monotonic(), self._patience.seconds
        try:
            answer = await in_time(client.execute_command(*command), patience)
        except NoScriptError:
            raise
        except CAUGHT as error:
            failed = failure(error, self.where, patience)
            if isinstance(failed, StoreUnavailable):
                self._losses += 1
                self._patience.failed()
            raise failed from error
        self._patience.answered(time.monotonic() - began)
        return answer

    async def _notice_closed(self) -> None:
        """After a silence, let the loop see which idle connections the server has closed meanwhile.

        A loop that was held up has not read their ends yet, and what is written to one of them would be lost. Two
        turns: the first asks the system, the second has let the callbacks run.
        """
        now = time.monotonic()
        if now - self._quiet_since > _DOUBT_AFTER:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        self._quiet_since = now
