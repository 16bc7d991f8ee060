"""Starting: what is loaded, what is said when something is missing, and which exit status comes out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import grokkit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import WatchedSimulator

    Run = Callable[..., subprocess.CompletedProcess[str]]

SOURCES = str(Path(grokkit.__file__).parents[1])
LOADED = """
import atexit, json, sys
from grokkit.cli import main
sys.argv[1:] = {arguments}
status = main()
print(json.dumps([status, sorted(sys.modules)]))
"""


def loaded_by(*arguments: str) -> set[str]:
    """The modules that one run of the command has loaded."""
    script = LOADED.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 0
    return set(modules)


@pytest.mark.parametrize(
    "arguments",
    [(), ("--help",), ("--version",), ("chat", "--help"), ("local", "--help"), ("doctor", "-h"), ("config", "explain")],
)
def test_help_loads_neither_the_transport_nor_the_painter(arguments: tuple[str, ...]) -> None:
    modules = loaded_by(*(arguments or ("--help",)))

    assert not modules & {"aiohttp", "rich", "xllamacpp", "httpx2", "asyncio"}


def test_the_catalogue_is_shown_without_loading_the_transport() -> None:
    assert "aiohttp" not in loaded_by("models")


def test_without_its_libraries_the_command_names_the_extra_that_brings_them() -> None:
    script = f"import sys; sys.path[:0] = [{SOURCES!r}]; from grokkit.cli import main; sys.exit(main())"

    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr == (
        "grokkit: the command line needs click and rich, not installed here\ntry: pip install 'grokkit[cli]'\n"
    )


def test_the_version_is_the_package_s(grokkit: Run) -> None:
    from grokkit import __version__

    done = grokkit("--version")

    assert (done.returncode, done.stdout) == (0, f"grokkit {__version__}\n")


def test_a_command_that_is_not_there_is_a_usage_error_with_the_nearest_name(grokkit: Run) -> None:
    done = grokkit("docter")

    assert done.returncode == 2
    assert "there is no command 'docter'; did you mean 'doctor'?" in done.stderr


def test_an_option_that_is_not_there_is_a_usage_error(grokkit: Run) -> None:
    done = grokkit("chat", "--modle", "x", "hi")

    assert done.returncode == 2
    assert "--model" in done.stderr


@pytest.mark.parametrize(
    "path",
    [("chat",), ("models",), ("doctor",), ("config",), ("config", "explain")]
    + [("local", name) for name in ("pull", "serve", "status")],
)
def test_every_command_explains_itself(grokkit: Run, path: tuple[str, ...]) -> None:
    done = grokkit(*path, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: grokkit {' '.join(path)}")


def test_without_a_key_the_message_names_the_three_ways_to_go_on(environment: dict[str, str], grokkit: Run) -> None:
    del environment["XAI_API_KEY"]

    done = grokkit("chat", "hi")

    assert (done.returncode, done.stdout) == (1, "")
    assert "XAI_API_KEY" in done.stderr
    assert ".config/grokkit/config.toml" in done.stderr
    assert "grokkit chat --local" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_says_what_happened_to_which_call_and_what_to_try(grokkit: Run, sim: WatchedSimulator) -> None:
    sim.on(last="hi").reply(error="rate_limit", retry_after=3600, headers={"x-request-id": "req-1"})

    done = grokkit("chat", "hi")

    first, *rest = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert first.startswith("grokkit: ")
    assert "429" in first
    assert [line.partition(":")[0] for line in rest] == ["call", "ids", "try"]
    assert "request req-1" in done.stderr


@pytest.mark.parametrize("how", [{"GROKKIT_DEBUG": "1"}, {}])
def test_the_traceback_is_shown_to_those_who_ask(grokkit: Run, sim: WatchedSimulator, how: dict[str, str]) -> None:
    sim.on(last="hi").reply(status=400)

    done = grokkit("chat", "hi", *([] if how else ["-vv"]), **how)

    assert "Traceback (most recent call last)" in done.stderr
    assert "xai-" not in done.stderr


def test_settings_that_cannot_be_right_are_an_error_that_names_them(grokkit: Run) -> None:
    done = grokkit("config", "explain", GROKKIT_TIMEOUT="soon")

    assert done.returncode == 1
    assert "GROKKIT_TIMEOUT" in done.stderr


def test_output_that_cannot_be_written_is_one_line(environment: dict[str, str], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "grokkit", "models"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=tmp_path,
            text=True,
        )

    assert done.returncode == 1
    assert done.stderr == "grokkit: cannot read or write: No space left on device\n"


def test_streams_that_the_shell_closed_do_no_harm(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m grokkit chat hi <&-"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout) == (0, "You said: hi\n")
