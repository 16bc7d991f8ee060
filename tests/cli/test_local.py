"""`grokkit local`: fetch, serve, look."""

from __future__ import annotations

import json
import signal
import urllib.request
from typing import TYPE_CHECKING

import pytest

from grokkit.cli.local.pull import Lines
from grokkit.local import Progress

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]


def test_status_says_what_is_missing(grokkit: Run, tmp_path: Path) -> None:
    done = grokkit("local", "status", GROKKIT_CACHE=str(tmp_path / "empty"))

    assert done.returncode == 0
    assert "not here: grokkit local pull" in done.stdout


def test_a_conversation_without_weights_names_the_command_that_fetches_them(grokkit: Run, tmp_path: Path) -> None:
    done = grokkit("chat", "--local", "hi", GROKKIT_CACHE=str(tmp_path / "empty"))

    assert (done.returncode, done.stdout) == (1, "")
    assert "grokkit local pull" in done.stderr


def test_a_path_that_is_no_model_is_told(grokkit: Run) -> None:
    done = grokkit("chat", "--local", "missing.gguf", "hi")

    assert done.returncode == 1
    assert "missing.gguf" in done.stderr


def test_a_failed_pull_says_why_and_what_to_try(grokkit: Run, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no directory")

    done = grokkit("local", "pull", GROKKIT_CACHE=str(blocked))

    assert (done.returncode, done.stdout) == (1, "")
    assert "GROKKIT_CACHE" in done.stderr


def test_progress_without_a_terminal_is_a_line_for_each_phase_and_quarter() -> None:
    told: list[str] = []
    lines = Lines(told.append)
    lines(Progress("waiting", 0, 0))
    for done in range(0, 1_000_000_001, 10_000_000):
        lines(Progress("download", done, 1_000_000_000))

    assert told == [
        "another process is fetching them; waiting for it",
        "fetching 1000 MB",
        "fetching 25%",
        "fetching 50%",
        "fetching 75%",
        "fetching 100%",
    ]


@pytest.mark.engine
def test_pull_prints_the_path_and_nothing_else_on_standard_output(grokkit: Run, weights_home: str) -> None:
    done = grokkit("local", "pull", GROKKIT_CACHE=weights_home)

    assert done.returncode == 0
    assert done.stdout.startswith(weights_home)
    assert done.stdout.endswith(".gguf\n")


@pytest.mark.engine
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_its_address_answers_and_stops_cleanly(
    start: Callable[..., subprocess.Popen[str]],
    environment: dict[str, str],
    weights_home: str,
    tmp_path: Path,
    how: signal.Signals,
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "models").symlink_to(f"{weights_home}/models")
    environment["GROKKIT_CACHE"] = str(cache)
    process = start("local", "serve")
    assert process.stdout is not None

    base_url = process.stdout.readline().strip()
    with urllib.request.urlopen(f"{base_url}/models", timeout=10) as reply:
        models = json.load(reply)
    status = start("local", "status", "--json").communicate(timeout=30)[0]
    process.send_signal(how)
    rest, said = process.communicate(timeout=30)

    assert models["data"][0]["id"] == "smollm2-135m-instruct"
    assert json.loads(status)["running"]["base_url"] == base_url
    assert (process.returncode, rest) == (0, "")
    assert "curl " in said
    assert not (cache / "engine.json").exists()
