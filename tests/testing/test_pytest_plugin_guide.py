"""What docs/testing.md shows and tests/docs leaves out, and the example application: all of it runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grokkit.cli.simulate.script_file import play
from grokkit.testing import Simulator

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<info>[^\n]+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
TESTS = [match["code"] for match in BLOCK.finditer(PAGE) if match["info"] == "python no-run"]
SCRIPTS = [match["code"] for match in BLOCK.finditer(PAGE) if match["info"] == "toml"]

PLAIN = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest")
"""Without what takes a second to import and is not used."""
SETTINGS = f"""
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
addopts = --strict-markers --strict-config {" ".join(PLAIN)}
"""


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of somebody who has no key and is not in CI."""
    for name in ("CI", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    return dict(os.environ)


def test_the_tests_of_the_page_pass(pytester: pytest.Pytester, reader: dict[str, str]) -> None:
    pytester.makeini(SETTINGS)
    for number, code in enumerate(TESTS):
        (pytester.path / f"test_block_{number}.py").write_text(code)
    written = sum(len(re.findall(r"^(?:async )?def test_", code, re.MULTILINE)) for code in TESTS)

    done = pytester.runpytest_subprocess()

    assert written >= 9
    done.assert_outcomes(passed=written - 1, skipped=1)


def test_the_script_of_the_page_can_be_played(tmp_path: Path) -> None:
    simulator = Simulator()
    for number, script in enumerate(SCRIPTS):
        path = tmp_path / f"{number}.toml"
        path.write_text(script)
        play(path, simulator)

    assert len(SCRIPTS) == 1
    assert len(simulator.script.rules) == 2
    assert simulator.grok().ask("The weather?").tool_calls[0].name == "weather"


@pytest.mark.parametrize("in_ci", [False, True])
def test_the_example_application_passes_its_tests(reader: dict[str, str], in_ci: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *PLAIN, str(ROOT / "examples" / "support_bot")],
        env={**reader, **({"CI": "true"} if in_ci else {})},
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


def test_the_example_runs_as_a_program(reader: dict[str, str]) -> None:
    with Simulator() as simulator:
        simulator.on(last="1001").reply(tool_calls=[("look_up_order", {"order": "1001"})])
        simulator.on(last="due on Thursday").reply("It will be with you on Thursday.")
        simulator.on(path="/responses").reply("On its way.")
        done = subprocess.run(
            [sys.executable, str(ROOT / "examples" / "support_bot" / "support_bot.py")],
            env={**reader, "XAI_API_KEY": simulator.key, "GROKKIT_BASE_URL": simulator.base_url},
            capture_output=True,
            text=True,
            timeout=100,
        )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "It will be with you on Thursday.\nOn its way.\n"
