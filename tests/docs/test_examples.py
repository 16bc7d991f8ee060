"""Every Python block of README, docs and examples runs, block after block as a reader would, on the embedded model."""

import ast
import asyncio
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grokkit import local

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])
EXAMPLES = sorted(ROOT.glob("examples/*.py"))
APPLICATIONS = sorted(path.parent for path in ROOT.glob("examples/*/pyproject.toml"))
BLOCK = re.compile(r"^```python(?P<info>[^\n]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


def blocks(page: Path) -> list[tuple[int, str]]:
    """The blocks of a page that are meant to run, each with the line it begins in."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start("code")) + 1, match["code"])
        for match in BLOCK.finditer(text)
        if "no-run" not in match["info"]
    ]


@pytest.fixture(scope="module")
def engine():
    with local.start(context_window=256) as engine:  # a small model, asked for no length, rambles until it is full
        yield engine


@pytest.fixture
def reader(engine, monkeypatch, tmp_path):
    """A reader's machine: a folder of their own, and a server that answers."""
    for name in [name for name in os.environ if name.startswith(("GROKKIT_", "XAI_")) and name != "GROKKIT_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XAI_API_KEY", "xai-an-example-key-000000")
    monkeypatch.setenv("GROKKIT_BASE_URL", engine.base_url)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(code: str, page: Path, line: int, namespace: dict[str, object]) -> None:
    source = "\n" * (line - 1) + code
    compiled = compile(source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(compiled, namespace)  # what the page shows, run as it stands
    if inspect.iscoroutine(result):
        asyncio.run(result)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run_one_after_the_other(page, reader):
    namespace: dict[str, object] = {"__name__": "__main__"}

    for line, code in blocks(page):
        run(code, page, line, namespace)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_runs_as_a_program(example, reader):
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda application: application.name)
def test_the_tests_of_an_application_pass(application):
    left_out = ["-p", "no:cacheprovider", "-p", "no:schemathesis"]
    command = [sys.executable, "-m", "pytest", "-q", *left_out, str(application)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []
