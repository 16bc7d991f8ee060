"""Which plain calls are streamed underneath: a proxy cuts a connection on which nothing moves for a minute or two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit import models
from grokkit.resources.channel import effort_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_MANY_TOKENS = 8_192
_SHORT_EFFORTS = frozenset({"none", "low", "minimal"})


def is_long(body: Mapping[str, Any]) -> bool:
    """Whether this request is likely to keep a connection silent for long.

    That is so for models known to reason, unless at low effort, for more than 8,192 tokens, and where the
    server runs tools by itself.

    >>> is_long({"model": "grok-4.7", "input": "hi"})
    True
    >>> is_long({"model": "grok-4.20-non-reasoning", "input": "hi"})
    False
    """
    effort = effort_of(body)
    reasons = models.is_reasoning(str(body.get("model") or ""), effort) is True
    if reasons and effort not in _SHORT_EFFORTS:
        return True
    tokens = body.get("max_output_tokens") or body.get("max_completion_tokens") or body.get("max_tokens") or 0
    return tokens > _MANY_TOKENS or any(map(_runs_at_server, body.get("tools") or ()))


def _runs_at_server(tool: Any) -> bool:
    return isinstance(tool, dict) and tool.get("type") not in {"function", "shell", None}
