"""Tools as a request lists them: definitions as they are, functions and `Tool`s by their definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.tools.tool import Dialect

Offered = Mapping[str, Any] | Callable[..., Any]
"""A tool that a request may have: a definition, a `Tool`, a function."""


def definitions(tools: Iterable[Offered], dialect: Dialect) -> list[Mapping[str, Any]]:
    """What `tools` of a request is to be. Raises `ToolUnfit` for a function that cannot be a tool.

    >>> definitions([{"type": "web_search"}], "responses")
    [{'type': 'web_search'}]
    """
    return [_definition(one, dialect) if callable(one) else one for one in tools]


def _definition(function: Callable[..., Any], dialect: Dialect) -> Mapping[str, Any]:
    from grokkit.tools.decorator import tool
    from grokkit.tools.tool import Tool

    made = function if isinstance(function, Tool) else tool(function)
    return made.definition(dialect)
