"""The names that `grokkit` offers. A change here is a change for users: it belongs in the changelog."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import grokkit

if TYPE_CHECKING:
    from types import ModuleType

NAMES = [
    "Agent",
    "Answer",
    "AskSomeone",
    "AsyncAgent",
    "AsyncGrok",
    "AsyncSession",
    "AsyncStream",
    "AsyncTypedStream",
    "BadCall",
    "Cache",
    "Call",
    "Circuit",
    "Citation",
    "CitationAdded",
    "Config",
    "Fallback",
    "Finished",
    "Grok",
    "GrokError",
    "Hedge",
    "Layer",
    "Next",
    "OtherEvent",
    "Parsed",
    "Partial",
    "RateLimit",
    "RateLimited",
    "ReasoningDelta",
    "Reply",
    "ReportBug",
    "Retry",
    "RunLimits",
    "Secret",
    "ServerToolProgress",
    "Session",
    "Stream",
    "StreamEvent",
    "StreamInterrupted",
    "TextDelta",
    "Timeouts",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "ToolCallDone",
    "Transport",
    "TryLater",
    "TypedStream",
    "Usage",
    "__version__",
    "tool",
]
SOURCES = Path(grokkit.__file__).parent
ALIASES = {"Next", "StreamEvent"}
LONGEST_MODULE = 400
MODULES = sorted(
    ".".join(["grokkit", *path.relative_to(SOURCES).with_suffix("").parts]).removesuffix(".__init__")
    for path in SOURCES.rglob("*.py")
    if path.name != "__main__.py"  # importing it runs the command
)


def test_the_root_offers_these_names() -> None:
    assert sorted(grokkit.__all__) == NAMES
    assert dir(grokkit) == grokkit.__all__


@pytest.mark.parametrize("name", [name for name in NAMES if name != "__version__" and name not in ALIASES])
def test_every_name_says_what_it_is(name: str) -> None:
    assert inspect.getdoc(getattr(grokkit, name))


@pytest.mark.parametrize("name", [name for name in NAMES if inspect.isclass(getattr(grokkit, name))])
def test_every_class_shows_the_home_that_it_is_defined_in(name: str) -> None:
    kind = getattr(grokkit, name)

    assert getattr(importlib.import_module(kind.__module__), name) is kind
    assert not any(part.startswith("_") for part in kind.__module__.split("."))


@pytest.mark.parametrize("module", MODULES)
def test_every_module_and_what_is_public_in_it_has_a_docstring(module: str) -> None:
    loaded = importlib.import_module(module)

    assert loaded.__doc__, module
    assert [name for name, value in _own(loaded) if not inspect.getdoc(value)] == []


def _own(module: ModuleType) -> list[tuple[str, object]]:
    return [
        (name, value)
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    ]


@pytest.mark.parametrize("module", MODULES)
def test_every_name_that_a_module_offers_is_there(module: str) -> None:
    loaded = importlib.import_module(module)

    assert [name for name in getattr(loaded, "__all__", ()) if not hasattr(loaded, name)] == []


def test_no_module_is_too_long_to_read() -> None:
    lengths = {path.relative_to(SOURCES): len(path.read_text().splitlines()) for path in SOURCES.rglob("*.py")}

    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_every_module_begins_with_what_it_is_for() -> None:
    nameless = [path for path in SOURCES.rglob("*.py") if not ast.get_docstring(ast.parse(path.read_text()))]

    assert nameless == []
