"""A store from the text that names it, as in settings and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.config.unfit import redact
from grokkit.errors import ConfigInvalid
from grokkit.stores.memory import MemoryStore
from grokkit.stores.naming import file_of, is_memory, is_redis

if TYPE_CHECKING:
    from grokkit.stores.store import Store

_KNOWN = (
    '"memory", "sqlite:///state.db" (four slashes for a path from the root), '
    '"redis://host:6379/0", "rediss://...", "valkey://...", "redis+cluster://...", "unix:///redis.sock"'
)


def open_store(where: str) -> Store:
    """The store that a text names; nothing is opened before its first use.

    Raises `ConfigInvalid` for a text that names none, and `ExtraMissing` when redis-py is needed and not installed.

    >>> open_store("memory"), open_store("sqlite:///state/grokkit.db"), open_store("sqlite:////var/lib/grokkit.db")
    (memory, sqlite:///state/grokkit.db, sqlite:////var/lib/grokkit.db)
    """
    if is_memory(where):
        return MemoryStore()
    if (path := file_of(where)) is not None:
        from grokkit.stores.sqlite import SQLiteStore

        return SQLiteStore(path)
    if is_redis(where):
        from grokkit.stores.redis import RedisStore

        return RedisStore(where)
    raise ConfigInvalid(f"no store is named {redact(where)[:64]!r}", hint=f"there are {_KNOWN}")
