"""docs/cli.md names every command and every option there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from grokkit.cli.group import LazyGroup
from grokkit.cli.root import root

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(group: LazyGroup, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, LazyGroup):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.mark.parametrize(("path", "command"), [*commands(root, "grokkit")])
def test_the_page_tells_of_the_command_and_its_options(path: str, command: click.Command) -> None:
    options = [name for each in command.params if isinstance(each, click.Option) for name in each.opts]

    assert path in PAGE
    assert [name for name in options if f"`{name}" not in PAGE] == []
