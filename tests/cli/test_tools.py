"""`grokkit tools`: tools of modules, plugins, MCP servers and documents, as a user lists them."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.cli.tools.sources import Sources

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

TOOLBOX = Path(__file__).parents[1] / "tools" / "mcp" / "servers" / "toolbox.py"
MODULE = '''
from grokkit.tools import tool

@tool(effects="read_only")
def zoo(city: str, sizes: dict[int, str] = {}) -> str:
    """The zoo of a city.

    With animals.
    """
    return city
'''
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Pets"},
    "paths": {"/pets": {"get": {"operationId": "pets", "summary": "All pets."}}},
}


@pytest.fixture
def acme(tmp_path: Path) -> str:
    """A module where the command is run."""
    (tmp_path / "acme.py").write_text(MODULE)
    return "acme"


@pytest.fixture
def broken_plugin(tmp_path: Path, environment: dict[str, str]) -> None:
    """An installed package whose tools cannot be loaded."""
    folder = tmp_path / "installed" / "broken_tools-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken_tools\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[grokkit.tools]\nbad = nowhere_at_all:tools\n")
    environment["PYTHONPATH"] = str(folder.parent)


def test_without_tools_it_says_where_to_look(grokkit: Run) -> None:
    done = grokkit("tools")

    assert (done.returncode, done.stdout) == (0, "")
    assert "there are no tools; --module" in done.stderr


def test_the_tools_of_a_module_are_listed_with_effects_first_line_and_origin(grokkit: Run, acme: str) -> None:
    done = grokkit("tools", "--module", acme)

    assert (done.returncode, done.stderr) == (0, "")
    line = next(line for line in done.stdout.splitlines() if line.startswith("zoo"))
    assert line.split("  ")[0] == "zoo"
    for fact in ("read_only", "The zoo of a city.", "acme.zoo"):
        assert fact in line
    assert "With animals" not in done.stdout


def test_list_and_no_word_at_all_are_the_same(grokkit: Run, acme: str) -> None:
    assert grokkit("tools", "list", "--module", acme).stdout == grokkit("tools", "--module", acme).stdout


def test_a_list_as_json_has_all_that_is_known(grokkit: Run, acme: str) -> None:
    [told] = json.loads(grokkit("tools", "--module", acme, "--json").stdout)

    assert told == {
        "name": "zoo",
        "path": "zoo",
        "effects": "read_only",
        "description": "The zoo of a city.\n\nWith animals.",
        "tags": [],
        "origin": "acme.zoo",
    }


def test_show_prints_the_definition_and_what_was_changed(grokkit: Run, acme: str) -> None:
    done = grokkit("tools", "show", "zoo", "--module", acme)

    definition = json.loads(done.stdout)
    assert (definition["type"], definition["name"]) == ("function", "zoo")
    assert "note: #/properties/sizes: propertyNames" in done.stderr
    notes = json.loads(grokkit("tools", "show", "zoo", "--module", acme, "--json").stdout)["notes"]
    assert all(note in done.stderr for note in notes)


def test_a_tool_that_is_not_there_is_told_with_the_nearest(grokkit: Run, acme: str) -> None:
    done = grokkit("tools", "show", "zooo", "--module", acme)

    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no tool 'zooo'; did you mean 'zoo'?" in done.stderr


def test_a_tool_that_is_not_there_is_told_with_the_command_that_lists_those_that_are(grokkit: Run, acme: str) -> None:
    done = grokkit("tools", "show", "nope", "--module", acme, "--no-plugins")

    assert f"try: `grokkit tools list --module {acme} --no-plugins` shows tools by the names they have" in done.stderr
    assert "registry.names()" not in done.stderr


def test_the_command_that_lists_tools_can_be_copied_and_shows_no_key() -> None:
    sources = Sources(
        modules=(), mcp=("server --token 'a b'", "https://me:secret@mcp.example"), openapi=(), plugins=True
    )

    assert shlex.split(sources.options()) == ["--mcp", "server --token 'a b'", "--mcp", "https://***@mcp.example"]


def test_a_server_is_started_for_its_list_and_ended(grokkit: Run) -> None:
    pytest.importorskip("mcp", reason="needs the extra mcp")

    done = grokkit("tools", "--mcp", f"{sys.executable} {TOOLBOX}")

    assert (done.returncode, done.stderr) == (0, "")
    assert "toolbox__add" in done.stdout


def test_a_server_that_does_not_start_is_told_without_a_traceback(grokkit: Run) -> None:
    pytest.importorskip("mcp", reason="needs the extra mcp")

    done = grokkit("tools", "--mcp", "no-such-program")

    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no program or folder no-such-program" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_document_is_listed_even_when_it_names_no_server(grokkit: Run, tmp_path: Path) -> None:
    (tmp_path / "pets.json").write_text(json.dumps(DOCUMENT))

    done = grokkit("tools", "--openapi", "pets.json")

    assert done.returncode == 0
    assert "All pets." in done.stdout
    assert "does not say where the API is" in done.stderr


def test_a_broken_plugin_is_a_note_and_can_be_left_out(grokkit: Run, acme: str, broken_plugin: Any) -> None:
    done = grokkit("tools", "--module", acme)

    assert done.returncode == 0
    assert "zoo" in done.stdout
    assert "note: the tools of the plugin 'bad' (broken_tools 1.0) are left out" in done.stderr
    assert grokkit("tools", "--module", acme, "--no-plugins").stderr == ""


def test_two_tools_of_one_name_are_an_error_that_names_both(grokkit: Run, acme: str, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(MODULE)

    done = grokkit("tools", "--module", acme, "--module", "other")

    assert done.returncode == 1
    assert "two tools are called zoo: zoo from acme.zoo, and zoo from other.zoo" in done.stderr
