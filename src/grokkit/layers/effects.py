"""Whether a call lets the server act outside of it: such a call is not made twice without being asked to."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from grokkit.call import Call

_ACTING = frozenset({"mcp", "shell"})


def has_effects(call: "Call") -> bool:
    """Whether the call carries server-side tools that change things: `mcp` or `shell`.

    >>> from grokkit.call import Call
    >>> call = Call(
    ...     method="POST", base_url="https://api.x.ai/v1", path="/responses", operation="responses", id="c-1",
    ...     model="grok-4.7", body={"tools": [{"type": "web_search"}]},
    ... )
    >>> has_effects(call), has_effects(call.replace(body={"tools": [{"type": "mcp"}]}))
    (False, True)
    """
    body = call.body
    if body is None:
        return False
    if isinstance(body, bytes):
        return b'"tools"' in body and _in_text(body)
    tools = body.get("tools")
    return bool(tools) and _any_acts(tools)


def _in_text(body: bytes) -> bool:
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(asked, Mapping) and _any_acts(asked.get("tools"))


def _any_acts(tools: object) -> bool:
    return isinstance(tools, Collection) and any(_kind(tool) in _ACTING for tool in tools)


def _kind(tool: object) -> str | None:
    if isinstance(tool, msgspec.Struct):
        tool = msgspec.to_builtins(tool)
    kind = tool.get("type") if isinstance(tool, Mapping) else getattr(tool, "type", None)
    return kind if isinstance(kind, str) else None
