"""Tools by name, from wherever they come: namespaced, filtered, in an order that stays the same."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Self

from grokkit.errors import Misused
from grokkit.tools import discovery
from grokkit.tools.entries import Addition, Entry, Gathered, merged
from grokkit.tools.refusals import ToolUnfit
from grokkit.tools.server_side import ServerTool, tool_search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from grokkit.tools.discovery import BrokenPlugin
    from grokkit.tools.entries import Addable, AnyTool
    from grokkit.tools.settings import Effects
    from grokkit.tools.tool import Dialect

_MOST = 350
_NEAR = 3


class ToolUnknown(Misused, KeyError):
    """No tool of the registry has this name."""

    hint = "`grokkit tools list` shows tools by the names they have; registry.names() those of a registry"


class Registry:
    """Tools by name. Iterating gives the tools in the order in which they were added, so prompts stay cached.

    Names are given as the model knows them (`weather__forecast`) or as paths (`weather.forecast`). Adding raises
    `ToolConflict` when a name is taken, and then changes nothing.

    >>> from grokkit.tools import tool
    >>> @tool(effects="read_only")
    ... def forecast(city: str) -> str:
    ...     '''The weather of tomorrow.'''
    ...     return f"{city}: rain"
    >>> registry = Registry().add(forecast, namespace="weather", tags=["outdoors"])
    >>> registry.names()
    ['weather__forecast']
    >>> registry["weather.forecast"]("Oslo")
    'Oslo: rain'
    >>> [made.name for made in registry.filter(effects="destructive")]
    []
    """

    namespace: None = None
    """A registry that is added to another has no namespace of its own."""

    def __init__(self, *tools: Addable) -> None:
        self._additions: tuple[Addition, ...] = ()
        self._entries: dict[str, Entry] = {}
        self._broken: tuple[BrokenPlugin, ...] = ()
        self.add(*tools)

    def add(
        self, *what: Addable, namespace: str | None = None, tags: Iterable[str] = (), origin: str | None = None
    ) -> Self:
        """Add tools, functions, MCP servers, OpenAPI documents, registries, or lists of these; gives itself.

        `namespace` stands before the names (`""` takes away the one that a source has by itself); `origin` is said
        of them in errors and lists. Raises `ToolConflict` when a name is taken, `ToolUnfit` for what is no tool.
        """
        added = (Addition(each, namespace, frozenset(tags), origin).asked() for each in what)
        self._take((*self._additions, *added))
        return self

    def add_module(
        self,
        module: ModuleType | str,
        *,
        namespace: str | None = None,
        tags: Iterable[str] = (),
        submodules: bool = False,
    ) -> Self:
        """Add the tools of a module: those its `__all__` names, or else its public ones, as they stand in it.

        `submodules` looks into the modules below as well, in the order of their names. Functions that are no tools
        are left alone. Raises `Misused` when it cannot be imported, or when no tool is in it.
        """
        found = discovery.tools_of_module(module, submodules=submodules)
        return self.add(*found, namespace=namespace, tags=tags)

    def add_entry_points(
        self, group: str = discovery.GROUP, *, only: Iterable[str] | None = None, strict: bool = False
    ) -> Self:
        """Add the tools of installed packages that have entry points of this group, in the order of their names.

        An entry point names a tool, a list of tools, a registry or other source, a module with tools, or a function
        without parameters that gives one of these; its name is the namespace. `only` loads these names and no others.
        One that cannot be loaded is left out as a whole, warned of (`ToolsLeftOut`) and kept in `broken`; with
        `strict` the error is raised as `PluginFailed`. Two tools of the same name are a `ToolConflict` all the same.
        """
        loaded, broken = discovery.load(group, only, strict=strict)
        added = (Addition(each.tools, each.name, frozenset({"plugin"}), None).asked() for each in loaded)
        self._take((*self._additions, *added))
        self._broken += broken
        return self

    @property
    def broken(self) -> tuple[BrokenPlugin, ...]:
        """The entry points that could not be loaded, and why."""
        return self._broken

    def refresh(self) -> Self:
        """Ask the sources again for what they offer now, such as an MCP server whose list has changed.

        Order and names stay. Raises `ToolConflict` when a new tool has a name that is taken, and then changes nothing.
        """
        self._take(tuple(addition.asked() for addition in self._additions))
        return self

    def filter(
        self,
        *names: str,
        tags: Iterable[str] | None = None,
        effects: Effects | Iterable[Effects] | None = None,
        where: Callable[[Entry], bool] | None = None,
    ) -> Registry:
        """Another registry, with the tools that meet all conditions.

        `names` are names or paths, with `*` for any text; one of them has to fit, as has one of the `tags` and one
        of the `effects`.
        """
        tagged = None if tags is None else frozenset(tags)
        allowed = None if effects is None else {effects} if isinstance(effects, str) else set(effects)

        def fits(entry: Entry) -> bool:
            return (
                (not names or _is_named(entry, names))
                and (tagged is None or bool(tagged & entry.tags))
                and (allowed is None or entry.effects in allowed)
                and (where is None or where(entry))
            )

        return Registry(Gathered(tuple(filter(fits, self.entries()))))

    def deferred(self, *, keep: Iterable[str] = ()) -> Registry:
        """Another registry, whose tools the model only finds by `tool_search`, but for those that `keep` names.

        For hundreds of tools: the prompt has the search and the tools that are always needed. `beside` and
        `definitions` list the search by themselves.
        """
        kept = tuple(keep)

        def put_off(entry: Entry) -> Entry:
            if kept and _is_named(entry, kept):
                return entry
            return Entry(entry.tool.changed(defer_loading=True), entry.path, entry.tags, entry.origin)

        return Registry(Gathered(tuple(map(put_off, self.entries()))))

    def beside(self, *server_tools: ServerTool) -> list[AnyTool | ServerTool]:
        """The tools and these server-side ones, as `tools=` of a call takes them; with `tool_search` when needed.

        Raises `ToolUnfit` for more tools than a request takes (350).

        >>> from grokkit.tools import web_search
        >>> [each["type"] for each in Registry().beside(web_search())]
        ['web_search']
        """
        search = [tool_search()] if self._needs_search(server_tools) else []
        return self._counted([*self, *server_tools, *search])

    def definitions(self, dialect: Dialect = "responses") -> list[dict[str, Any]]:
        """The definitions of all tools, for requests whose calls you run yourself; with `tool_search` when needed.

        Chat completions know no deferred loading: there all are listed in full. Raises `ToolUnfit` for more tools
        than a request takes (350).
        """
        search = [tool_search()] if dialect == "responses" and self._needs_search(()) else []
        return self._counted([*(each.definition(dialect) for each in self), *search])

    def entries(self) -> tuple[Entry, ...]:
        """The tools with paths, tags and origins."""
        return tuple(self._entries.values())

    def names(self) -> list[str]:
        """What the model calls them."""
        return list(self._entries)

    def get(self, name: str) -> AnyTool | None:
        """The tool of this name or path, or `None`."""
        found = self._entries.get(name) or next((each for each in self.entries() if each.path == name), None)
        return None if found is None else found.tool

    def __getitem__(self, name: str) -> AnyTool:
        found = self.get(name)
        if found is None:
            raise ToolUnknown(f"there is no tool {name!r}" + _perhaps(self._near(name)))
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[AnyTool]:
        return (entry.tool for entry in self.entries())

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Registry({', '.join(self.names())})"

    def _take(self, additions: tuple[Addition, ...]) -> None:
        self._entries = merged(additions)
        self._additions = additions

    def _near(self, name: str) -> list[str]:
        """Of each tool that may have been meant its name or its path, whichever is nearer; the nearest first."""
        owners = {known: entry.name for entry in self.entries() for known in (entry.path, entry.name)}
        nearest: dict[str, str] = {}
        for known in difflib.get_close_matches(name, owners, n=2 * _NEAR):
            nearest.setdefault(owners[known], known)
        return list(nearest.values())[:_NEAR]

    def _needs_search(self, beside: Iterable[ServerTool]) -> bool:
        searched = any(each.get("type") == "tool_search" for each in beside)
        return not searched and any(made.defer_loading for made in self)

    def _counted(self, tools: list[Any]) -> list[Any]:
        if len(tools) > _MOST:
            raise ToolUnfit(
                f"these are {len(tools)} tools, and a request takes {_MOST}",
                hint="choose among them: registry.filter(...)",
                param="tools",
            )
        return tools


def _perhaps(near: list[str]) -> str:
    """The question that ends the error.

    >>> _perhaps(["zoo", "zoom", "moo"])
    "; did you mean 'zoo', 'zoom' or 'moo'?"
    """
    if not near:
        return ""
    *others, last = map(repr, near)
    return f"; did you mean {', '.join(others)} or {last}?" if others else f"; did you mean {last}?"


def _is_named(entry: Entry, names: Iterable[str]) -> bool:
    return any(fnmatchcase(entry.name, name) or fnmatchcase(entry.path, name) for name in names)
