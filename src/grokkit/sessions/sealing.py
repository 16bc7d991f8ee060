"""Sessions encrypted at rest: any store; what is said is sealed on its way there and opened on its way back."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Self

import msgspec

from grokkit.sessions.entries import TurnUnreadable, read, written
from grokkit.sessions.scanning import AT_ONCE, scan
from grokkit.sessions.sealing_form import SealBroken, cover, place, sealed_in, sealed_in_title, title_cover
from grokkit.sessions.sealing_keys import Keyring

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from grokkit.sessions.sealing_keys import Keys
    from grokkit.sessions.store import Description, Hit, Page, SessionInfo, SessionStore
    from grokkit.sessions.turn import Turn

_TITLE = "title"


class Sealed:
    """A store whose turns and titles only holders of a key can read, AES-256-GCM; see `Keyring` for the keys.

    Each turn is bound to its tenant, session and version, so that it opens nowhere else. What stays readable to who
    reads the store: names of sessions and tenants, tags, times, how much was consumed, how long a turn is.

    >>> import asyncio
    >>> from grokkit.sessions.memory import MemorySessions
    >>> from grokkit.sessions.sealing_form import new_key
    >>> from grokkit.sessions.turn import Turn
    >>> async def said() -> list[str]:
    ...     plain = MemorySessions()
    ...     sealed = Sealed(plain, new_key())
    ...     await sealed.append("support-42", [Turn(input=[{"role": "user", "content": "Hi"}])], expected=0)
    ...     return [turn.said for store in (sealed, plain) for turn in await store.load("support-42")]
    >>> asyncio.run(said())
    ['Hi', '']
    """

    def __init__(self, store: SessionStore, keys: Keys | Keyring) -> None:
        self._store = store
        self._ring = keys if isinstance(keys, Keyring) else Keyring(keys)
        self.tenant = store.tenant

    def __repr__(self) -> str:
        return f"{self._store}, sealed"

    def for_tenant(self, tenant: str) -> Self:
        """See `SessionStore.for_tenant`."""
        return type(self)(self._store.for_tenant(tenant), self._ring)

    async def append(self, name: str, turns: Sequence[Turn], *, expected: int) -> int:
        """See `SessionStore.append`."""
        sealed = [
            cover(turn, await self._seal(written(turn), name, version))
            for version, turn in enumerate(turns, expected + 1)
        ]
        return await self._store.append(name, sealed, expected=expected)

    async def load(self, name: str, *, after: int = 0, limit: int | None = None) -> list[Turn]:
        """See `SessionStore.load`. Raises `SessionSealed` without the right key, `SealBroken` after tampering."""
        turns = await self._loaded(name, after, limit)
        return [await self._opened(name, version, turn) for version, turn in enumerate(turns, after + 1)]

    async def info(self, name: str) -> SessionInfo | None:
        """See `SessionStore.info`."""
        info = await self._store.info(name)
        return None if info is None else await self._readable(info)

    async def describe(self, name: str, description: Description, *, at: float) -> SessionInfo:
        """See `SessionStore.describe`."""
        if description.title:
            sealed = title_cover(await self._seal(description.title.encode(), name, _TITLE))
            description = msgspec.structs.replace(description, title=sealed)
        return await self._readable(await self._store.describe(name, description, at=at))

    async def search(self, words: str, *, tag: str | None = None, limit: int = 20) -> list[Hit]:
        """See `SessionStore.search`: every turn is fetched and opened here."""
        return await scan(self, self._newest_first(tag), words, limit)

    async def delete(self, name: str) -> bool:
        """See `SessionStore.delete`."""
        return await self._store.delete(name)

    async def aclose(self) -> None:
        """See `SessionStore.aclose`."""
        await self._store.aclose()

    async def _seal(self, plain: bytes, name: str, what: str | int) -> str:
        if self._ring.lacks_salt:
            await self._adopt_salt()
        return await self._ring.seal(plain, place(self.tenant, name, what))

    async def _adopt_salt(self) -> None:
        """Of a passphrase each salt makes another key, and making one takes time: go on with the one that is there."""
        for info in (await self._store.list(limit=1)).sessions:
            with suppress(SealBroken):  # which is for those to know who read it
                for turn in await self._loaded(info.name, max(info.version - 1, 0), 1):
                    self._ring.take_salt(sealed_in(turn) or "")

    async def _loaded(self, name: str, after: int, limit: int | None) -> list[Turn]:
        try:
            return await self._store.load(name, after=after, limit=limit)
        except TurnUnreadable as error:
            raise SealBroken(f"a turn of session {name!r} was changed since it was sealed") from error

    async def _opened(self, name: str, version: int, turn: Turn) -> Turn:
        sealed = sealed_in(turn)
        if sealed is None:
            raise SealBroken(f"turn {version} of session {name!r} is not sealed, and its store was opened with a key")
        opened = read(await self._ring.open(sealed, place(self.tenant, name, version)), name, version)
        if cover(opened, sealed) != turn:
            raise SealBroken(f"the time, usage or id of turn {version} of session {name!r} is not what was sealed")
        return opened

    async def _readable(self, info: SessionInfo) -> SessionInfo:
        if not info.title:
            return info
        sealed = sealed_in_title(info.title)
        if sealed is None:
            raise SealBroken(f"the title of session {info.name!r} is not sealed, and its store was opened with a key")
        title = await self._ring.open(sealed, place(self.tenant, info.name, _TITLE))
        return msgspec.structs.replace(info, title=title.decode())

    async def _newest_first(self, tag: str | None) -> AsyncIterator[SessionInfo]:
        after: str | None = None
        while True:
            page = await self.list(tag=tag, limit=AT_ONCE, after=after)
            for info in page.sessions:
                yield info
            if (after := page.next) is None:
                return

    async def list(self, *, tag: str | None = None, limit: int = 50, after: str | None = None) -> Page:
        """See `SessionStore.list`."""
        page = await self._store.list(tag=tag, limit=limit, after=after)
        return msgspec.structs.replace(page, sessions=[await self._readable(info) for info in page.sessions])
