"""`grok.cache`: what can be done with the answers that are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.config import NOT_GIVEN, NotGiven
from grokkit.errors import Misused

if TYPE_CHECKING:
    from grokkit.layers.cache import CacheHealth
    from grokkit.layers.own import Own
    from grokkit.resources.channel import Channel


class AsyncCachedAnswers:
    """`grok.cache`."""

    def __init__(self, channel: Channel, own: Own) -> None:
        self._channel = channel
        self._own = own

    async def invalidate(self, *, tag: str | None = None, tenant: str | NotGiven | None = NOT_GIVEN) -> None:
        """Let stored answers be given no more: those with a tag, or those of a tenant (None: of nobody in particular).

        Without either it is the client's own tenant. It is done for this client's key and store, for all processes
        that share it, and takes as long for a million answers as for one; an answer that is on its way at that moment
        is not stored. Raises `Misused` for both at once, `StoreUnavailable` when the store cannot be reached.

        >>> import asyncio
        >>> from grokkit import AsyncGrok
        >>> grok = AsyncGrok(api_key="xai-0123456789abcdef", cache="memory")
        >>> asyncio.run(grok.cache.invalidate(tag="prices"))
        """
        from grokkit.layers.cache.entry import mark_of_tag, mark_of_tenant

        account, config = self._channel.account, self._channel.config
        if tag is not None and not isinstance(tenant, NotGiven):
            raise Misused("cache.invalidate() was given a tag and a tenant", hint="invalidate by one of them at a time")
        if tag is not None:
            mark = mark_of_tag(account, tag)
        else:
            mark = mark_of_tenant(account, config.tenant if isinstance(tenant, NotGiven) else tenant)
        await self._own.answer_cache.invalidate(mark, config.cache.store)

    def health(self) -> CacheHealth:
        """How often there was a stored answer, since the client was made."""
        return self._own.answer_cache.health()
