"""Which calls are equal, so that one answer does for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.layers.effects import has_effects
from grokkit.layers.fingerprint import fingerprint

if TYPE_CHECKING:
    from grokkit.call import Call


def key_of(call: Call) -> bytes | None:
    """A fingerprint that equal calls have in common; None for a call that is not shared.

    >>> from grokkit.call import Call
    >>> call = Call(method="GET", base_url="https://api.x.ai/v1", path="/models", operation="models", id="c-1")
    >>> key_of(call) == key_of(call.replace(id="c-2", headers={"User-Agent": "mine"}))
    True
    >>> key_of(call) == key_of(call.replace(account="another"))
    False
    """
    if not _is_shared(call):
        return None
    return fingerprint(call, call.body, call.stream, call.max_body_size, call.max_event_size)


def _is_shared(call: Call) -> bool:
    if call.method == "GET":
        return True
    return call.method == "POST" and call.model is not None and not has_effects(call)
