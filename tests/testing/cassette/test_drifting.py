"""Drift: what a recording has otherwise than the catalogue, or than a server's own listing."""

from __future__ import annotations

import warnings
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from grokkit import AsyncGrok, Grok
from grokkit.models import KNOWN
from grokkit.testing import MockTransport, Simulator, json_reply
from grokkit.testing.cassette import CATALOGUE, Cassette, CassetteDrift, CassetteMismatch, check, live_listing
from grokkit.testing.cassette.drifting import drift_of
from grokkit.testing.cassette.interaction import Content, Event, Interaction, Request, Response
from grokkit.testing.cassette.models_moved import model_trouble, request_drift, served_drift

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from grokkit import Answer
    from grokkit.models import Model
    from grokkit.testing.cassette import Listing

    Record = Callable[..., Awaitable[Answer]]

KEY = "xai-0123456789abcdefghij"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": "Hi"}]
TODAY = date(2026, 10, 27)
CHAT = "https://api.x.ai/v1/chat/completions"
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
RETIRED = 'retired on 2026-05-15, and grok-4.3 with reasoning effort "none" answers for it'
COST = "cost_in_usd_ticks"

pytestmark = pytest.mark.filterwarnings("ignore::grokkit.models.ModelRedirected")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.json"


def client(cassette: Cassette, api_key: str = KEY) -> AsyncGrok:
    return AsyncGrok(api_key=api_key, transport=cassette, trust_env=False)


def interaction(
    asked: object,
    answered: object = None,
    *,
    url: str = CHAT,
    status: int = 200,
    events: Sequence[dict[str, Any]] = (),
    method: str = "POST",
) -> Interaction:
    response = Response(
        status=status,
        body=UNSET if events else Content(json=answered),
        events=[Event(at=0.0, **event) for event in events] if events else UNSET,
    )
    return Interaction(request=Request(method=method, url=url, body=Content(json=asked)), response=response)


def moved(*given: object, listing: Listing = CATALOGUE, **more: Any) -> list[str]:
    """The lines on models and prices."""
    return [line for line in drift_of(interaction(*given, **more), listing) if "; recorded " in line]


@pytest.fixture
async def record(path: Path) -> Record:
    async def record(model: str, day: date = TODAY) -> Answer:
        simulator = Simulator(as_of=day)
        cassette = Cassette(path, "all", transport=simulator.transport())
        return await client(cassette, api_key=simulator.key).chat.create(model, messages=HELLO)

    return record


async def test_a_replay_of_a_retired_model_warns_with_the_field_and_what_it_was(path: Path, record: Record) -> None:
    await record("grok-3", date(2026, 4, 16))

    cassette = Cassette(path)
    with pytest.warns(CassetteDrift, match="is not as xAI's API is now"):
        await client(cassette).chat.create("grok-3", messages=HELLO)

    assert f"request /model: {RETIRED}; recorded 'grok-3'" in cassette.drifted
    assert "/model: grok-4.3 expected; recorded 'grok-3'" in cassette.drifted
    assert any(line.startswith("/usage/cost_in_usd_ticks: ") for line in cassette.drifted)


async def test_a_replay_can_fail_on_it_or_say_nothing(path: Path, record: Record) -> None:
    await record("grok-3")

    with pytest.raises(CassetteMismatch, match=r"request /model: retired on 2026-05-15"):
        await client(Cassette(path, drift="error")).chat.create("grok-3", messages=HELLO)

    await client(Cassette(path, drift="ignore")).chat.create("grok-3", messages=HELLO)


@pytest.mark.parametrize("model", ["grok-4.7", "grok-4.20", "grok-4.3-latest", "grok-latest", "GROK-4.3"])
async def test_models_in_service_by_any_of_their_names_have_no_drift(path: Path, record: Record, model: str) -> None:
    answer = await record(model)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        replayed = await client(Cassette(path)).chat.create(model, messages=HELLO)

    assert replayed.text == answer.text
    assert check(path) == []


async def test_a_stream_is_judged_by_its_last_word_on_model_and_usage(path: Path) -> None:
    simulator = Simulator(as_of=date(2026, 4, 16))
    recording = client(Cassette(path, transport=simulator.transport()), api_key=simulator.key)
    async with recording.responses.stream(model="grok-4-fast", input="Hi") as stream:
        await stream.done()

    [drifted] = check(path)

    assert "/response/model: grok-4.3 expected; recorded 'grok-4-fast-reasoning'" in drifted.drift
    assert any(line.startswith("/response/usage/cost_in_usd_ticks: ") for line in drifted.drift)


def test_an_unknown_model_is_named() -> None:
    assert moved({"model": "grok-99"}) == ["request /model: not in the catalogue; recorded 'grok-99'"]


def test_a_retired_model_that_nothing_answers_for_is_named() -> None:
    assert moved({"model": "grok-2"}) == ["request /model: retired on 2026-04-16; recorded 'grok-2'"]


