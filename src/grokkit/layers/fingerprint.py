"""A hash of what a call asks, for layers in which equal calls have something in common."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from grokkit.call import Call

_OURS = "x-grokkit-"
_NAMES_THE_CALL = frozenset({"x-client-request-id", "user-agent", "idempotency-key"})

_encode = msgspec.json.Encoder(order="sorted").encode


def fingerprint(
    call: Call, body: Mapping[str, Any] | bytes | None, *beside: object, without: Collection[str] = ()
) -> bytes | None:
    """A hash that calls have in common when they ask the same in the same name; None when that has no JSON form.

    It covers tenant, account, method, address, query, model, headers and body. The order of keys does not count, nor
    do headers that only name the call; `without` are more headers, in lower case, that do not count. `beside` is what
    else has to be equal.
    """
    owner = (call.policies.tenant, call.account)
    asked = (call.method, call.url, sorted(call.query.items()), call.model, _telling(call.headers, without))
    is_text = isinstance(body, bytes)
    try:
        content = body if isinstance(body, bytes) else _encode(body)
        return sha256(_encode((owner, asked, beside, is_text)) + content).digest()
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return None  # the error for that is raised where it is sent


def _telling(headers: Mapping[str, str], without: Collection[str]) -> list[tuple[str, str]]:
    """The headers that an answer can depend on."""
    lower = ((name.lower(), value) for name, value in headers.items())
    return sorted(
        each
        for each in lower
        if each[0] not in _NAMES_THE_CALL and each[0] not in without and not each[0].startswith(_OURS)
    )
