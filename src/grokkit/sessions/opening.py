"""A store of sessions from the text that names it; the file that is meant when nothing is said."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from grokkit.config.unfit import redact
from grokkit.errors import ConfigInvalid
from grokkit.sessions.memory import MemorySessions
from grokkit.stores.naming import file_of, is_memory, is_redis

if TYPE_CHECKING:
    from grokkit.sessions.sealing_keys import Keys
    from grokkit.sessions.store import SessionStore

KEY_VARIABLE = "GROKKIT_SESSIONS_KEY"
_POSTGRES = {"postgresql", "postgres"}
_KNOWN = (
    '"memory", "sqlite:///chat.db" (four slashes for a path from the root), "redis://host:6379/0", '
    '"rediss://...", "valkey://...", "redis+cluster://...", "unix:///redis.sock", '
    '"postgresql://host/database"'
)


def default_file() -> Path:
    """Where sessions are when nothing is said: `grokkit/sessions.db` in $XDG_DATA_HOME, or in ~/.local/share."""
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "share") / "grokkit" / "sessions.db"


def open_sessions(where: str | None = None, *, key: Keys | None = None) -> SessionStore:
    """The store that a text names, or the user's own file; nothing is opened before its first use.

    With a `key`, or several, the newest first, what is said is encrypted before it gets there: see `Sealed`. Without
    the argument the keys are those in `GROKKIT_SESSIONS_KEY`, if it is set; `key=()` is for none all the same.

    Raises `ConfigInvalid` for a text that names none and for a key that is none, and `ExtraMissing` when redis-py,
    psycopg or cryptography is needed and not installed.

    >>> open_sessions("memory"), open_sessions("sqlite:///chat.db")
    (memory, sqlite:///chat.db)
    """
    store = _named(where)
    keys = (os.environ.get(KEY_VARIABLE, "").strip() or ()) if key is None else key
    if not keys and not isinstance(keys, str):
        return store
    from grokkit.sessions.sealing import Sealed

    return Sealed(store, keys)


def _named(where: str | None) -> SessionStore:
    if where is None:
        return _in_file(default_file())
    if is_memory(where):
        return MemorySessions()
    if (path := file_of(where)) is not None:
        return _in_file(path)
    if is_redis(where):
        from grokkit.sessions.redis import RedisSessions

        return RedisSessions(where)
    scheme, _, rest = where.partition("://")
    if scheme in _POSTGRES and rest:
        from grokkit.sessions.postgres import PostgresSessions

        return PostgresSessions(where)
    raise ConfigInvalid(f"no store of sessions is named {redact(where)[:64]!r}", hint=f"there are {_KNOWN}")


def _in_file(path: str | Path) -> SessionStore:
    from grokkit.sessions.sqlite import SQLiteSessions

    return SQLiteSessions(path)