def test_another_model_than_the_one_asked_is_named() -> None:
    assert moved({"model": "grok-4.7"}, {"model": "grok-4.3"}) == ["/model: grok-4.7 expected; recorded 'grok-4.3'"]


def test_a_stored_answer_that_is_only_fetched_is_judged_by_who_gave_it() -> None:
    url = "https://api.x.ai/v1/responses/resp_1"

    assert moved(None, {"model": "grok-3"}, url=url, method="GET") == [f"/model: {RETIRED}; recorded 'grok-3'"]


@pytest.mark.parametrize(
    ("model", "parameter", "line"),
    [
        ("grok-4.7", {"stop": ["."]}, "/stop: grok-4.7 rejects it; recorded ['.']"),
        ("grok-4.3", {"presence_penalty": 0.5}, "/presence_penalty: grok-4.3 rejects it; recorded 0.5"),
        (
            "grok-4.20",
            {"reasoning_effort": "low"},
            "/reasoning_effort: grok-4.20-0309-reasoning rejects it; recorded 'low'",
        ),
        (
            "grok-4.3",
            {"reasoning_effort": "xhigh"},
            "/reasoning_effort: grok-4.3 takes none, low, medium, high; recorded 'xhigh'",
        ),
        (
            "grok-4.7",
            {"reasoning": {"effort": "none"}},
            "/reasoning/effort: grok-4.7 takes low, medium, high, xhigh; recorded 'none'",
        ),
    ],
)
def test_a_parameter_that_the_model_rejects_is_named(model: str, parameter: dict[str, Any], line: str) -> None:
    assert moved({"model": model, **parameter}) == [f"request {line}"]


def test_a_parameter_is_judged_by_the_model_that_answers_now() -> None:
    assert "request /stop: grok-4.3 rejects it; recorded '.'" in moved({"model": "grok-3", "stop": "."})


@pytest.mark.parametrize(
    "parameter", [{"stop": None}, {"presence_penalty": 0}, {"reasoning_effort": None}, {"temperature": 1}]
)
def test_parameters_that_are_not_set_or_taken_by_all_have_no_drift(parameter: dict[str, Any]) -> None:
    assert moved({"model": "grok-4.7", **parameter}) == []


def test_penalties_are_no_parameters_of_a_response() -> None:
    assert list(request_drift("/responses", {"model": "grok-4.7", "stop": ["."]}, CATALOGUE)) == []


@pytest.mark.parametrize("usage", [{**USAGE, COST: 1}, {**USAGE, "completion_tokens": 5.0, COST: 1}])
def test_a_cost_at_other_prices_is_named_with_what_it_is_now(usage: dict[str, Any]) -> None:
    found = moved({"model": "grok-4.3"}, {"model": "grok-4.3", "usage": usage})

    assert found == [f"/usage/{COST}: {10 * 12_500 + 5 * 25_000} at the prices of grok-4.3; recorded 1"]


def test_priority_costs_double_only_where_the_reply_says_so() -> None:
    usage = {**USAGE, COST: 2 * (10 * 12_500 + 5 * 25_000)}

    assert moved({"model": "grok-4.3"}, {"model": "grok-4.3", "usage": usage, "service_tier": "priority"}) == []
    assert moved({"model": "grok-4.3"}, {"model": "grok-4.3", "usage": usage, "service_tier": "default"}) != []


@pytest.mark.parametrize(
    "usage",
    [
        USAGE,
        {**USAGE, COST: None},
        {**USAGE, COST: 1, "server_side_tool_usage_details": {"image_generation_calls": 1}},
        {**USAGE, "prompt_tokens": 300_000, COST: 1, "server_side_tool_usage_details": {"web_search_calls": 1}},
    ],
    ids=["no cost", "null", "an image by a tool", "steps on both sides of the threshold"],
)
def test_a_cost_that_cannot_be_reckoned_is_not_judged(usage: dict[str, Any]) -> None:
    assert moved({"model": "grok-4.3"}, {"model": "grok-4.3", "usage": usage}) == []


def test_the_dearer_region_has_prices_of_its_own() -> None:
    answer = {"model": "grok-4.3", "usage": {**USAGE, COST: 1}}

    assert moved({"model": "grok-4.3"}, answer, url="https://us.api.x.ai/v1/chat/completions") == []


@pytest.mark.parametrize(
    ("given", "more"),
    [
        (({"model": "grok-99"},), {"status": 404}),
        (({"model": "grok-99"},), {"url": "http://localhost/v1/chat/completions"}),
        (({"model": "v1"},), {"url": "https://api.x.ai/v1/embeddings"}),
        (({"model": 7}, {"model": None, "usage": "?"}), {}),
        (([1], [2]), {}),
        ((None,), {"events": [{"line": "[DONE]"}, {"data": 7}, {"data": {"response": None}}]}),
    ],
    ids=["refused", "another host", "embeddings", "odd values", "arrays", "odd events"],
)
def test_what_says_nothing_of_the_models_of_today_has_no_drift(given: Sequence[Any], more: dict[str, Any]) -> None:
    assert moved(*given, **more) == []


