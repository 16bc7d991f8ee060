"""Other people's clients of other languages, unchanged, against a simulator on a socket.

The npm packages are installed once, by the test run, beside pytest's cache; the scripts print one JSON line a step.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.faults import Fault

HERE = Path(__file__).parent
PACKAGES = HERE / "package.json"
ERRORS = ("rate_limit", "credits", "no_key", "content", "model", "unreadable", "server", "edge")
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT", "ENETUNREACH")
INSTALL = ("install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1")


class Steps:
    """What the steps of one script gave."""

    def __init__(self, lines: str) -> None:
        self._steps: dict[str, dict[str, Any]] = {step["name"]: step for step in map(json.loads, lines.splitlines())}

    def __getitem__(self, name: str) -> Any:
        """The value of a step that went well."""
        step = self._steps[name]
        assert "error" not in step, f"{name}: {step['error']['class']}: {step['error']['message']}"
        return step["value"]

    def error(self, name: str) -> dict[str, Any]:
        """The error of a step that did not."""
        step = self._steps[name]
        assert "error" in step, f"{name} went well: {step['value']}"
        found: dict[str, Any] = step["error"]
        return found


Run: TypeAlias = Callable[..., Steps]


@pytest.fixture(scope="session")
def node_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages and the scripts. Skips without node, npm, or a way to the registry."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not found: clients from npm cannot be run")
    digest = hashlib.sha256(PACKAGES.read_bytes()).hexdigest()[:12]
    cache = getattr(request.config, "cache", None)  # absent with -p no:cacheprovider
    folder = (cache.mkdir("npm-clients") if cache else tmp_path_factory.mktemp("npm-clients")) / digest
    if not folder.is_dir():
        install(folder)
    for script in HERE.glob("*.mjs"):
        put(script, folder / script.name)
    return folder


def put(script: Path, place: Path) -> None:
    """Copy it whole, or not at all: another process of the test run may be reading the same."""
    own = place.with_name(f".{os.getpid()}-{place.name}")
    shutil.copy(script, own)
    own.replace(place)


def install(folder: Path) -> None:
    """Make the folder with the packages in it: whole, or not at all."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        begun = Path(name) / folder.name
        begun.mkdir()
        shutil.copy(PACKAGES, begun)
        done = subprocess.run(["npm", *INSTALL], cwd=begun, capture_output=True, text=True, timeout=100, check=False)
        if any(word in done.stderr for word in UNREACHABLE):
            pytest.skip("the npm registry cannot be reached: clients from npm cannot be installed")
        assert done.returncode == 0, done.stderr
        with suppress(OSError):  # another process of the test run was first
            begun.rename(folder)
        assert folder.is_dir()


@pytest.fixture(scope="session")
def run(node_folder: Path) -> Run:
    """Run a script against a simulator, and get what its steps gave."""

    def run_script(simulator: Simulator, script: str, *arguments: str) -> Steps:
        environment = os.environ | {"SIMULATOR_URL": simulator.base_url, "SIMULATOR_KEY": simulator.key}
        command = ["node", script, *arguments]
        done = subprocess.run(
            command, cwd=node_folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return Steps(done.stdout)

    return run_script


@pytest.fixture(scope="module")
def simulator() -> Any:
    """One on a socket, which knows what the scripts ask for."""
    with Simulator() as simulator:
        for error in ERRORS:
            simulator.on(last=f"fails with {error}").reply(error=error)
        simulator.on(last="thinks aloud").reply(text="Yes.", reasoning="Hm, let me see.")
        simulator.on(last="is sourced").reply(text="It is so.", citations=["https://example.org/a"])
        simulator.on(last="is cut").reply("One two three four five six.", fault=Fault(cut_at_byte=900))
        simulator.on(last="breaks in the middle").reply("One two three four five.", fault=Fault(error_at_event=5))
        simulator.on(last="unavailable once", times=1).reply(error="unavailable", retry_after=0.001)
        yield simulator


@pytest.fixture(scope="session")
def errors() -> tuple[str, ...]:
    """The errors that the simulator answers a prompt of their name with."""
    return ERRORS
