"""Results of tools that say how long theirs may be used again."""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from grokkit.errors import GrokError, StoreUnavailable
from grokkit.tools.refusals import ToolUnfit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.stores import Store
    from grokkit.tools import Tool


_logger = logging.getLogger("grokkit")
_UTF_8 = ("utf-8", "surrogatepass")
"""Half a character in what a tool says is its own affair."""
_known: WeakKeyDictionary[Tool[..., Any], str] = WeakKeyDictionary()
"""What of the key belongs to the tool."""


class ResultsCache:
    """Outputs by tool, arguments and tenant. A store that cannot be reached keeps nobody from running a tool, and one
    that cannot be written takes nobody's result away.
    """

    def __init__(self, store: Store | None, tenant: str) -> None:
        self._store = store
        self._tenant = tenant

    def key(self, tool: Tool[..., Any], arguments: str) -> str | None:
        """Under which the result of this call is kept; `None` where none is."""
        return None if self._store is None or tool.cache_ttl is None else cache_key(tool, arguments, self._tenant)

    async def get(self, key: str | None) -> str | None:
        """What the tool gave for these arguments, if it may be used again."""
        if self._store is None or key is None:
            return None
        with suppress(StoreUnavailable, UnicodeDecodeError):
            kept = await self._store.get(key)
            return None if kept is None else kept.decode(*_UTF_8)
        return None

    async def put(self, key: str | None, tool: Tool[..., Any], output: str) -> None:
        """Keep what the tool gave, for as long as it says."""
        if self._store is None or key is None:
            return
        try:
            await self._store.set(key, output.encode(*_UTF_8), ttl=tool.cache_ttl)
        except GrokError as error:
            _logger.warning("grok.tool_result_not_kept of %s: %s", tool.name, error.message)


def cache_key(tool: Tool[..., Any], arguments: str, tenant: str) -> str:
    """Equal for equal arguments, however they are written; the schema is in it, and where the function stands.

    >>> from grokkit.tools import Tool
    >>> tool = Tool.from_schema("twice", "Twice.", {"properties": {"n": {}, "m": {}}}, dict, effects="read_only")
    >>> cache_key(tool, '{"n": 1, "m": 2}', "a") == cache_key(tool, '{"m":2,"n":1}', "a")
    True
    >>> cache_key(tool, '{"n": 1}', "a") == cache_key(tool, '{"n": 1}', "b")
    False
    """
    value = json.loads(arguments) if arguments.strip() else None
    sent = json.dumps({} if value is None else value, sort_keys=True)
    text = f"[{json.dumps(tenant)}, {_of_tool(tool)}, {sent}]"
    return "grokkit/tool/" + hashlib.sha256(text.encode()).hexdigest()


def _of_tool(tool: Tool[..., Any]) -> str:
    if (known := _known.get(tool)) is None:
        origin = [getattr(tool, name, "") for name in ("__module__", "__qualname__")]
        parts = (tool.name, origin, tool.parameters)
        known = _known[tool] = ", ".join(json.dumps(part, sort_keys=True) for part in parts)
    return known


def refuse_unsafe(tools: Iterable[Tool[..., Any]]) -> None:
    """Raise `ToolUnfit` for a destructive tool whose results are to be used again."""
    for tool in tools:
        if tool.effects == "destructive" and tool.cache_ttl is not None:
            raise ToolUnfit(f"tool {tool.name!r}: results of a destructive tool are never used again")
