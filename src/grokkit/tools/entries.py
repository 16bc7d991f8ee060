"""What a registry keeps of a tool, and what it takes tools from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from grokkit.errors import Misused
from grokkit.tools.decorator import tool
from grokkit.tools.names import fit_name, joined
from grokkit.tools.tool import Tool

if TYPE_CHECKING:
    from grokkit.tools.settings import Effects

AnyTool = Tool[..., Any]


class ToolConflict(Misused):
    """Two tools would have the same name; the message names where both come from."""

    hint = 'give one of them a namespace: registry.add(..., namespace="...")'


@dataclass(frozen=True, slots=True)
class Entry:
    """A tool of a registry: its path (`weather.forecast`), its tags, and where it comes from.

    `tool` has the name that the model calls it by (`weather__forecast`).
    """

    tool: AnyTool
    path: str
    tags: frozenset[str]
    origin: str

    @property
    def name(self) -> str:
        """What the model calls it."""
        return self.tool.name

    @property
    def effects(self) -> Effects:
        """What running it twice would do."""
        return self.tool.effects


@runtime_checkable
class Source(Protocol):
    """What a registry can ask for tools, and ask again: an MCP server, an OpenAPI document, another registry."""

    @property
    def namespace(self) -> str | None:
        """The namespace that its tools have where none is given."""
        ...

    def entries(self) -> Iterable[Entry]:
        """What it offers now, in an order that stays the same."""
        ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """Entries that were found once, as a source."""

    found: tuple[Entry, ...]
    namespace: None = None

    def entries(self) -> tuple[Entry, ...]:
        """What was found."""
        return self.found


Addable = AnyTool | Source | Callable[..., Any] | Iterable["Addable"]
"""What `Registry.add` takes: tools, functions, sources, and lists of these."""


@dataclass(frozen=True, slots=True)
class Addition:
    """One thing that was added, how, and what it offered when it was last asked."""

    what: Addable
    namespace: str | None
    tags: frozenset[str]
    origin: str | None
    entries: tuple[Entry, ...] = ()

    def asked(self) -> Addition:
        """The same, with what it offers now."""
        entries = tuple(self._placed(entry, namespace) for namespace, entry in offered(self.what))
        return Addition(self.what, self.namespace, self.tags, self.origin, entries)

    def _placed(self, entry: Entry, default: str | None) -> Entry:
        path = joined(default if self.namespace is None else self.namespace, entry.path)
        name = fit_name(path)
        renamed = entry.tool if name == entry.tool.name else entry.tool.changed(name=name)
        return Entry(renamed, path, entry.tags | self.tags, self.origin or entry.origin)


def offered(what: object) -> Iterable[tuple[str | None, Entry]]:
    """The entries of a thing, each with the namespace that its source has by itself.

    Raises `Misused` for what a registry does not take.
    """
    if isinstance(what, Tool):
        return [(None, Entry(what, what.name, frozenset(), origin_of(what)))]
    if isinstance(what, Source):
        return [(what.namespace, entry) for entry in what.entries()]
    if isinstance(what, Mapping):
        raise Misused(
            f"a registry keeps tools that run here, and {what.get('type', 'a dictionary')} runs on xAI's servers",
            hint="list it beside them: tools=registry.beside(web_search())",
        )
    if callable(what):
        return offered(tool(what))
    if isinstance(what, Iterable) and not isinstance(what, str | bytes):
        return [found for each in what for found in offered(each)]
    raise Misused(
        f"a registry takes tools, functions, sources of tools and lists of these, not {type(what).__name__}",
        hint="modules are added with registry.add_module",
    )


def origin_of(made: AnyTool) -> str:
    """Where a tool was written, for people."""
    module = getattr(made, "__module__", None)
    name = getattr(made, "__qualname__", None) or made.name
    return f"{module}.{name}" if module else str(name)


def merged(additions: Iterable[Addition]) -> dict[str, Entry]:
    """All entries by the name that the model knows; raises `ToolConflict` when two have the same."""
    entries: dict[str, Entry] = {}
    for addition in additions:
        for entry in addition.entries:
            other = entries.setdefault(entry.name, entry)
            if other.tool is not entry.tool:
                raise ToolConflict(f"two tools are called {entry.name}: {_said(other)}, and {_said(entry)}")
    return entries


def _said(entry: Entry) -> str:
    return f"{entry.path} from {entry.origin}"
