"""A short storm through the real processes, and the figures that are made of what they saw."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return lambda name: importlib.import_module(f"storms.{name}")


def storm(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "storm.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.timeout(90)
def test_a_storm_counts_what_each_client_sent_and_says_which_promises_are_kept(tmp_path: Path) -> None:
    kept = tmp_path / "storm.json"
    short = ("--seconds", "1", "--callers", "5", "--only", "e", "--clients", "grokkit,openai")

    run = storm(*short, "--json", str(kept))

    assert run.returncode == 0, run.stderr
    report = json.loads(kept.read_text())
    ours, theirs = report["storms"]["e"]["grokkit"], report["storms"]["e"]["openai"]
    assert (ours["answered"], theirs["answered"]) == (0, 0)
    assert ours["errors"] == {"OutOfCredits": ours["calls"]}
    assert ours["per_call"] == 1.0
    assert theirs["per_call"] == 3.0
    assert report["promises"][0]["kept"]
    assert "attempts a call when the money is gone" in run.stdout


def test_a_storm_that_does_not_exist_is_refused() -> None:
    run = storm("--only", "a,z")

    assert run.returncode == 2
    assert "'z' is not one of a, b, c, d, e, f" in run.stderr


def test_every_kind_of_storm_makes_its_trouble(part: Callable[[str], Any]) -> None:
    assert part("upstream").TROUBLE.keys() == part("weather").KINDS.keys()


def test_calls_are_summed_up_by_second_and_against_their_limit(part: Callable[[str], Any]) -> None:
    outcome, weather = part("outcome"), part("weather")
    calls = [
        outcome.Outcome(0.0, 0.5, None),
        outcome.Outcome(0.5, 3.5, "Late"),
        outcome.Outcome(11.9, 12.2, None),
    ]

    found = outcome.summary(calls, weather.Storm("a", seconds=12.0, callers=1))

    assert (found["calls"], found["answered"], found["good_in_time"]) == (3, 2, 1)
    assert found["good"] == [1] + [0] * 11 + [1]
    assert (found["p50"], found["overrun"]) == (pytest.approx(0.5), pytest.approx(1.0))
    assert found["errors"] == {"Late": 1}


def test_only_refusals_after_the_time_to_learn_are_late(part: Callable[[str], Any]) -> None:
    found = figures(part, "c", arrived=[0, 4, 6, 8, 10, 12, 14], refused=[0, 3, 3, 3, 4, 5, 5])

    assert found.late_refusals == 2
    assert found.of_limit == pytest.approx(1.0)


def test_an_outage_in_the_middle_has_figures_of_its_own_and_for_the_time_after(part: Callable[[str], Any]) -> None:
    found = figures(part, "f", arrived=[0, 10, 16, 20, 20, 28, 40], refused=[0] * 7)

    assert found.per_call_in_outage == pytest.approx(10 / 30)
    assert found.per_call_after == pytest.approx(20 / 20)
    assert found.back_after == 1.0


def test_whoever_is_never_back_is_back_in_no_time_that_there_is(part: Callable[[str], Any]) -> None:
    found = figures(part, "f", arrived=[0, 10, 16, 20, 20, 21, 22], refused=[0] * 7, good=[10, 0, 0, 0, 1, 1])

    assert found.back_after == float("inf")


def test_promises_are_about_the_storms_that_there_were(part: Callable[[str], Any]) -> None:
    found = {"e": figures(part, "e", arrived=[0, 31], refused=[0, 31])}

    about = {promise.about: promise.kept for promise in part("promises").promises(found)}

    assert about == {
        "e: attempts a call when the money is gone": False,
        "e: longest past a call's deadline": True,
    }


def figures(part: Callable[[str], Any], kind: str, arrived: list[int], refused: list[int], **changed: Any) -> Any:
    """Of a storm of 6 s with 10 callers, a call of each a second; the outage of kind f is from 1 s to 4 s."""
    calls = {
        "calls": 30,
        "answered": 12,
        "good_in_time": 6,
        "begun": [10, 10, 10, 10, 10, 10],
        "good": [10, 0, 0, 0, 2, 9],
        "p50": 0.3,
        "p99": 0.9,
        "overrun": 0.0,
        "errors": {},
        "cpu": 0.1,
        "stall": 0.0,
    }
    storm = part("weather").Storm(kind, seconds=6.0, callers=10)
    return part("figures").figures(storm, {**calls, **changed}, {"arrived": arrived, "refused": refused, "stall": 0.0})
