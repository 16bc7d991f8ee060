"""What a text such as `sqlite:///state.db` names: stores, sessions and journals are named alike."""

_REDIS = {"redis", "rediss", "valkey", "valkeys", "unix", "redis+cluster", "rediss+cluster"}


def is_memory(where: str) -> bool:
    """Whether the text names what lies in memory."""
    return where in {"memory", "memory://"}


def file_of(where: str) -> str | None:
    """The path of the SQLite file that the text names; None where it names none.

    >>> file_of("sqlite:///state.db"), file_of("sqlite:////var/lib/state.db"), file_of("sqlite:///")
    ('state.db', '/var/lib/state.db', None)
    """
    scheme, _, rest = where.partition("://")
    return rest[1:] if scheme == "sqlite" and rest.startswith("/") and rest != "/" else None


def is_redis(where: str) -> bool:
    """Whether the text is the URL of a Redis or Valkey.

    >>> is_redis("rediss://cache.example:6380/2"), is_redis("redis://")
    (True, False)
    """
    scheme, _, rest = where.partition("://")
    return scheme in _REDIS and bool(rest)
