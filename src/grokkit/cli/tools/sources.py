"""The options that say where tools come from, and the registry they make."""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import click

from grokkit.cli.say import say
from grokkit.errors import Misused
from grokkit.masking import mask_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grokkit.tools import Registry

F = TypeVar("F", bound="Callable[..., object]")


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where tools come from."""

    modules: tuple[str, ...]
    mcp: tuple[str, ...]
    openapi: tuple[str, ...]
    plugins: bool

    def options(self) -> str:
        """The options that say so, for another command; keys in them are masked.

        >>> Sources(modules=("acme.zoo",), mcp=("python server.py",), openapi=(), plugins=False).options()
        "--module acme.zoo --mcp 'python server.py' --no-plugins"
        """
        given = {"--module": self.modules, "--mcp": self.mcp, "--openapi": self.openapi}
        words = [word for option, values in given.items() for value in values for word in (option, mask_keys(value))]
        return shlex.join([*words, *([] if self.plugins else ["--no-plugins"])])

    @contextmanager
    def registry(self) -> Iterator[Registry]:
        """All their tools; MCP servers run while the block does."""
        from grokkit.tools import Registry

        with ExitStack() as stack:
            registry = Registry()
            for module in self.modules:
                registry.add_module(_importable(module))
            for path in self.openapi:
                _add_document(registry, path)
            for place in self.mcp:
                _add_server(registry, place, stack)
            if self.plugins:
                registry.add_entry_points()
            yield registry


def source_options(function: F) -> F:
    """The options `--module`, `--mcp`, `--openapi` and `--no-plugins`."""
    options = [
        click.option("--module", "modules", multiple=True, metavar="NAME", help="The tools of a Python module."),
        click.option(
            "--mcp",
            multiple=True,
            metavar="COMMAND|URL",
            help='The tools of an MCP server: "python server.py", or a URL.',
        ),
        click.option("--openapi", multiple=True, metavar="FILE", help="The operations of an OpenAPI document."),
        click.option("--no-plugins", is_flag=True, help="Leave out the tools of installed packages."),
        click.option("--json", "as_json", is_flag=True, help="One JSON document."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def _importable(module: str) -> str:
    """Modules are looked for where the command is run, as `python -m` does."""
    if "" not in sys.path:
        sys.path.insert(0, "")
    return module


def _add_document(registry: Registry, path: str) -> None:
    from grokkit.tools import ToolUnfit
    from grokkit.tools.openapi import from_openapi

    try:
        registry.add(from_openapi(path))
    except ToolUnfit as error:
        if "base_url" not in (error.hint or ""):
            raise
        say(f"grokkit: note: {path}: {error.message}", color="yellow")
        registry.add(from_openapi(path, base_url="https://unknown.invalid"))


def _add_server(registry: Registry, place: str, stack: ExitStack) -> None:
    from grokkit.tools.mcp_client import mcp_tools

    if not place.strip():
        raise Misused("--mcp is empty", hint='give a command or an address: --mcp "python server.py"')
    web = place.startswith(("https://", "http://"))
    registry.add(stack.enter_context(mcp_tools(url=place) if web else mcp_tools(command=place)))
