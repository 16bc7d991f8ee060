"""An engine that already runs on this machine: how `grokkit local serve` says so, and how others find it."""

from __future__ import annotations

import http.client
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from grokkit.errors import ConfigInvalid, ConnectionFailed
from grokkit.local.weights import cache_home

ANSWER_WITHIN = 2.0


class Running(msgspec.Struct, frozen=True):
    """An engine somebody else started: its process, where it answers, and what it serves."""

    pid: int
    base_url: str
    model: str
    path: str


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


def state_file(cache: Path | None = None) -> Path:
    """Where a served engine is written down."""
    return cache_home(cache) / "engine.json"


def publish(running: Running, cache: Path | None = None) -> None:
    """Write the engine down, so that `Grok.local()` in other processes of this user finds it."""
    path = state_file(cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(running))
    Path(part).replace(path)


def withdraw(running: Running, cache: Path | None = None) -> None:
    """Take the engine's state file away, if it is still this engine's."""
    if _read(state_file(cache)) == running:
        state_file(cache).unlink(missing_ok=True)


def find(cache: Path | None = None) -> Running | None:
    """The engine that is written down, if its process lives and it answers for its model; else None.

    >>> find(Path("/nowhere")) is None
    True
    """
    running = _read(state_file(cache))
    if running is None or not _alive(running.pid):
        return None
    try:
        return running if running.model in served(running.base_url) else None
    except (ConnectionFailed, ConfigInvalid):
        return None


def served(base_url: str) -> list[str]:
    """The names of the models that the server at `base_url` serves (`GET /models`).

    Raises `ConfigInvalid` for a URL that is none, `ConnectionFailed` when nothing there answers as it should.
    """
    host, port, path = _address(base_url)
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_WITHIN)
    try:
        connection.request("GET", f"{path}/models")
        reply = connection.getresponse()
        body = reply.read(1 << 20)
        return [model.id for model in msgspec.json.decode(body, type=_Models).data]
    except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
        raise ConnectionFailed(
            f"no engine answers at {base_url}: {error}",
            hint="start one with `grokkit local serve`, or unset GROKKIT_LOCAL_URL",
        ) from error
    finally:
        connection.close()


def _address(base_url: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(base_url)
        if parts.hostname and parts.scheme == "http":
            return parts.hostname, parts.port or 80, parts.path.rstrip("/")
    except ValueError:
        pass
    raise ConfigInvalid(
        f"not the URL of a local engine: {base_url!r}",
        hint="GROKKIT_LOCAL_URL looks like http://127.0.0.1:8080/v1",
    )


def _read(path: Path) -> Running | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
