"""`grokkit models`: the catalogue without a key, the API's own list with one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from grokkit.models import KNOWN

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.cli.conftest import Terminal
    from tests.conftest import WatchedSimulator

    Run = Callable[..., subprocess.CompletedProcess[str]]


def test_the_catalogue_needs_no_key_and_shows_every_model(environment: dict[str, str], grokkit: Run) -> None:
    del environment["XAI_API_KEY"]

    done = grokkit("models")

    assert (done.returncode, done.stderr) == (0, "")
    assert all(model.id in done.stdout for model in KNOWN)


def test_a_line_has_window_prices_efforts_and_modalities(grokkit: Run) -> None:
    line = next(line for line in grokkit("models").stdout.splitlines() if line.startswith("grok-4.7 "))

    assert line.split("  ") != [line]
    for fact in ("500k", "2.00 / 0.50 / 6.00", "low medium high* xhigh", "text, image"):
        assert fact in line


def test_a_retired_model_is_shown_with_its_day_and_what_answers_for_it(grokkit: Run) -> None:
    line = next(line for line in grokkit("models").stdout.splitlines() if line.startswith("grok-3 "))

    assert "2026-05-15" in line
    assert 'grok-4.3 with reasoning effort "none"' in line


def test_the_catalogue_as_json_is_a_list_of_models(grokkit: Run) -> None:
    models = {model["id"]: model for model in json.loads(grokkit("models", "--json").stdout)}

    assert len(models) == len(KNOWN)
    assert models["grok-4.3"]["prices"]["input"] == 12_500


@pytest.fixture
def sim(sim: WatchedSimulator) -> WatchedSimulator:
    """An API that has two models, one of them new."""
    known = {"id": "grok-4.7", "aliases": ["grok-latest"], "context_length": 500_000}
    new = {"id": "grok-9", "prompt_text_token_price": 20_000, "completion_text_token_price": 60_000}
    sim.on(path="/models").reply(json={"object": "list", "data": [known, new]})
    return sim


def test_live_asks_the_api_and_points_out_what_the_catalogue_does_not_know(grokkit: Run) -> None:
    lines = grokkit("models", "--live").stdout.splitlines()

    assert next(line for line in lines if line.startswith("grok-4.7")).split() == ["grok-4.7", "grok-latest", "500k"]
    new = next(line for line in lines if line.startswith("grok-9"))
    assert "2.00 / 0.00 / 6.00" in new
    assert "not in the catalogue" in new


def test_live_as_json_is_what_the_api_lists(grokkit: Run) -> None:
    assert [card["id"] for card in json.loads(grokkit("models", "--live", "--json").stdout)] == ["grok-4.7", "grok-9"]


def test_live_without_a_key_names_the_ways_to_go_on(environment: dict[str, str], grokkit: Run) -> None:
    del environment["XAI_API_KEY"]

    done = grokkit("models", "--live")

    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no API key" in done.stderr


def test_a_table_keeps_to_the_width_of_the_terminal(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("models", size=(40, 72))

    assert screen.end() == 0
    assert max(map(len, screen.text.splitlines())) <= 72
    assert "grok-4.20-0309-non-reasoning" in screen.text
