"""The values of `tool_choice` that name no function."""

from __future__ import annotations

_MODES = {"auto", "none", "required"}


def named_tool(choice: str | None) -> str | None:
    """The function that a tool choice names, if it does.

    >>> named_tool("weather"), named_tool("auto")
    ('weather', None)
    """
    return None if choice is None or choice in _MODES else choice
