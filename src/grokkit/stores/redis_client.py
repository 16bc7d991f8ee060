"""redis-py's client as the Redis store uses it: how it is made from a URL, and what its errors mean."""

from __future__ import annotations

import re
import ssl
from typing import Any, Protocol

from redis import exceptions
from redis.asyncio import ConnectionPool, Redis, RedisCluster
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from grokkit.config.unfit import redact
from grokkit.errors import ConfigInvalid, GrokError, StoreUnavailable

MAX_CONNECTIONS = 32
"""Of one client; of a cluster, to each of its nodes. Who asks for more at once is refused."""
_CLUSTER = "+cluster"
_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss", "unix": "unix"}
CAUGHT = (exceptions.RedisError, exceptions.RedisClusterException, OSError)


class Client(Protocol):
    """What the store needs of a client."""

    async def execute_command(self, *args: str | bytes | int) -> Any:
        """What the server answers."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def make_client(url: str) -> Client:
    """A client for the running loop, with no connection yet.

    It never tries twice: a script whose answer was lost may have run. It waits for ever: the time is for who asks to
    watch. Raises `ConfigInvalid` for a URL that is none.
    """
    scheme, _, rest = url.partition("://")
    plain = _SCHEMES.get(scheme.removesuffix(_CLUSTER))
    if plain is None:
        raise _not_a_url(url, "its scheme is unknown")
    ours = {"socket_timeout": None, "socket_connect_timeout": None, "protocol": 2}
    try:
        options = {**ours, **parse_url(f"{plain}://{rest}"), "decode_responses": False}
        options["retry"] = Retry(NoBackoff(), 0)
        return _cluster(options) if scheme.endswith(_CLUSTER) else _one(options)
    except (ValueError, TypeError, exceptions.RedisError, exceptions.RedisClusterException) as error:
        raise _not_a_url(url, f"redis-py says: {error}") from None


def _one(options: dict[str, Any]) -> Client:
    pool = ConnectionPool(max_connections=MAX_CONNECTIONS, **options)
    pool.connection_class(**pool.connection_kwargs)  # refuses an option that there is none of
    return Redis.from_pool(pool)


def _cluster(options: dict[str, Any]) -> Client:
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True
    return RedisCluster(max_connections=MAX_CONNECTIONS, **options)


def _not_a_url(url: str, why: str) -> ConfigInvalid:
    return ConfigInvalid(
        f"{without_credentials(url)} is no URL of a Redis store: {redact(why)}",
        hint="redis://user:password@host:6379/0; rediss:// for TLS, redis+cluster:// for a cluster, unix:///path",
    )


def without_credentials(url: str) -> str:
    """Which server a URL means, and nothing else of it.

    >>> without_credentials("rediss://me:secret@cache.example:6380/2?password=secret")
    'rediss://cache.example:6380/2'
    >>> without_credentials("redis://me:what?@cache.example")  # a password that is not quoted
    'redis://***'
    """
    scheme, _, rest = url.partition("://")
    address, *more = re.split("[?#]", rest, maxsplit=1)
    if any("@" in part for part in more):
        return f"{scheme}://***"
    return f"{scheme}://{address.rpartition('@')[2]}" if rest else "a text without ://"


_UNAVAILABLE = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.OutOfMemoryError,
    exceptions.ClusterError,
    exceptions.RedisClusterException,
    OSError,
    TimeoutError,
)
_UNAVAILABLE_WORDS = {"BUSY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MISCONF", "NOREPLICAS", "OOM"}


def failure(error: Exception, where: str, timeout: float) -> GrokError:
    """What an error of redis-py means to who asked the store."""
    if isinstance(error, exceptions.AuthenticationError | exceptions.NoPermissionError):
        return ConfigInvalid(
            f"{where} refused the user or the password: {redact(str(error))}",
            hint="check the credentials in the store's URL; a user needs EVAL, EVALSHA, TIME, GET, SET and DEL",
        )
    if isinstance(error, exceptions.InvalidResponse):
        return ConfigInvalid(f"{where} does not speak Redis' protocol", hint="check host, port and TLS (rediss://)")
    if _certificate_rejected(error):
        return ConfigInvalid(f"the certificate of {where} is not trusted", hint="add ?ssl_ca_certs=... to its URL")
    if isinstance(error, TimeoutError | exceptions.TimeoutError):
        return StoreUnavailable(f"{where} did not answer within {timeout:.2g} s")
    if isinstance(error, _UNAVAILABLE) or str(error).partition(" ")[0] in _UNAVAILABLE_WORDS:
        return StoreUnavailable(f"{where} cannot be used now: {redact(str(error))}")
    return ConfigInvalid(f"{where} refused: {redact(str(error))}", hint="check the store's URL and the server's rules")


def _certificate_rejected(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
