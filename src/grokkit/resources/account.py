"""Who is calling: the key and its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from grokkit.resources.options import only
from grokkit.wire.listings import ApiKeyInfo, Me
from grokkit.wire.reading import Reader

if TYPE_CHECKING:
    from grokkit.resources.channel import Channel
    from grokkit.resources.options import CallOptions


class AsyncAccount:
    """`grok.account`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def api_key(self, **options: Unpack[CallOptions]) -> ApiKeyInfo:
        """What the server knows of the key in use: name, permissions, whether it is blocked."""
        call = self._channel.call("account", "GET", "/api-key", options=only("account.api_key", options))
        return await self._channel.fetch(call, Reader(ApiKeyInfo).read)

    async def me(self, **options: Unpack[CallOptions]) -> Me:
        """Whose credential this is; for API keys and OAuth tokens alike."""
        call = self._channel.call("account", "GET", "/me", options=only("account.me", options))
        return await self._channel.fetch(call, Reader(Me).read)
