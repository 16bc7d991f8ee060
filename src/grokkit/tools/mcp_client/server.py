"""An MCP server as a source of tools: opened by `async with` or `with`, called from any event loop."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

from grokkit._portal import portal
from grokkit.errors import ExtraMissing, Misused
from grokkit.tools.discovery import ToolsLeftOut
from grokkit.tools.entries import Entry
from grokkit.tools.names import fit_name
from grokkit.tools.refusals import ToolUnfit
from grokkit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mcp_types import Tool as Listed

    from grokkit.tools.entries import AnyTool
    from grokkit.tools.mcp_client.home import Home
    from grokkit.tools.mcp_client.places import Place
    from grokkit.tools.settings import Effects

_OPEN_IT = "open it where it is used: async with server, or with server"


class McpServer:
    """The tools of one MCP server, while it is open; made by `mcp_tools`.

    `async with` keeps it on the event loop of the block, `with` on grokkit's own. Its tools may be called from any
    loop and any thread, and it may be closed from any. When the server is lost, the call under way raises
    `ToolUnreachable`, and the next one opens it anew.
    """

    def __init__(
        self,
        place: Place,
        *,
        name: str | None,
        start_limit: float,
        time_limit: float,
        effects: Effects | None,
        on_change: Callable[[McpServer], object] | None,
    ) -> None:
        self.name = name or str(place)
        self._named = name is not None
        self._place = place
        self._start_limit = start_limit
        self._time_limit = time_limit
        self._effects: Effects | None = effects
        self._on_change = on_change
        self._entries: tuple[Entry, ...] = ()
        self._home: Home | None = None

    @property
    def namespace(self) -> str:
        """The namespace of its tools in a registry: its name."""
        return self.name

    @property
    def tools(self) -> tuple[AnyTool, ...]:
        """What it offers now, by name."""
        return tuple(entry.tool for entry in self._entries)

    @property
    def connected(self) -> bool:
        """Whether the connection stands. A call of one that was lost opens it anew."""
        return self._home is not None and self._home.connected

    def entries(self) -> tuple[Entry, ...]:
        """The same with tags and origin, for a registry. Raises `Misused` before the server was opened."""
        if self._home is None and not self._entries:
            raise Misused(f"the tools of the MCP server {self.name} are not known before it is open", hint=_OPEN_IT)
        return self._entries

    async def refresh(self) -> None:
        """Ask for the list of tools again; servers that tell of changes are asked by themselves."""
        home = self._opened()
        await home.visit(home.list_again)

    async def aopen(self) -> None:
        """Open it on the running loop and list its tools; `async with` does this.

        Raises `ToolUnreachable` when it does not start or is not ready in time, `ExtraMissing` without `mcp`.
        """
        if self._home is not None and self._home.lives:
            raise Misused(f"the MCP server {self.name} is open already", hint="make another with mcp_tools(...)")
        home = _home()(self._place, said=str(self), patience=self._start_limit, listed=self._list)
        await home.client()
        self._home = home

    async def aclose(self) -> None:
        """Close it, from any task of any loop; what runs ends with `ToolUnreachable`. Again does nothing."""
        home, self._home = self._home, None
        if home is not None and home.lives:
            await home.visit(home.close)

    async def __aenter__(self) -> Self:
        await self.aopen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __enter__(self) -> Self:
        portal().run(self.aopen)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it, from a thread that has no event loop."""
        portal().run(self.aclose)

    def __iter__(self) -> Iterator[AnyTool]:
        return iter(self.tools)

    def __str__(self) -> str:
        return f"the MCP server {self.name}"

    def __repr__(self) -> str:
        state = "open" if self._home is not None and self._home.lives else "closed"
        return f"McpServer({self.name!r}, {str(self._place)!r}, {state}, {len(self._entries)} tools)"

    def _opened(self) -> Home:
        if self._home is None:
            raise Misused(f"the MCP server {self.name} is not open", hint=_OPEN_IT)
        return self._home

    def _list(self, listed: list[Listed], own_name: str | None) -> None:
        if not self._named and own_name:
            self.name = own_name
        again = bool(self._entries)
        before, self._entries = self._entries, self._entries_of(listed)
        if again and self._on_change is not None and _told(before) != _told(self._entries):
            self._on_change(self)

    def _entries_of(self, listed: list[Listed]) -> tuple[Entry, ...]:
        """What is listed and can be offered; of two with one name the first."""
        found: dict[str, Entry] = {}
        for each in listed:
            entry = self._entry(each)
            if entry is not None and entry.name in found:
                self._leave_out(f"it lists {found[entry.name].path!r} and {each.name!r}, which are one name to Grok")
            elif entry is not None:
                found[entry.name] = entry
        return tuple(found.values())

    def _leave_out(self, problem: str) -> None:
        warnings.warn(f"{self} has a tool that is left out: {problem}", ToolsLeftOut, stacklevel=2)

    def _entry(self, listed: Listed) -> Entry | None:
        from grokkit.tools.mcp_client.answers import effects_of

        async def run(given: dict[str, Any]) -> str:
            return await self._call(listed.name, given)

        effects = effects_of(listed.annotations) if self._effects is None else self._effects
        try:
            made = Tool.from_schema(
                fit_name(listed.name),
                listed.description or listed.title or "",
                listed.input_schema,
                run,
                effects=effects,
                time_limit=self._time_limit,
            )
        except ToolUnfit as error:
            self._leave_out(error.message)
            return None
        return Entry(made, listed.name, frozenset({"mcp", self.name}), f"{self} ({self._place})")

    async def _call(self, tool: str, arguments: dict[str, Any]) -> str:
        from grokkit.tools.mcp_client.calling import call

        home = self._opened()
        return await home.visit(lambda: call(home, tool, arguments, said=str(self), limit=self._time_limit))


def _told(entries: tuple[Entry, ...]) -> list[dict[str, Any]]:
    return [entry.tool.definition() for entry in entries]


def _home() -> type[Home]:
    try:
        from grokkit.tools.mcp_client.home import Home
    except ImportError as error:
        raise ExtraMissing("MCP servers are reached by the package mcp, which is not installed", extra="mcp") from error
    return Home
