"""A tool under another name, or with another limit: same function, same arguments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

from grokkit.tools.refusals import ArgumentsRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.tools.settings import Effects, Settings
    from grokkit.tools.spec import Spec


class Changes(TypedDict, total=False):
    """What may be said anew of a tool; what is left out stays."""

    name: str
    description: str
    effects: Effects
    time_limit: float | None
    cache_ttl: float | None
    defer_loading: bool


def changed_spec(spec: Spec, settings: Settings) -> Spec:
    """The spec as it reads with these settings."""
    told = spec.description if settings.description is None else settings.description
    return replace(spec, description=told, decode=_said_of(settings.name, spec.decode))


def _said_of(name: str, decode: Callable[[str], dict[str, Any]]) -> Callable[[str], dict[str, Any]]:
    """The model knows the tool by its new name: so do the refusals."""

    def renamed(arguments: str) -> dict[str, Any]:
        try:
            return decode(arguments)
        except ArgumentsRefused as refused:
            faults = refused.faults
        raise ArgumentsRefused.of(f"the arguments of {name}", faults)

    return renamed
