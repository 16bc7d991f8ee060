"""The way to a Redis server: a client for each event loop, commands and scripts that answer in time or say why not."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from grokkit._per_loop import Care, PerLoop
from grokkit.errors import ExtraMissing

try:
    from redis.exceptions import NoScriptError

    from grokkit.stores.redis_client import CAUGHT, Client, failure, make_client, without_credentials
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


class Line:
    """Commands and scripts, each one round trip on a connection of the running loop, in at most `timeout` seconds.

    Raises what `redis_client.failure` makes of redis-py's errors.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.where = without_credentials(url)
        self._timeout = timeout
        self._quiet_since = time.monotonic()
        self._clients: PerLoop[Client] = PerLoop(
            Care(
                make=lambda: make_client(url, timeout),
                close=lambda client: client.aclose(),
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
        """The answer to a command."""
        client = self._clients.get() or await self._clients.open()
        await self._notice_closed()
        try:
            async with asyncio.timeout(self._timeout):
                return await client.execute_command(*command)
        except NoScriptError:
            raise
        except CAUGHT as error:
            failed = failure(error, self.where, self._timeout)
            raise failed from error

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        await self._clients.aclose()

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
