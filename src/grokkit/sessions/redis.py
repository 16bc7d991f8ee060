"""The store of sessions of a fleet: a list of turns and a hash for each session in Redis or Valkey."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import msgspec

from grokkit.errors import InvalidRequest
from grokkit.sessions import finding, redis_scripts
from grokkit.sessions.entries import read_all, written
from grokkit.sessions.finding import Place
from grokkit.sessions.scanning import AT_ONCE, scan
from grokkit.sessions.store import Description, Hit, Page, SessionConflict, SessionInfo, page_of
from grokkit.sessions.totals import counters, usage_of
from grokkit.stores.redis_line import Line, script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from grokkit.sessions.turn import Turn

_APPEND = script(redis_scripts.APPEND)
_DESCRIBE = script(redis_scripts.DESCRIBE)
_DELETE = script(redis_scripts.DELETE)
_INFO = script(redis_scripts.INFO)
_NEWEST = script(redis_scripts.NEWEST)
_ID = 32
_COUNTER = "#"

_encode = msgspec.json.Encoder().encode
_tags = msgspec.json.Decoder(tuple[str, ...]).decode


class RedisSessions:
    """Sessions in Redis or Valkey; `url` is as `RedisStore` takes it, and errors are as it raises them.

    Adding a turn is one round trip that grows with the turn only. All sessions of a tenant lie in one slot of a
    cluster. Whether they outlive the server is up to how it is set up (`appendonly`): Redis as a mere cache forgets.

    >>> RedisSessions("redis://me:secret@cache.example:6380/2")
    redis://cache.example:6380/2
    """

    def __init__(self, url: str, *, timeout: float = 5.0, prefix: str = "grokkit:sessions:") -> None:
        self._line = Line(url, timeout)
        self._prefix = prefix
        self.tenant = ""

    def __repr__(self) -> str:
        return self._line.where

    def for_tenant(self, tenant: str) -> Self:
        """See `SessionStore.for_tenant`."""
        other = copy.copy(self)
        other.tenant = tenant
        return other

    async def append(self, name: str, turns: Sequence[Turn], *, expected: int) -> int:
        """See `SessionStore.append`."""
        times = (turns[0].created, max(turn.created for turn in turns)) if turns else (0.0, 0.0)
        done, version = await self._line.run(
            _APPEND,
            [self._key("turns", name), self._key("session", name)],
            [
                *(self._slot, name, str(expected), str(len(turns))),
                *(repr(time) for time in times),
                *(_entry(turn) for turn in turns),
                *(str(part) for counter in counters(turns).items() for part in counter),
            ],
        )
        if not done:
            raise SessionConflict(name, expected=expected, version=int(version))
        return int(version)

    async def load(self, name: str, *, after: int = 0, limit: int | None = None) -> list[Turn]:
        """See `SessionStore.load`."""
        if limit is not None and limit <= 0:
            return []
        last = -1 if limit is None else after + limit - 1
        entries = await self._line.ask("LRANGE", self._key("turns", name), after, last)
        return read_all((entry[_ID:] for entry in entries), name, after)

    async def info(self, name: str) -> SessionInfo | None:
        """See `SessionStore.info`."""
        fields = await self._line.run(_INFO, [self._key("session", name)], [])
        return _info(name, fields) if fields else None

    async def describe(self, name: str, description: Description, *, at: float) -> SessionInfo:
        """See `SessionStore.describe`."""
        tags = None if description.tags is None else _encode(sorted(set(description.tags))).decode()
        given = [part for text in (description.title, tags, description.origin) for part in _optional(text)]
        arguments = [self._slot, name, repr(at), *given]
        return _info(name, await self._line.run(_DESCRIBE, [self._key("session", name)], arguments))

    async def search(self, words: str, *, tag: str | None = None, limit: int = 20) -> list[Hit]:
        """See `SessionStore.search`."""
        return await scan(self, self._newest_first(tag, None), words, limit)

    async def delete(self, name: str) -> bool:
        """See `SessionStore.delete`."""
        keys = [self._key("turns", name), self._key("session", name)]
        return bool(await self._line.run(_DELETE, keys, [self._slot, name]))

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        await self._line.aclose()

    @property
    def _slot(self) -> str:
        """What all keys of the tenant begin with: between the braces is what chooses a cluster's slot."""
        return f"{self._prefix}{{t:{quote(self.tenant, safe='')}}}:"

    def _key(self, kind: str, name: str) -> str:
        return f"{self._slot}{kind}:{name}"

    async def _newest_first(self, tag: str | None, after: Place | None) -> AsyncIterator[SessionInfo]:
        index = self._slot + ("newest" if tag is None else f"tag:{tag}")
        most = "+inf" if after is None else repr(after.updated)
        offset = 0
        while True:
            listed = await self._line.run(_NEWEST, [index], [self._slot, most, str(offset), str(AT_ONCE)])
            for member, fields in listed:
                info = _info(member.decode(), fields)
                is_there = bool(fields)  # the server may have thrown the session out and left its place in the index
                if is_there and (after is None or Place(info.updated, info.name).key() < after.key()):
                    yield info
            if len(listed) < AT_ONCE:
                return
            offset += AT_ONCE

    async def list(self, *, tag: str | None = None, limit: int = 50, after: str | None = None) -> Page:
        """See `SessionStore.list`."""
        found: list[SessionInfo] = []
        async for info in self._newest_first(tag, None if after is None else finding.read_place(after)):
            found.append(info)
            if len(found) > limit:
                break
        return page_of(found, limit)


def _entry(turn: Turn) -> bytes:
    if len(turn.id) != _ID or not turn.id.isascii():
        raise InvalidRequest("a turn's id has 32 letters", param="id", hint="leave it out: each turn gets one")
    return turn.id.encode() + written(turn)


def _optional(text: str | None) -> tuple[str, str]:
    return ("0", "") if text is None else ("1", text)


def _info(name: str, fields: Sequence[bytes]) -> SessionInfo:
    known = {key.decode(): value.decode() for key, value in zip(fields[::2], fields[1::2], strict=True)}
    return SessionInfo(
        name=name,
        version=int(known.get("version", 0)),
        title=known.get("title", ""),
        tags=_tags(known.get("tags", "[]")),
        created=float(known.get("created", 0)),
        updated=float(known.get("updated", 0)),
        origin=known.get("origin", ""),
        usage=usage_of(
            {key.removeprefix(_COUNTER): int(value) for key, value in known.items() if key.startswith(_COUNTER)}
        ),
    )
