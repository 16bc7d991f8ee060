"""Which calls are equal, so that one answer does for all of them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from grokkit.layers.effects import has_effects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.call import Call

_NAMES_THE_CALL = frozenset({"x-client-request-id", "user-agent", "idempotency-key"})
_OURS = "x-grokkit-"

_encode = msgspec.json.Encoder(order="sorted").encode


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
    owner = (call.policies.tenant, call.account)
    asked = (call.method, call.url, sorted(call.query.items()), call.model, call.stream, _telling(call.headers))
    sizes = (call.max_body_size, call.max_event_size)
    try:
        body = _encode(call.body) if not isinstance(call.body, bytes) else call.body
        return sha256(_encode((owner, asked, sizes, isinstance(call.body, bytes))) + body).digest()
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return None  # it has no JSON form: the error for that is raised where it is sent


def _is_shared(call: Call) -> bool:
    if call.method == "GET":
        return True
    return call.method == "POST" and call.model is not None and not has_effects(call)


def _telling(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers that an answer can depend on."""
    lower = ((name.lower(), value) for name, value in headers.items())
    return sorted(each for each in lower if each[0] not in _NAMES_THE_CALL and not each[0].startswith(_OURS))
