"""The JSON Schemas that structured outputs do not take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

_BRANCHES = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions")
_MOST = 100


def check_schema(schema: dict[str, Any]) -> None:
    """Raise 400 for the first part of a schema that the API refuses."""
    fault = next(_faults(schema, "#", 0), None)
    if fault is not None:
        raise invalid(f"Invalid schema: {fault}")


def _faults(schema: Any, where: str, depth: int) -> Iterator[str]:
    if depth > _MOST:
        yield f"{where} is nested too deeply"
        return
    if not isinstance(schema, dict):
        return
    yield from _own_faults(schema, where)
    for place, inner in _inner(schema, where):
        yield from _faults(inner, place, depth + 1)


def _own_faults(schema: dict[str, Any], where: str) -> Iterator[str]:
    for name in ("enum", "anyOf"):
        if schema.get(name) == []:
            yield f"{where}/{name} must not be empty"
    for name in ("minContains", "maxContains"):
        if name in schema:
            yield f"{where}/{name} is not supported"
    if isinstance(schema.get("items"), list):
        yield f"{where}/items must not be an array: use prefixItems"
    properties = schema.get("properties")
    for name, inner in (properties if isinstance(properties, dict) else {}).items():
        if isinstance(inner, bool):
            yield f"{where}/properties/{name} must be a schema, not {str(inner).lower()}"


def _inner(schema: dict[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    yield f"{where}/items", schema.get("items")
    for name in _BRANCHES:
        branches = schema.get(name)
        for index, inner in enumerate(branches if isinstance(branches, list) else []):
            yield f"{where}/{name}/{index}", inner
    for name in _NAMED:
        named = schema.get(name)
        for key, inner in (named if isinstance(named, dict) else {}).items():
            yield f"{where}/{name}/{key}", inner
