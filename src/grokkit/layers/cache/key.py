"""Which calls have one answer: those that send the same, in the same name, whether it is streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.layers.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.call import Call

FORM = 1
"""The form of what is stored; another form has other keys."""

_HOW_IT_COMES = frozenset({"stream", "stream_options"})
_TRANSPORT = frozenset(
    {
        "accept",
        "accept-encoding",
        "baggage",
        "connection",
        "content-length",
        "content-type",
        "traceparent",
        "tracestate",
    }
)


def key_of(call: Call, body: Mapping[str, Any]) -> str | None:
    """The name under which the answer to this call is stored; None where its body has no JSON form.

    >>> from grokkit.call import Call
    >>> call = Call(
    ...     method="POST", base_url="https://api.x.ai/v1", path="/responses", operation="responses", id="c-1",
    ...     model="grok-4.7",
    ... )
    >>> key_of(call, {"input": "Hi"}) == key_of(call, {"stream": True, "input": "Hi"})
    True
    >>> key_of(call, {"input": "Hi"}) == key_of(call, {"input": "Ho"})
    False
    """
    sent = {name: value for name, value in body.items() if name not in _HOW_IT_COMES}
    digest = fingerprint(call, sent, FORM, without=_TRANSPORT)
    return None if digest is None else f"cache:{digest.hex()}"
