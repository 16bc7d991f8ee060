"""Tools as a request lists them: definitions as they are, functions and `Tool`s by their definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grokkit.tools.tool import Dialect

Offered = Mapping[str, Any] | Callable[..., Any]
"""A tool that a request may have: a definition, a `Tool`, a function."""


def definitions(tools: Iterable[Offered], dialect: Dialect) -> list[Mapping[str, Any]]:
    """What `tools` of a request is to be. Raises `ToolUnfit` for what is no tool, and what cannot be one.

    >>> definitions([{"type": "web_search"}], "responses")
    [{'type': 'web_search'}]
    """
    if isinstance(tools, Mapping | str | bytes) or not isinstance(tools, Iterable):
        raise _no_tools(f"tools={_said(tools)}: a list of tools is taken, or a registry")
    return [_definition(one, dialect) if callable(one) else _listed(one, place) for place, one in enumerate(tools)]


def _listed(one: Mapping[str, Any], place: int) -> Mapping[str, Any]:
    if not isinstance(one, Mapping):
        raise _no_tools(f"tools[{place}] is no tool: {_said(one)}")
    return one


def _no_tools(problem: str) -> Exception:
    from grokkit.tools.refusals import ToolUnfit

    hint = "a tool is a function, a Tool, a tool of the server such as web_search(), or a definition with its type"
    return ToolUnfit(problem, hint=hint, param="tools")


def _said(thing: object) -> str:
    """A thing in brief: it may hold anything."""
    return repr(thing) if isinstance(thing, int | float | None) else f"a {type(thing).__name__}"


def _definition(function: Callable[..., Any], dialect: Dialect) -> Mapping[str, Any]:
    from grokkit.tools.decorator import tool
    from grokkit.tools.tool import Tool

    made = function if isinstance(function, Tool) else tool(function)
    return made.definition(dialect)
