"""What is declared of a tool besides its parameters: name, effects and limits, checked when it is made."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from grokkit.tools.refusals import ToolUnfit

if TYPE_CHECKING:
    from collections.abc import Iterable

Effects = Literal["read_only", "idempotent", "destructive"]

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is declared of a tool."""

    name: str
    description: str | None = None
    effects: Effects = "destructive"
    time_limit: float | None = None
    cache_ttl: float | None = None
    defer_loading: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            suggestion = re.sub(r"[^a-zA-Z0-9_-]+", "_", self.name).strip("_")[:64] or "tool"
            raise ToolUnfit(
                f"the tool name {self.name!r} is not one that Grok takes: letters, digits, _ and -, at most 64",
                hint=f'name it: name="{suggestion}"',
                param="name",
            )
        if self.effects not in get_args(Effects):
            offered = ", ".join(map(repr, get_args(Effects)))
            raise ToolUnfit(f"tool {self.name!r}: effects={self.effects!r} is none of {offered}", param="effects")
        for limit in ("time_limit", "cache_ttl"):
            seconds = getattr(self, limit)
            if seconds is not None and not (type(seconds) in {int, float} and seconds > 0):
                raise ToolUnfit(
                    f"tool {self.name!r}: {limit}={seconds!r} must be seconds above 0, or None", param=limit
                )
        if self.cache_ttl is not None and self.effects == "destructive":
            raise ToolUnfit(
                f"tool {self.name!r}: results of a destructive tool are never used again, so cache_ttl has no meaning",
                hint='say effects="read_only" (or "idempotent") if that is what it is',
                param="cache_ttl",
            )


def worst(effects: Iterable[Effects]) -> Effects:
    """What several may do together.

    >>> worst(["read_only", "idempotent"]), worst([])
    ('idempotent', 'read_only')
    """
    found = {*effects}
    if "destructive" in found:
        return "destructive"
    return "idempotent" if "idempotent" in found else "read_only"


def name_of(function: Any) -> str:
    """The name of a function, of what is under a `partial`, or of the class of a callable object."""
    if isinstance(function, functools.partial):
        return name_of(function.func)
    return str(getattr(function, "__name__", type(function).__name__))
