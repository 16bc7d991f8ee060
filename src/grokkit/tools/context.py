"""What a tool may know of the call that it serves."""

from __future__ import annotations

import msgspec


class ToolContext(msgspec.Struct, frozen=True):
    """Handed to a function that has a parameter with this annotation; the model does not see the parameter.

    `key` is the same whenever the same call is made again, after a crash too: pass it on as idempotency key.
    `call_id` is the model's id of the call, `tenant` is on whose behalf it is made, when that is known.

    >>> from grokkit.tools import tool
    >>> @tool(effects="idempotent")
    ... def pay(cents: int, context: ToolContext) -> str:
    ...     '''Pay an amount.'''
    ...     return f"paid {cents} under {context.key}"
    >>> list(pay.parameters["properties"])
    ['cents']
    """

    key: str
    call_id: str | None = None
    tenant: str | None = None
