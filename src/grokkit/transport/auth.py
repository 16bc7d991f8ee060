"""Auth: puts the key on each attempt, so that a rotated key is used by the next try."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from grokkit.config import Secret
from grokkit.errors import KeyMissing

if TYPE_CHECKING:
    from grokkit.call import Call, Next, Reply
    from grokkit.config import KeySource


class Auth:
    """Adds the `Authorization` header. A call that already has one keeps it."""

    def __init__(self, key: KeySource | None) -> None:
        self._key = key
        self._headers = {"Authorization": f"Bearer {key.reveal()}"} if isinstance(key, Secret) else None

    def __repr__(self) -> str:
        return "auth"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """Sign the attempt."""
        headers = self._headers or await self._fresh_headers()
        return await call_next(call.replace(headers={**headers, **call.headers}))

    async def _fresh_headers(self) -> dict[str, str]:
        if self._key is None or isinstance(self._key, Secret):
            raise key_missing()
        value = self._key()
        if inspect.isawaitable(value):
            value = await value
        if not value or not isinstance(value, str):
            raise KeyMissing(
                f"the api_key function gave {type(value).__name__} where a key is needed",
                hint="let it return the key as a non-empty str",
            )
        return {"Authorization": f"Bearer {value}"}


def key_missing() -> KeyMissing:
    """The error of a call without a key: it names the ways to go on."""
    return KeyMissing(
        "there is no API key for this call",
        hint="set XAI_API_KEY, pass Grok(api_key=...), or write api_key in grokkit.toml;"
        " Grok.local() needs no key and runs a small model on this machine",
    )
