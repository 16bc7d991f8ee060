"""`grok.sessions`: the conversations of a store, found, described, read and forgotten by name."""

from __future__ import annotations

import difflib
import time
from typing import TYPE_CHECKING, Literal, Self, TypedDict, Unpack

import msgspec

from grokkit.errors import ClientClosed, InvalidRequest, NotFound
from grokkit.sessions.sealing_form import shown
from grokkit.sessions.session import AsyncSession
from grokkit.sessions.store import described
from grokkit.sessions.texts import name_of, storable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from grokkit.resources.channel import Channel
    from grokkit.resources.offered import Offered
    from grokkit.resources.responses import AsyncResponses, ResponsesOptions
    from grokkit.sessions.affinity import PromptCacheDropped
    from grokkit.sessions.held import SessionStores, Where
    from grokkit.sessions.store import Hit, Page, SessionInfo, SessionStore

_LOOKED_THROUGH = 200
"""How many of the latest sessions are looked through for a name that is like the wrong one."""


class TurnOptions(TypedDict, total=False):
    """What may hold for every turn of a session that is opened. None of it is stored: give it again next time."""

    model: str | None
    instructions: str | None
    tools: Sequence[Offered] | None
    compact_at: int | None
    """Tokens from which the conversation is made short before the next turn."""
    told: Callable[[PromptCacheDropped], object]
    """Hears when the server had to read again what it had read before; without it, that is logged."""
    options: ResponsesOptions | None
    """What else `ask` takes."""


class SessionOptions(TurnOptions, total=False):
    """The same, and which session of that name is meant."""

    store: str | SessionStore | None
    """Where it is, in place of the client's `sessions`: a URL, or a store."""
    tenant: str | None
    """Whose it is, in place of the client's `tenant`."""


class AsyncSessions:
    """`grok.sessions`: those of the client's store and tenant.

    >>> import asyncio
    >>> from grokkit.testing import Simulator
    >>> async def talk() -> list[str]:
    ...     async with Simulator().async_grok(sessions="memory") as grok:
    ...         await grok.session("sums").ask("What is 17*23?")
    ...         return [info.name async for info in grok.sessions]
    >>> asyncio.run(talk())
    ['sums']
    """

    def __init__(
        self,
        channel: Channel,
        responses: AsyncResponses,
        stores: SessionStores,
        *,
        where: Where = None,
        tenant: str | None = None,
    ) -> None:
        self._channel = channel
        self._responses = responses
        self._stores = stores
        self._where = where
        self._tenant = tenant

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in {self._store}>"

    def __aiter__(self) -> AsyncIterator[SessionInfo]:
        return self.each()

    def in_store(self, store: str | SessionStore) -> Self:
        """The sessions of another store: `grok.sessions.in_store("sqlite:///chat.db")`."""
        return type(self)(self._channel, self._responses, self._stores, where=store, tenant=self._tenant)

    def for_tenant(self, tenant: str | None) -> Self:
        """The sessions of another tenant; of the client's own when it is None."""
        return type(self)(self._channel, self._responses, self._stores, where=self._where, tenant=tenant)

    def open(
        self,
        name: str,
        *,
        store: str | SessionStore | None = None,
        tenant: str | None = None,
        **options: Unpack[TurnOptions],
    ) -> AsyncSession:
        """The session of that name, which begins with its first turn; nothing is read before it is used.

        Raises `ConfigInvalid` for a text that names no store, `ExtraMissing` when what it needs is not installed.
        """
        owner = tenant or self._owner
        kept = self._in(self._where if store is None else store).for_tenant(owner)
        return AsyncSession(name, store=kept, responses=self._responses, tenant=owner, **options)

    async def each(self, *, tag: str | None = None) -> AsyncIterator[SessionInfo]:
        """All sessions, the one with the latest turn first; those that have this tag, where one is given.

        A session that gets a turn while they are gone through may be left out.
        """
        after: str | None = None
        while True:
            page = await self.list(tag=tag, after=after)
            for info in page.sessions:
                yield info
            if (after := page.next) is None:
                return

    async def search(self, words: str, *, tag: str | None = None, limit: int = 20) -> list[Hit]:
        """Where all these words occur in one turn or title, upper or lower case, from the newest session on."""
        looked_for = storable(words, "what is searched for", "words")
        return await self._store.search(looked_for, tag=_wanted(tag), limit=_at_least_one(limit))

    async def info(self, name: str) -> SessionInfo:
        """What is known of a session without reading it. Raises `NotFound` when there is none of this name."""
        found = await self._store.info(name_of(name))
        return await self._missing(name) if found is None else shown(found)

    async def describe(self, name: str, *, title: str | None = None, tags: Sequence[str] | None = None) -> SessionInfo:
        """Give it a title, or tags in place of those it has; what is not given stays. Raises `NotFound`."""
        await self.info(name)
        return await self._store.describe(name, described(title, tags), at=time.time())

    async def export(self, name: str, form: Literal["jsonl", "markdown"] = "jsonl") -> str:
        """The session as text: see `AsyncSession.export`. Raises `NotFound`."""
        await self.info(name)
        return await self.open(name).export(form)

    async def import_(self, name: str, text: str) -> int:
        """Make a new session of what `export` gave: see `AsyncSession.import_`."""
        return await self.open(name).import_(text)

    async def delete(self, name: str) -> bool:
        """Forget a session for good; whether there was one."""
        return await self._store.delete(name_of(name))

    @property
    def _owner(self) -> str:
        return self._tenant or self._channel.config.tenant or ""

    @property
    def _store(self) -> SessionStore:
        return self._in(self._where).for_tenant(self._owner)

    def _in(self, where: Where) -> SessionStore:
        if self._channel.closed:
            raise ClientClosed("this client is closed", hint="make a new one, or close it later")
        config = self._channel.config
        return self._stores.of(config.sessions if where is None else where, config.sessions_key)

    async def _missing(self, name: str) -> SessionInfo:
        page = await self._store.list(limit=_LOOKED_THROUGH)
        near = difflib.get_close_matches(name, [info.name for info in page.sessions], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "grok.sessions.list() and grokkit sessions list have the names"
        raise NotFound(f"there is no session {name!r} in {self._store}", hint=hint, param="name")

    async def list(self, *, tag: str | None = None, limit: int = 50, after: str | None = None) -> Page:
        """A page of sessions, the one with the latest turn first; those that have this tag, where one is given.

        `after` is the `next` of the page before.
        """
        page = await self._store.list(tag=_wanted(tag), limit=_at_least_one(limit), after=after)
        return msgspec.structs.replace(page, sessions=[shown(info) for info in page.sessions])


def _wanted(tag: str | None) -> str | None:
    return None if tag is None else storable(tag, "the tag", "tag")


def _at_least_one(limit: int) -> int:
    if limit < 1:
        raise InvalidRequest(f"a limit of {limit} leaves nothing to find", param="limit", hint="give 1 or more")
    return limit
