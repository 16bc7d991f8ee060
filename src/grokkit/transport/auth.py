"""Auth: puts the key on each attempt, so that a rotated key is used by the next try."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from msgspec.structs import replace

from grokkit.call import API_KEY
from grokkit.config import Secret
from grokkit.config.kinds import read_key
from grokkit.config.unfit import Unfit
from grokkit.errors import KeyMissing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grokkit.call import Call, Next, Reply
    from grokkit.config import KeySource

    KeyFunction = Callable[[], str | Awaitable[str]]

_HEADER = "authorization"


class Auth:
    """Adds the `Authorization` header, of the client's key or of the one in the call's context.

    A call that has the header already keeps its own.
    """

    def __init__(self, key: KeySource | None) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "auth"

    def __call__(self, call: Call, call_next: Next) -> Awaitable[Reply]:
        """Sign the attempt."""
        if _HEADER in map(str.lower, call.headers):
            return call_next(call)
        source = call.context.get(API_KEY, self._key)
        if isinstance(source, Secret):
            return call_next(_signed(call, source.reveal()))
        return _sign_freshly(call, source, call_next)


def _signed(call: Call, key: str) -> Call:
    return replace(call, headers={**call.headers, _HEADER: f"Bearer {key}"})


async def _sign_freshly(call: Call, source: KeyFunction | None, call_next: Next) -> Reply:
    return await call_next(_signed(call, await _fresh(source)))


async def _fresh(source: KeyFunction | None) -> str:
    if source is None:
        raise key_missing()
    value = source()
    if inspect.isawaitable(value):
        value = await value
    try:
        read_key(value)
    except Unfit as unfit:
        raise KeyMissing(f"what the api_key function gave {unfit}", hint="let it return the key alone") from None
    return value


def key_missing() -> KeyMissing:
    """The error of a call without a key: it names the ways to go on."""
    return KeyMissing(
        "there is no API key for this call",
        hint="set XAI_API_KEY, give the client its api_key, or write api_key in grokkit.toml;"
        " Grok.local() needs no key and runs a small model on this machine",
    )
