"""The operations of an HTTP API as tools, from its OpenAPI document (3.0 and 3.1)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from grokkit.tools.discovery import ToolsLeftOut
from grokkit.tools.entries import Entry
from grokkit.tools.openapi.auth import credentials
from grokkit.tools.openapi.document import Operation, read_document
from grokkit.tools.openapi.operations import tool_of
from grokkit.tools.openapi.sending import Sender
from grokkit.tools.refusals import ToolUnfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from grokkit.tools.entries import AnyTool
    from grokkit.tools.openapi.auth import Auth, SecretText
    from grokkit.tools.settings import Effects

__all__ = ["HttpApi", "Operation", "from_openapi"]


class HttpApi:
    """The operations of an API, as tools; made by `from_openapi`, added to a registry as it is.

    It holds nothing open: each call has a connection of its own, so there is nothing to close.
    """

    def __init__(self, name: str | None, title: str, address: str, entries: tuple[Entry, ...]) -> None:
        self.namespace = name
        self.title = title
        self.address = address
        self._entries = entries

    @property
    def tools(self) -> tuple[AnyTool, ...]:
        """Its tools, in the order of the document."""
        return tuple(entry.tool for entry in self._entries)

    def entries(self) -> tuple[Entry, ...]:
        """The same with the document's tags."""
        return self._entries

    def __iter__(self) -> Iterator[AnyTool]:
        return iter(self.tools)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"HttpApi({self.title!r}, {len(self)} tools)"


def from_openapi(
    document: Mapping[str, Any] | str | Path,
    *,
    name: str | None = None,
    base_url: str | None = None,
    auth: Auth | None = None,
    headers: Mapping[str, SecretText] | None = None,
    operations: Callable[[Operation], bool] | None = None,
    effects: Effects | None = None,
    time_limit: float = 30.0,
) -> HttpApi:
    """The operations of an API as tools, from its document: a mapping, a path, or a text of JSON or YAML.

    `name` is their namespace, `base_url` where the API is when that is not the document's first server. `auth` is the
    credential for the document's security scheme, or one for each (`{"scheme": "..."}`); `headers` are sent with every
    request. `operations` chooses among them; `time_limit` are seconds for one call. Effects follow the verb: GET and
    HEAD are read-only, PUT is idempotent, all else is destructive; `effects` says it of all of them instead.

    A status that is not 2xx is a `ToolFailed` with what the API says; redirects are not followed. Operations that
    Grok cannot be offered are left out with a warning (`ToolsLeftOut`). Raises `ToolUnfit` for documents that cannot
    be used, `ExtraMissing` without jsonschema-rs (extra `schema`). Credentials show in no repr and no message.

    >>> api = from_openapi({
    ...     "openapi": "3.1.0",
    ...     "servers": [{"url": "https://api.example.com"}],
    ...     "paths": {"/pets/{id}": {"get": {"operationId": "pet", "parameters": [
    ...         {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}]}}},
    ... })
    >>> api.tools
    (Tool('pet', effects='read_only'),)
    """
    read = read_document(document)
    sender = Sender(read.address(base_url), credentials(read, auth, headers or {}), time_limit)
    made: list[Entry] = []
    left_out: list[tuple[str, ToolUnfit]] = []
    for operation in read.operations(lambda place, error: left_out.append((place, error))):
        if operations is not None and not operations(operation):
            continue
        try:
            tool = tool_of(read, operation, sender, effects)
        except ToolUnfit as error:
            left_out.append((operation.place, error))
            continue
        tags = frozenset({"openapi", *operation.tags})
        made.append(Entry(tool, operation.name, tags, f"{operation.place} of {read.title}"))
    for place, problem in left_out:
        warnings.warn(f"{place} of {read.title} is left out: {problem.message}", ToolsLeftOut, stacklevel=2)
    return HttpApi(name, read.title, sender.address, tuple(made))
