"""`grokkit config`: what is in force, and why."""

from __future__ import annotations

from grokkit.cli.group import LazyGroup

command = LazyGroup(
    "config",
    __name__,
    {"explain": "Show each setting, its value and where it comes from."},
    "What is in force, and why.",
)
