"""The catalogue: what is known of each model, under every name it answers to."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit import models
from grokkit.models import KNOWN, KNOWN_ON, KnownModelName, is_reasoning, lookup, successor
from grokkit.wire.usage import Prices

IN_SERVICE = [model for model in KNOWN if model.retired_on is None]
RETIRED = [model for model in KNOWN if model.retired_on is not None]


class TestLookup:
    @pytest.mark.parametrize("model", KNOWN, ids=lambda model: model.id)
    def test_a_model_is_found_by_its_id_and_each_alias_in_any_case(self, model):
        for name in (model.id, *model.aliases):
            assert lookup(name) is model
            assert lookup(name.upper()) is model

    @pytest.mark.parametrize("name", ["", "-", "-latest", "gpt-6", "smollm2-135m-instruct.q4_1.gguf", "grok-9", "2026"])
    def test_an_unknown_name_is_none(self, name):
        assert lookup(name) is None

    @pytest.mark.parametrize(
        ("name", "model"),
        [
            ("grok-4.7-latest", "grok-4.7"),
            ("grok-4.7-0915", "grok-4.7"),
            ("grok-4.7-20260915", "grok-4.7"),
            ("grok-4.7-2026-09-15", "grok-4.7"),
            ("grok-4.20", "grok-4.20-0309-reasoning"),
            ("grok-4.20-latest", "grok-4.20-0309-reasoning"),
            ("grok-4.20-multi-agent", "grok-4.20-multi-agent-0309"),
            ("grok-imagine-video-1.5-2026-05-30", "grok-imagine-video-1.5"),
            ("grok-voice-latest", "grok-voice-3.0"),
            ("grok-4", "grok-4-0709"),
        ],
    )
    def test_latest_and_dated_names_stand_for_their_family(self, name, model):
        found = lookup(name)

        assert found is not None
        assert found.id == model

    def test_an_unknown_date_of_a_retired_family_is_not_taken_for_the_retired_model(self):
        assert lookup("grok-3-1231") is None

    def test_every_name_belongs_to_one_model_and_is_lower_case(self):
        names = [name for model in KNOWN for name in (model.id, *model.aliases)]

        assert len(names) == len(set(names))
        assert names == [name.lower() for name in names]

    @given(st.text() | st.lists(st.sampled_from(["grok", "4.7", "latest", "0309", "2026", "09"])).map("-".join))
    def test_no_name_whatever_makes_it_fail(self, name):
        found = lookup(name)

        assert found is None or found in KNOWN


class TestFacts:
    @pytest.mark.parametrize(
        ("name", "window", "prices"),
        [
            ("grok-4.7", 500_000, (20_000, 5_000, 60_000)),
            ("grok-4.6", 500_000, (20_000, 5_000, 60_000)),
            ("grok-4.5", 500_000, (20_000, 3_000, 60_000)),
            ("grok-4.3", 1_000_000, (12_500, 2_000, 25_000)),
            ("grok-4.20-0309-reasoning", 1_000_000, (12_500, 2_000, 25_000)),
            ("grok-4.20-0309-non-reasoning", 1_000_000, (12_500, 2_000, 25_000)),
            ("grok-4.20-multi-agent-0309", 1_000_000, (12_500, 2_000, 25_000)),
            ("grok-build-0.1", 256_000, (10_000, 2_000, 20_000)),
        ],
    )
    def test_text_models_have_their_window_and_prices_in_ticks(self, name, window, prices):
        model = lookup(name)

        assert model is not None
        assert model.context_window == window
        assert model.prices == Prices(
            input=prices[0],
            cached_input=prices[1],
            output=prices[2],
            long_context_threshold=200_000,
            long_input=2 * prices[0],
            long_cached_input=2 * prices[1],
            long_output=2 * prices[2],
        )

    @pytest.mark.parametrize(
        ("name", "unit", "variant", "ticks"),
        [
            ("grok-imagine-image", "image", "any", 200_000_000),
            ("grok-imagine-image", "input image", "any", 20_000_000),
            ("grok-imagine-image-2.0", "image", "medium 2k", 800_000_000),
            ("grok-imagine-image-2.0", "image", "low 1.5k", 500_000_000),
            ("grok-imagine-video", "second", "720p", 700_000_000),
            ("grok-imagine-video-1.5", "second", "1080p", 2_500_000_000),
            ("grok-imagine-video-1.5-lite", "second", "480p", 200_000_000),
            ("grok-voice-3.0", "minute", "speech to speech", 800_000_000),
            ("grok-voice-transcribe-2.0", "hour", "stream", 2_000_000_000),
        ],
    )
    def test_media_models_have_prices_by_unit(self, name, unit, variant, ticks):
        model = lookup(name)

        assert model is not None
        assert ticks in [p.ticks for p in model.unit_prices if (p.unit, p.variant) == (unit, variant)]

    @pytest.mark.parametrize("model", IN_SERVICE, ids=lambda model: model.id)
    def test_a_model_in_service_can_be_asked_and_priced(self, model):
        assert model.dialects
        assert model.prices or model.unit_prices
        assert model.known_on == KNOWN_ON
        assert model.default_effort is None or model.default_effort in model.efforts

    @pytest.mark.parametrize("model", [m for m in KNOWN if m.rate_limits], ids=lambda model: model.id)
    def test_a_higher_tier_never_allows_less(self, model):
        limits = model.rate_limits

        assert list(limits.requests_per_second) == sorted(limits.requests_per_second)
        assert limits.tokens_per_minute is None or list(limits.tokens_per_minute) == sorted(limits.tokens_per_minute)

    def test_the_420_family_rejects_every_effort_except_with_many_agents(self):
        rejecting = {model.id for model in IN_SERVICE if "reasoning_effort" in model.rejects}

        assert rejecting == {"grok-4.20-0309-reasoning", "grok-4.20-0309-non-reasoning"}

    def test_many_agents_are_asked_through_responses_only(self):
        assert [model.id for model in IN_SERVICE if model.dialects == ("responses",)] == ["grok-4.20-multi-agent-0309"]

    def test_a_model_that_rejects_effort_has_no_efforts(self):
        assert not [model.id for model in KNOWN if model.efforts and "reasoning_effort" in model.rejects]


class TestRetired:
    def test_the_models_of_the_fifteenth_of_may_are_retired_on_that_day(self):
        names = [
            "grok-4-1-fast-reasoning",
            "grok-4-1-fast-non-reasoning",
            "grok-4-fast-reasoning",
            "grok-4-fast-non-reasoning",
            "grok-4-0709",
            "grok-code-fast-1",
            "grok-3",
            "grok-imagine-image-pro",
        ]

        for name in names:
            model = lookup(name)
            assert model is not None
            assert model.retired_on == date(2026, 5, 15)

    @pytest.mark.parametrize("model", [m for m in RETIRED if m.served_by], ids=lambda model: model.id)
    def test_what_answers_for_a_retired_model_is_in_the_end_in_service(self, model):
        heir = successor(model)

        assert heir is not None
        assert heir.retired_on is None
        assert heir.output_modalities == model.output_modalities

    def test_a_model_in_service_is_its_own_successor(self):
        for model in IN_SERVICE:
            assert successor(model) is model

    def test_a_model_that_nothing_answers_for_has_no_successor(self):
        model = lookup("grok-2")

        assert model is not None
        assert successor(model) is None


class TestReasoning:
    @pytest.mark.parametrize(
        ("name", "effort", "expected"),
        [
            ("grok-4.7", None, True),
            ("grok-4.7", "none", True),
            ("grok-4.3", None, True),
            ("grok-4.3", "low", True),
            ("grok-4.3", "none", False),
            ("GROK-4.3-latest", "None", False),
            ("grok-4.20", "none", True),
            ("grok-4.20-0309-non-reasoning", None, False),
            ("grok-4.20-0309-non-reasoning", "high", False),
            ("grok-4-fast-non-reasoning", None, False),
            ("grok-3", None, False),
            ("grok-3-mini", None, True),
            ("grok-imagine-image-2.0", None, None),
            ("grok-voice-latest", None, None),
            ("my-own.gguf", None, None),
            ("my-own.gguf", "none", None),
        ],
    )
    def test_it_is_known_who_thinks_before_answering(self, name, effort, expected):
        assert is_reasoning(name, effort) is expected


class TestNames:
    def test_the_hint_for_type_checkers_lists_exactly_the_models_in_service(self):
        assert list(get_args(KnownModelName)) == [model.id for model in IN_SERVICE]

    def test_every_model_in_service_has_a_constant(self):
        constants = {value for name, value in vars(models).items() if name.startswith("GROK_")}

        assert constants == {model.id for model in IN_SERVICE}

    def test_the_page_about_models_tells_of_each(self):
        page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")

        for model in KNOWN:
            assert f"`{model.id}`" in page, model.id

    @pytest.mark.parametrize("model", [m for m in IN_SERVICE if m.prices], ids=lambda model: model.id)
    def test_the_page_about_models_tells_the_same_prices(self, model):
        page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
        row = next(line for line in page.splitlines() if line.startswith(f"| `{model.id}`"))

        own = (model.prices.input, model.prices.cached_input, model.prices.output)

        assert " / ".join(f"{ticks / 10_000:.2f}" for ticks in own) in row

    def test_knowing_models_loads_no_transport(self):
        heavy = {"aiohttp", "asyncio", "httpx2", "ssl"}
        code = f"import sys, grokkit.models; print(sorted({heavy} & set(sys.modules)))"

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert done.stdout.strip() == "[]"
