"""Every recorded reply that carries a cost: our arithmetic gives the same ticks from the same counts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grokkit.models import lookup
from grokkit.wire.usage import chat_usage, listed_prices, responses_usage

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the recorded replies are not beside this repository")


def documents() -> Iterator[tuple[str, Any]]:
    for path in sorted(CAPTURES.rglob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if path.parent.name != "har":
            yield path.name, content
            continue
        for number, exchange in enumerate(content):
            try:
                yield f"{path.name}[{number}]", json.loads(exchange["response"]["body"] or "null")
            except json.JSONDecodeError:
                continue
    for path in sorted(CAPTURES.rglob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            if line.strip() and line.strip() != "[DONE]":
                yield f"{path.name}:{number}", json.loads(line)


def replies(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if isinstance(node.get("usage"), dict) and isinstance(node.get("model"), str):
            yield node["model"], node["usage"]
        for inner in node.values():
            yield from replies(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from replies(inner)


def read(raw, prices=None):
    return (chat_usage if "prompt_tokens" in raw else responses_usage)(raw, prices)


USAGES = [
    pytest.param(model, raw, id=name)
    for name, document in (documents() if CAPTURES.is_dir() else ())
    for model, raw in replies(document)
]
COSTED = [param for param in USAGES if "cost_in_usd_ticks" in param.values[1]]


def listing() -> list[dict[str, Any]]:
    recorded = json.loads((CAPTURES / "har" / "language-models-list.json").read_text(encoding="utf-8"))
    return json.loads(recorded[0]["response"]["body"])["models"]


def listed(name: str) -> dict[str, Any]:
    return next(model for model in listing() if name == model["id"] or name in model["aliases"])


def test_there_are_recordings_with_and_without_a_cost():
    assert len(COSTED) >= 6
    assert len(USAGES) > len(COSTED)


@pytest.mark.parametrize(("model", "raw"), COSTED)
def test_the_recorded_cost_is_the_cost(model, raw):
    usage = read(raw)

    assert usage.cost_ticks == raw["cost_in_usd_ticks"]
    assert not usage.estimated


@pytest.mark.parametrize(("model", "raw"), COSTED)
def test_the_listed_prices_of_that_time_give_the_recorded_cost(model, raw):
    counts = {name: value for name, value in raw.items() if name != "cost_in_usd_ticks"}

    usage = read(counts, listed_prices(listed(model)))

    assert usage.cost_ticks == raw["cost_in_usd_ticks"]
    assert usage.estimated


@pytest.mark.parametrize(("model", "raw"), COSTED)
def test_the_catalogue_gives_the_recorded_cost(model, raw):
    counts = {name: value for name, value in raw.items() if name != "cost_in_usd_ticks"}
    known = lookup(model)

    assert known is not None
    assert read(counts, known.prices).cost_ticks == raw["cost_in_usd_ticks"]


@pytest.mark.parametrize(("model", "raw"), USAGES)
def test_input_and_output_always_make_the_reported_total(model, raw):
    usage = read(raw)

    assert usage.input_tokens + usage.output_tokens == usage.total_tokens == raw["total_tokens"]


def test_the_catalogue_knows_every_listed_model_by_every_listed_name():
    for entry in listing():
        for name in (entry["id"], *entry["aliases"]):
            known = lookup(name)
            assert known is not None, name
            assert known.id == entry["id"]


def test_the_catalogue_keeps_the_last_listed_prices_of_retired_models():
    for entry in listing():
        known = lookup(entry["id"])
        assert known is not None
        assert known.retired_on is None or known.prices == listed_prices(entry), entry["id"]
