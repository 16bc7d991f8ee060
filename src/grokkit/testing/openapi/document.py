"""The OpenAPI document that ships with the package, read once, and the way from an address to an operation."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from grokkit.testing.openapi.schema import Checker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grokkit.testing.openapi.schema import Schema

_VERSION = "/v1"
_CONSTANT = re.compile(r'always(?:: | ")([\w.]+)"?$')


@functools.cache
def document() -> Mapping[str, Any]:
    """The whole document. Its facts of the form `always "x"` are made `enum`s, so that they are checked."""
    found: dict[str, Any] = msgspec.json.decode((files("grokkit.testing") / "data" / "xai-openapi.json").read_bytes())
    _make_constants(found["components"]["schemas"])
    return found


@functools.cache
def checker() -> Checker:
    """The checker over the document."""
    return Checker(document())


def component(name: str) -> Schema:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def operations(path: str, method: str | None) -> list[Mapping[str, Any]]:
    """The operations at an address: the one of the method, or of every method when it is not said."""
    template = _template(_normalised(path))
    found: Mapping[str, Mapping[str, Any]] = document()["paths"].get(template, {})
    return [operation for name, operation in found.items() if method is None or name == method.lower()]


def content_schemas(described: Mapping[str, Any]) -> Mapping[str, Schema]:
    """The schema for each content type of a request body or a response."""
    return {kind: content["schema"] for kind, content in described.get("content", {}).items() if "schema" in content}


def endpoint(path: str) -> str:
    """The address without host, query and version: `/chat/completions`."""
    return _normalised(path).removeprefix(_VERSION)


def _make_constants(node: object) -> None:
    if isinstance(node, list):
        for item in node:
            _make_constants(item)
    elif isinstance(node, dict):
        for constant in filter(None, (_CONSTANT.match(str(fact)) for fact in node.get("x-facts", ()))):
            node["enum"] = [constant[1], *([None] if "null" in node["type"] else [])]
        for item in node.values():
            _make_constants(item)


def _normalised(path: str) -> str:
    path = urlsplit(path).path.rstrip("/")
    start = path.rfind(_VERSION + "/")
    return path[start:] if start >= 0 else _VERSION + path


def _template(path: str) -> str | None:
    paths = document()["paths"]
    return path if path in paths else next(_fitting(path.split("/"), paths), None)


def _fitting(steps: list[str], paths: Mapping[str, object]) -> Iterator[str]:
    for template in paths:
        wanted = template.split("/")
        if len(wanted) == len(steps) and all(_fits(part, step) for part, step in zip(wanted, steps, strict=True)):
            yield template


def _fits(part: str, step: str) -> bool:
    return part == step or (part.startswith("{") and step != "" and ":" not in step)
