"""Where an MCP server is: a program to start and speak with over its pipes, or an address."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from grokkit.config import Secret
from grokkit.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SecretText = str | Secret


@dataclass(frozen=True, slots=True)
class Program:
    """A program that speaks MCP on its standard input and output."""

    arguments: tuple[str, ...] = field(repr=False)
    environment: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    folder: str | Path | None = None

    def __str__(self) -> str:
        """The name of the program alone: arguments may be secret."""
        return PurePath(self.arguments[0]).name


@dataclass(frozen=True, slots=True)
class Address:
    """An address that speaks MCP over streamable HTTP."""

    url: str = field(repr=False)
    headers: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """Host and path: user and query may be secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


Place = Program | Address


def place_of(
    *,
    command: str | Sequence[str] | None,
    url: str | None,
    env: Mapping[str, SecretText] | None,
    folder: str | Path | None,
    headers: Mapping[str, SecretText] | None,
    token: SecretText | None,
) -> Place:
    """The place that these arguments mean; raises `Misused` for none, two, or what does not go together."""
    if (command is None) == (url is None):
        raise Misused("an MCP server is either a program or an address", hint="give command=[...] or url=...")
    if command is not None:
        if headers is not None or token is not None:
            raise Misused("headers and token are for url=...; a program gets its secrets through env={...}")
        arguments = tuple(shlex.split(command) if isinstance(command, str) else command)
        if not arguments:
            raise Misused("the command of the MCP server is empty")
        return Program(arguments, _hidden(env), folder)
    if env is not None or folder is not None:
        raise Misused("env and folder are for command=[...]; an address gets its secrets through token or headers")
    if not str(url).startswith(("https://", "http://")):
        raise Misused("the address of an MCP server begins with https:// or http://")
    bearer = {} if token is None else {"Authorization": Secret(f"Bearer {Secret(token).reveal()}")}
    return Address(str(url), {**_hidden(headers), **bearer})


def _hidden(values: Mapping[str, SecretText] | None) -> dict[str, Secret]:
    return {name: Secret(value) for name, value in (values or {}).items()}
