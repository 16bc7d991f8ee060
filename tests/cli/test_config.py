"""`grokkit config explain`: values, sources, and no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]


def test_each_setting_is_shown_with_its_source(grokkit: Run, tmp_path: Path) -> None:
    (tmp_path / "grokkit.toml").write_text('\nmodel = "grok-4.3"\n')

    done = grokkit("config", "explain", GROKKIT_STORE="true")

    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert lines["model"].split()[1:] == ["grok-4.3", f"{tmp_path}/grokkit.toml:2"]
    assert lines["store"].split()[1:] == ["true", "environment", "GROKKIT_STORE"]
    assert lines["profile"].split()[1:] == ["none", "default"]


def test_the_key_is_masked(environment: dict[str, str], grokkit: Run) -> None:
    done = grokkit("config", "explain")

    assert environment["XAI_API_KEY"] not in done.stdout
    assert "environment XAI_API_KEY" in done.stdout


def test_a_profile_can_be_looked_at(grokkit: Run, tmp_path: Path) -> None:
    (tmp_path / "grokkit.toml").write_text('[profiles.fast]\nmodel = "grok-4.3"\n')

    done = grokkit("config", "explain", "--profile", "fast", "--json")

    settings = {each["name"]: each for each in json.loads(done.stdout)}
    assert settings["model"]["value"] == "grok-4.3"
    assert settings["model"]["source"].endswith("grokkit.toml:2 [profiles.fast]")


def test_a_wrong_name_is_an_error_with_the_nearest_right_one(grokkit: Run, tmp_path: Path) -> None:
    (tmp_path / "grokkit.toml").write_text('modle = "grok-4.3"\n')

    done = grokkit("config", "explain")

    assert (done.returncode, done.stdout) == (1, "")
    assert "grokkit.toml:1" in done.stderr
    assert "did you mean model?" in done.stderr
