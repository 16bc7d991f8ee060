"""`grokkit cassettes check`: recordings held against the catalogue, and against a server's own listing."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import Grok
from grokkit.testing import Cassette, MockTransport, Simulator

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """Record one chat with a model at api.x.ai, with an answer of the simulator's."""

    def record(name: str, model: str, **options: Any) -> Path:
        path = tmp_path / "tests" / "cassettes" / name
        cassette = Cassette(path, transport=Simulator(as_of=date(2026, 10, 27)).transport())
        with Grok(api_key=Simulator().key, transport=cassette) as grok:
            grok.chat.create(model, messages=[{"role": "user", "content": "Hi"}], **options)
        return path

    return record


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(as_of=date(2026, 10, 27)) as simulator:
        yield simulator


def test_recordings_that_are_up_to_date_end_well(record: Callable[..., Path], grokkit: Run) -> None:
    record("one.json", "grok-4.3")
    record("two.json", "grok-4.7")

    done = grokkit("cassettes", "check")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "2 cassettes: as xAI's document and the catalogue have it\n"


@pytest.mark.filterwarnings("ignore::grokkit.models.ModelRedirected")
def test_what_moved_is_told_by_cassette_recording_and_field(record: Callable[..., Path], grokkit: Run) -> None:
    record("old.json", "grok-3")
    record("new.json", "grok-4.3")

    done = grokkit("cassettes", "check", "tests")

    assert done.returncode == 1
    cassette, request, line = done.stdout.splitlines()
    assert (cassette, request) == ("tests/cassettes/old.json", "  1. POST https://api.x.ai/v1/chat/completions")
    assert line.startswith("     request /model: retired on 2026-05-15, and grok-4.3 ")
    assert line.endswith("; recorded 'grok-3'")
    assert done.stderr.startswith("1 of 2 cassettes: not as xAI's document and the catalogue have it now\ntry: ")


@pytest.mark.filterwarnings("ignore::grokkit.models.ModelRedirected")
def test_the_findings_as_json(record: Callable[..., Path], grokkit: Run) -> None:
    path = record("old.json", "grok-3")

    found = json.loads(grokkit("cassettes", "check", "--json", str(path)).stdout)

    assert found["against"] == "the catalogue"
    assert [each["cassette"] for each in found["cassettes"]] == [str(path)]
    assert [one["number"] for one in found["cassettes"][0]["drifted"]] == [1]


def test_live_compares_with_what_the_server_lists(
    record: Callable[..., Path], simulator: Simulator, environment: dict[str, str], grokkit: Run
) -> None:
    path = record("one.json", "grok-4.3")
    text = path.read_text("utf-8")
    path.write_text(text.replace('"model": "grok-4.3"', '"model": "grok-99"'), "utf-8")
    environment["XAI_API_KEY"] = simulator.key

    done = grokkit("cassettes", "check", "--live", "--base-url", simulator.base_url)

    assert done.returncode == 1
    assert "request /model: not in the listing of 127.0.0.1; recorded 'grok-99'" in done.stdout
    assert [call.path for call in simulator.calls] == [
        "/v1/language-models",
        "/v1/image-generation-models",
        "/v1/video-generation-models",
    ]


def test_live_without_a_key_names_the_ways_to_go_on(
    record: Callable[..., Path], environment: dict[str, str], grokkit: Run
) -> None:
    record("one.json", "grok-4.3")
    del environment["XAI_API_KEY"]

    done = grokkit("cassettes", "check", "--live")

    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no API key" in done.stderr


def test_a_broken_cassette_does_not_keep_the_others_from_being_checked(
    record: Callable[..., Path], grokkit: Run
) -> None:
    good = record("good.json", "grok-4.3")
    good.with_name("bad.json").write_text('{"grokkit_cassette": 1, "interactions": 7}')

    done = grokkit("cassettes", "check")

    assert done.returncode == 1
    assert "bad.json cannot be used" in done.stdout
    assert "1 of 2 cassettes" in done.stderr


def test_other_files_and_hidden_folders_are_left_alone(tmp_path: Path, grokkit: Run) -> None:
    (tmp_path / "package.json").write_text("{}")
    hidden = tmp_path / ".cache"
    hidden.mkdir()
    (hidden / "old.json").write_text('{"grokkit_cassette": 1, "interactions": 7}')

    done = grokkit("cassettes", "check")

    assert done.returncode == 2
    assert "there is no cassette in this folder" in done.stderr


def test_control_characters_of_a_recording_do_not_reach_the_terminal(tmp_path: Path, grokkit: Run) -> None:
    real = MockTransport()
    real.on().reply("Hello!")
    with Grok(api_key="xai-0123456789", transport=Cassette(tmp_path / "one.json", transport=real)) as grok:
        grok.chat.create("grok-\x1b[2J", messages=[{"role": "user", "content": "Hi"}])

    done = grokkit("cassettes", "check")

    assert done.returncode == 1
    assert "\x1b" not in done.stdout
