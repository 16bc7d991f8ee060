"""Every example in every docstring runs, without a network, and says what it says it says."""

from __future__ import annotations

import doctest
import importlib
import warnings
from pathlib import Path

import pytest

import grokkit

SOURCES = Path(grokkit.__file__).parent
MODULES = sorted(
    ".".join(["grokkit", *path.relative_to(SOURCES).with_suffix("").parts]).removesuffix(".__init__")
    for path in SOURCES.rglob("*.py")
    if path.name != "__main__.py"  # importing it runs the command
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(name)
    monkeypatch.chdir(tmp_path)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        failed, _ = doctest.testmod(module)

    assert failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]

    assert len(examples) > 50