async def test_a_recorded_listing_is_compared_by_model_and_price(path: Path) -> None:
    simulator = Simulator(as_of=date(2026, 4, 16))
    grok = client(Cassette(path, transport=simulator.transport()), api_key=simulator.key)
    await grok.models.list_language()

    [drifted] = check(path)

    assert f"/models/0/id: {RETIRED}; recorded 'grok-3'" in drifted.drift
    assert any("prompt_text_token_price: 12500 for grok-4.20-" in line for line in drifted.drift)


def test_the_price_of_an_image_in_a_listing_is_compared() -> None:
    url, listed = "https://api.x.ai/v1/image-generation-models", {"id": "grok-imagine-image", "image_price": 7}
    lines = ["/image_price: 200000000 for grok-imagine-image; recorded 7"]

    assert moved(None, {"models": [listed]}, url=url, method="GET") == [f"/models/0{lines[0]}"]
    assert moved(None, listed, url=f"{url}/grok-imagine-image", method="GET") == lines


async def test_a_listing_of_today_has_no_drift(path: Path) -> None:
    simulator = Simulator(as_of=TODAY)
    grok = client(Cassette(path, transport=simulator.transport()), api_key=simulator.key)
    for ask in (grok.models.list, grok.models.list_language, grok.models.list_image, grok.models.list_video):
        await ask()

    found = [one.drift for one in check(path)]

    assert [line for drift in found for line in drift if "image-quality" not in line] == []


@pytest.fixture
def live() -> Listing:
    return live_listing(Simulator(as_of=TODAY).grok())


def test_what_a_server_lists_is_what_counts_live(live: Listing) -> None:
    old = live_listing(Simulator(as_of=date(2026, 4, 16)).grok())

    assert moved({"model": "grok-4.7"}, listing=live) == []
    assert moved({"model": "grok-3"}, listing=old) == []
    assert moved({"model": "grok-4.7"}, listing=old) == [
        "request /model: not in the listing of simulator.invalid; recorded 'grok-4.7'"
    ]


def test_a_retired_model_that_is_not_listed_is_explained(live: Listing) -> None:
    assert model_trouble("grok-3", live) == f"not in the listing of simulator.invalid ({RETIRED})"


def test_live_prices_and_efforts_win_over_those_of_the_catalogue() -> None:
    card = {
        "id": "grok-4.3",
        "prompt_text_token_price": 1,
        "completion_text_token_price": 1,
        "capabilities": {"reasoning_effort": ["low"]},
    }
    transport = MockTransport(lambda call: json_reply({"models": [card] if "language" in call.path else []}))
    listing = live_listing(Grok(api_key=KEY, transport=transport))
    asked = {"model": "grok-4.3", "reasoning_effort": "high", "stop": "."}

    assert moved(asked, {"model": "grok-4.3", "usage": {**USAGE, COST: 250_000}}, listing=listing) == [
        "request /stop: grok-4.3 rejects it; recorded '.'",
        "request /reasoning_effort: grok-4.3 takes low; recorded 'high'",
        f"/usage/{COST}: 15 at the prices of grok-4.3; recorded 250000",
    ]


def test_voice_models_are_in_no_listing_and_not_missed(live: Listing) -> None:
    assert model_trouble("grok-voice-latest", live) is None


def test_recordings_of_the_server_that_is_asked_are_compared_too(live: Listing) -> None:
    url = "http://simulator.invalid/v1/chat/completions"

    assert moved({"model": "grok-99"}, url=url, listing=live) != []
    assert moved({"model": "grok-99"}, url=url) == []


FIELDS = "model usage reasoning effort reasoning_effort stop models data id image_price response service_tier"
COUNTS = "prompt_tokens input_tokens completion_tokens_details long_context_threshold"
NAMES = st.sampled_from([*FIELDS.split(), *COUNTS.split(), COST])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["grok-3", "grok-4.7", "", "-latest"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@given(
    st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES), st.sampled_from(["chat/completions", "models", "x"])
)
def test_whatever_was_recorded_is_judged_without_an_error(asked: object, answered: object, where: str) -> None:
    url = f"https://api.x.ai/v1/{where}"

    as_body = moved(asked, answered, url=url)
    as_events = moved(asked, url=url, events=[{"data": answered}])

    assert all("recorded" in line for line in as_body + as_events)


@pytest.mark.parametrize("model", KNOWN, ids=lambda model: model.id)
def test_every_model_of_the_catalogue_is_fine_or_explained(model: Model) -> None:
    trouble = model_trouble(model.id, CATALOGUE)

    assert (trouble is None) == (model.retired_on is None)
    assert served_drift(model.id, model.id, CATALOGUE) is None or model.served_by
