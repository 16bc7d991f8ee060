"""Tools out of modules, and out of installed packages through their entry points."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from grokkit.errors import Misused
from grokkit.tools import PluginFailed, Registry, ToolConflict, ToolsLeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Write = Callable[[str, str], None]
    Install = Callable[..., None]

TOOLS = '''
from grokkit.tools import tool

@tool(effects="read_only")
def {name}(city: str) -> str:
    """The {name} of a city."""
    return city
'''


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a module to where Python finds it."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(path: str, code: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)

    yield write
    for name in set(sys.modules) - before:
        if name.startswith(("acme", "broken")):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, write: Write) -> Install:
    """Install a package that has entry points, as pip would leave it."""

    def install(package: str, **points: str) -> None:
        lines = "".join(f"{name} = {value}\n" for name, value in points.items())
        write(f"{package}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        write(f"{package}-1.0.dist-info/entry_points.txt", f"[grokkit.tools]\n{lines}")

    return install


def test_the_tools_of_a_module_are_those_it_offers_as_they_stand_in_it(write: Write) -> None:
    write(
        "acme.py", TOOLS.format(name="zoo") + TOOLS.format(name="art") + TOOLS.format(name="_secret") + "def f(): ..."
    )

    assert Registry().add_module("acme").names() == ["zoo", "art"]
    assert Registry().add_module(import_module("acme"), namespace="town").names() == ["town__zoo", "town__art"]


def test_what_a_module_says_that_it_offers_counts(write: Write) -> None:
    write("acme.py", TOOLS.format(name="zoo") + TOOLS.format(name="art") + "__all__ = ['art', 'missing']")

    assert Registry().add_module("acme").names() == ["art"]


def test_modules_below_are_searched_on_request_in_the_order_of_their_names(write: Write) -> None:
    write("acme/__init__.py", "from acme.b import zoo")
    write("acme/b.py", TOOLS.format(name="zoo"))
    write("acme/a.py", TOOLS.format(name="art"))
    write("acme/_own.py", "raise RuntimeError('not to be imported')")

    assert Registry().add_module("acme").names() == ["zoo"]
    assert Registry().add_module("acme", submodules=True).names() == ["zoo", "art"]


def test_a_module_without_tools_and_one_that_is_not_there_are_refused(write: Write) -> None:
    write("acme.py", "def plain(): ...")

    with pytest.raises(Misused, match="the module acme has no tools"):
        Registry().add_module("acme")
    with pytest.raises(Misused, match="cannot be imported"):
        Registry().add_module("acme_of_nowhere")


def test_entry_points_offer_tools_lists_modules_and_functions_in_the_order_of_their_names(
    write: Write, install: Install
) -> None:
    write("acme.py", TOOLS.format(name="zoo") + TOOLS.format(name="art") + "both = [zoo, art]\ndef make(): return both")
    install("acme_tools", one="acme:zoo", listed="acme:both", made="acme:make", whole="acme")

    registry = Registry().add_entry_points()

    assert registry.names() == [
        "listed__zoo", "listed__art", "made__zoo", "made__art", "one__zoo", "whole__zoo", "whole__art",
    ]  # fmt: skip
    [entry] = registry.filter("one.*").entries()
    assert (entry.origin, entry.tags) == ("acme_tools 1.0, acme:zoo", frozenset({"plugin"}))


def test_only_those_that_are_wanted_are_loaded(write: Write, install: Install) -> None:
    write("acme.py", TOOLS.format(name="zoo"))
    install("acme_tools", good="acme", bad="broken_of_nowhere")

    assert Registry().add_entry_points(only=["good"]).names() == ["good__zoo"]
    with pytest.raises(Misused, match="no installed package has the entry point 'godo'"):
        Registry().add_entry_points(only=["godo"])


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("raise ValueError('no key: password=hunter2')", "ValueError: no key: password=***"),
        ("import sys; sys.exit(1)", "SystemExit: 1"),
        ("import not_installed_anywhere", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("tools = 3", "a registry takes tools"),
        ("from grokkit.tools import tool\n@tool\ndef late(a: 'Nowhere'): ...\ntools = [late]", "Nowhere"),
        ("def tools(): raise KeyError('x')", "KeyError: 'x'"),
    ],
)
def test_a_broken_plugin_is_left_out_with_its_reason_and_harms_no_other(
    write: Write, install: Install, code: str, problem: str
) -> None:
    write("acme.py", TOOLS.format(name="zoo"))
    write("broken.py", code)
    install("acme_tools", good="acme")
    install("broken_tools", bad="broken:tools")

    with pytest.warns(ToolsLeftOut) as caught:
        registry = Registry().add_entry_points()

    assert registry.names() == ["good__zoo"]
    [broken] = registry.broken
    assert (broken.name, broken.package) == ("bad", "broken_tools 1.0")
    assert problem in broken.problem
    assert str(caught[0].message) == str(broken)


def test_a_broken_plugin_is_an_error_when_asked_for(write: Write, install: Install) -> None:
    write("broken.py", "raise ValueError('no')")
    install("broken_tools", bad="broken")

    with pytest.raises(PluginFailed, match=r"'bad' \(broken_tools 1\.0\).*ValueError: no") as caught:
        Registry().add_entry_points(strict=True)

    assert isinstance(caught.value.__cause__, ValueError)


def test_tools_of_one_name_from_two_packages_are_a_conflict_that_names_both(write: Write, install: Install) -> None:
    write("acme.py", TOOLS.format(name="zoo"))
    write("acme_other.py", TOOLS.format(name="zoo"))
    install("acme_tools", town="acme")
    install("other_tools", town="acme_other")

    with pytest.raises(ToolConflict) as caught:
        Registry().add_entry_points()

    assert "acme_tools 1.0" in caught.value.message
    assert "other_tools 1.0" in caught.value.message


def test_nothing_is_imported_before_it_is_asked_for(write: Write, install: Install, tmp_path: Path) -> None:
    write("broken.py", "raise RuntimeError('imported')")
    install("broken_tools", bad="broken")
    script = "import sys, grokkit.tools; assert not {'mcp', 'broken', 'yaml', 'httpx2', 'aiohttp'} & set(sys.modules)"

    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=tmp_path, capture_output=True, text=True)

    assert done.stderr == ""


def test_nobody_is_warned_when_nothing_is_broken() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Registry().add_entry_points("grokkit.tools.of.nobody")
