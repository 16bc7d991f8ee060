"""`grokkit doctor`: each trouble is found, with its remedy, in a short time."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.testing import Simulator

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import WatchedSimulator

    Run = Callable[..., subprocess.CompletedProcess[str]]


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The findings by subject; of several with one subject, the worst."""
    document = json.loads(done.stdout)
    assert document["healthy"] == (done.returncode == 0)
    order = ["skip", "ok", "warn", "fail"]
    return {each["subject"]: each for each in sorted(document["findings"], key=lambda f: order.index(f["verdict"]))}


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that takes connections and never says a word: the simulator always answers those who show no key."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """A port that nobody answers on any more."""
    with Simulator() as sim:
        url = sim.base_url
    return int(url.removesuffix("/v1").rpartition(":")[2])


def test_a_healthy_setup_ends_with_0(grokkit: Run, sim: WatchedSimulator) -> None:
    done = grokkit("doctor", "--json")

    found = findings(done)
    assert done.returncode == 0
    assert [found[subject]["verdict"] for subject in ("settings", "key", "name", "connection", "reply", "clock")] == [
        "ok"
    ] * 6
    assert found["account"]["words"] == f"the server takes the key (team {sim.team_id})"


def test_for_people_each_finding_is_a_line(grokkit: Run) -> None:
    done = grokkit("doctor")

    marks = {line.split()[0] for line in done.stdout.splitlines()}
    assert (done.returncode, done.stderr) == (0, "")
    assert marks <= {"ok", "skip"}


def test_the_key_is_never_shown(environment: dict[str, str], grokkit: Run) -> None:
    assert environment["XAI_API_KEY"] not in grokkit("doctor").stdout


def test_without_a_key_it_says_how_to_get_one(environment: dict[str, str], grokkit: Run) -> None:
    del environment["XAI_API_KEY"]

    done = grokkit("doctor")

    assert done.returncode == 1
    assert "fail  key          there is none" in done.stdout
    assert "https://console.x.ai" in done.stdout


def test_a_key_with_quotes_around_it_is_pointed_out(environment: dict[str, str], grokkit: Run) -> None:
    found = findings(grokkit("doctor", "--json", XAI_API_KEY=f"'{environment['XAI_API_KEY']}'"))

    assert found["settings"]["verdict"] == "fail"
    assert "quotation mark" in found["settings"]["words"]


def test_a_key_that_the_server_refuses_is_a_failure_with_the_server_s_words(grokkit: Run) -> None:
    found = findings(grokkit("doctor", "--json", XAI_API_KEY="xai-" + "z" * 30))

    assert found["account"]["verdict"] == "fail"
    assert "Incorrect API key" in found["account"]["words"]
    assert found["account"]["remedy"]


def test_a_key_of_another_kind_is_pointed_out_for_xai_alone(grokkit: Run) -> None:
    key = "sk-" + "a" * 30
    elsewhere = findings(grokkit("doctor", "--json", XAI_API_KEY=key))
    at_xai = findings(
        grokkit(
            "doctor",
            "--json",
            "--base-url",
            "http://nowhere.x.ai:1/v1",
            XAI_API_KEY=key,
            HTTP_PROXY="http://127.0.0.1:1",
        )
    )

    assert elsewhere["key"]["verdict"] == "ok"
    assert at_xai["key"]["verdict"] == "warn"


def test_settings_that_cannot_be_read_end_the_examination(grokkit: Run, tmp_path: Path) -> None:
    (tmp_path / "grokkit.toml").write_text("model = 7\n")

    found = findings(grokkit("doctor", "--json"))

    assert found["settings"]["verdict"] == "fail"
    assert "grokkit.toml:1" in found["settings"]["words"]
    assert "account" not in found


def test_a_file_with_a_key_that_everybody_can_read_is_a_warning(grokkit: Run, tmp_path: Path) -> None:
    file = tmp_path / "grokkit.toml"
    file.write_text(f'api_key = "xai-{"a" * 30}"\n')
    file.chmod(0o644)

    found = findings(grokkit("doctor", "--json"))

    assert found["settings"]["verdict"] == "warn"
    assert "chmod 600" in found["settings"]["words"]


def test_a_refused_connection_is_told_and_nothing_further_is_tried(grokkit: Run, closed_port: int) -> None:
    found = findings(grokkit("doctor", "--json", "--base-url", f"http://127.0.0.1:{closed_port}/v1"))

    assert (found["connection"]["verdict"], found["account"]["verdict"]) == ("fail", "skip")
    assert "refused" in found["connection"]["words"]
    assert found["connection"]["remedy"]


def test_a_server_that_never_answers_costs_a_bounded_wait(grokkit: Run, deaf_port: int) -> None:
    done = grokkit("doctor", "--json", "--timeout", "0.3", "--base-url", f"http://127.0.0.1:{deaf_port}/v1")

    assert findings(done)["reply"]["verdict"] == "fail"


def test_a_proxy_in_force_is_named_without_its_password(grokkit: Run, closed_port: int) -> None:
    done = grokkit(
        "doctor",
        "--json",
        "--base-url",
        "https://api.example/v1",
        HTTPS_PROXY=f"http://me:hunter2@127.0.0.1:{closed_port}",
    )

    found = findings(done)
    assert found["proxy"]["words"] == f"http://127.0.0.1:{closed_port} from the environment (HTTPS_PROXY)"
    assert found["connection"]["verdict"] == "fail"
    assert "hunter2" not in done.stdout
