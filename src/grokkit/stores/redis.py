"""The store of a fleet: Redis, Valkey, or what else speaks their protocol and runs their scripts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from grokkit.stores import lua, quota
from grokkit.stores.operations import quota_key
from grokkit.stores.redis_line import Line, script
from grokkit.stores.store import Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.stores.store import Take

_COMPARE_AND_SET = script(lua.COMPARE_AND_SET)
_INCREMENT = script(lua.INCREMENT)
_LEASE = script(lua.LEASE)
_RELEASE = script(lua.RELEASE)
_TAKE = script(lua.SERVER_CLOCK + lua.TAKE)
_GIVE = script(lua.SERVER_CLOCK + lua.GIVE)


class RedisStore:
    """Keeps what the machines of a fleet share in Redis or Valkey. Everything runs on the server's clock.

    `url` is `redis://user:password@host:6379/0`, `rediss://` for TLS, `unix:///path` for a socket; `valkey://` and
    `valkeys://` mean the same; `redis+cluster://` and `rediss+cluster://` a cluster, of which any node is named. What
    redis-py takes as a parameter may follow: `?ssl_ca_certs=/etc/ca.pem`. On a cluster all quotas lie in one hash
    slot, so that one script can take from several; everything else is spread over the nodes.

    Each operation is one round trip, on one of the running loop's 32 connections. A server of which nothing is known
    has `timeout` seconds for it, with connecting; one that answers has a quarter of that, or ten times as long as it
    took lately. Time in which the program holds up its loop does not count. All keys begin with `prefix`; those of
    leases and quotas, and those with a time to live, go away by themselves.

    Raises `ExtraMissing` on import when redis-py is not installed; at use `StoreUnavailable` when the server cannot
    be reached, does not answer in time or cannot write now, and `ConfigInvalid` for a wrong URL, user or password.

    >>> RedisStore("redis://me:secret@cache.example:6380/2")
    redis://cache.example:6380/2
    """

    def __init__(self, url: str, *, timeout: float = 1.0, prefix: str = "grokkit:") -> None:
        self._line = Line(url, timeout)
        self._prefix = prefix

    def __repr__(self) -> str:
        return self._line.where

    async def get(self, key: str) -> bytes | None:
        """See `Store.get`."""
        value = await self._line.ask("GET", self._key("value", key))
        return value if isinstance(value, bytes) else None

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """See `Store.set`."""
        lasting = ["PX", milliseconds] if (milliseconds := _milliseconds(ttl)) else []
        await self._line.ask("SET", self._key("value", key), value, *lasting)

    async def delete(self, key: str) -> None:
        """See `Store.delete`."""
        await self._line.ask("DEL", self._key("value", key))

    async def compare_and_set(
        self, key: str, expected: bytes | None, value: bytes | None, *, ttl: float | None = None
    ) -> bool:
        """See `Store.compare_and_set`."""
        arguments: list[str | bytes] = [*_optional(expected), *_optional(value), _milliseconds(ttl)]
        return bool(await self._line.run(_COMPARE_AND_SET, [self._key("value", key)], arguments))

    async def increment(
        self, key: str, amount: float, *, low: float = -math.inf, high: float = math.inf, ttl: float | None = None
    ) -> float | None:
        """See `Store.increment`."""
        arguments = [_number(amount), _number(low), _number(high), _milliseconds(ttl)]
        total = await self._line.run(_INCREMENT, [self._key("number", key)], arguments)
        return None if total is None else float(total)

    async def lease(self, key: str, holder: str, *, seconds: float) -> bool:
        """See `Store.lease`."""
        return bool(await self._line.run(_LEASE, [self._key("lease", key)], [holder, _milliseconds(seconds)]))

    async def release(self, key: str, holder: str) -> None:
        """See `Store.release`."""
        await self._line.run(_RELEASE, [self._key("lease", key)], [holder])

    async def take(self, takes: Sequence[Take]) -> Taken:
        """See `Store.take`."""
        wait, now = await self._line.run(_TAKE, self._quotas(takes), take_arguments(takes))
        return Taken(quota.seconds(wait), now / quota.MICROSECONDS)

    async def give(self, takes: Sequence[Take], at: float) -> None:
        """See `Store.give`."""
        await self._line.run(_GIVE, self._quotas(takes), give_arguments(takes, at))

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        await self._line.aclose()

    def _key(self, kind: str, key: str) -> str:
        return f"{self._prefix}{kind}:{key}"

    def _quotas(self, takes: Sequence[Take]) -> list[str]:
        return [self._key("{quota}", quota_key(take.quota)) for take in takes]


def take_arguments(takes: Sequence[Take]) -> list[str]:
    """The arguments of `lua.TAKE`."""
    terms = [(take.amount, quota.terms(take.quota)) for take in takes]
    return [
        repr(number)
        for amount, its in terms
        for number in (amount, its.limit, its.depth, its.slot, its.rate, its.slack)
    ]


def give_arguments(takes: Sequence[Take], at: float) -> list[str]:
    """The arguments of `lua.GIVE`."""
    return [*take_arguments(takes), repr(quota.microseconds(at))]


def _optional(value: bytes | None) -> tuple[str, bytes]:
    return ("0", b"") if value is None else ("1", value)


def _number(value: float) -> str:
    """For Lua; empty for what is no bound."""
    return "" if math.isinf(value) else repr(value)


def _milliseconds(ttl: float | None) -> str:
    """For PX, which takes whole ones above zero; empty for ever."""
    return "" if ttl is None or math.isinf(ttl) else str(max(1, math.ceil(ttl * 1000)))
