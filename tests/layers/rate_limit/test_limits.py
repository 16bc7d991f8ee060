from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.config import RateLimit
from grokkit.layers.rate_limit.limits import Learned, Limit, in_force, told_by_headers, usable
from grokkit.layers.rate_limit.quotas import PADDING, name_of, quotas_of, rate_of

FIGURES = st.dictionaries(
    st.sampled_from(["requests_per_second", "requests_per_minute", "tokens_per_minute"]), st.floats(0.1, 1e9)
)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ratelimit-limit-requests": "1200"}, {"requests_per_minute": 1200.0}),
        (
            {"x-ratelimit-limit-requests": "640", "x-ratelimit-limit-tokens": "14000000"},
            {"requests_per_minute": 640.0, "tokens_per_minute": 14_000_000.0},
        ),
        ({}, {}),
        ({"x-ratelimit-limit-requests": "many", "x-ratelimit-limit-tokens": ""}, {}),
        ({"x-ratelimit-limit-requests": "0", "x-ratelimit-limit-tokens": "inf"}, {}),
        ({"x-ratelimit-limit-requests": "-5", "x-ratelimit-limit-tokens": "nan"}, {}),
    ],
)
def test_headers_tell_limits_a_minute(headers: dict[str, str], expected: dict[str, float]) -> None:
    assert told_by_headers(headers) == expected


def test_only_limits_of_a_known_kind_are_used() -> None:
    assert usable({"requests_per_day": 9.0, "tokens_per_minute": math.nan, "requests_per_second": 2}) == {
        "requests_per_second": 2.0
    }


@pytest.mark.parametrize(
    ("policy", "tier", "learned", "expected"),
    [
        (RateLimit(), {}, Learned(), []),
        (RateLimit(requests_per_minute=60), {}, Learned(), [("requests_per_minute", 60.0, "given")]),
        (
            RateLimit(requests_per_minute=60),
            {"requests_per_minute": 50.0},
            Learned(headers={"requests_per_minute": 40.0}),
            [("requests_per_minute", 40.0, "header")],
        ),
        (
            RateLimit(requests_per_minute=60),
            {"requests_per_minute": 50.0},
            Learned(headers={"requests_per_minute": 90.0}),
            [("requests_per_minute", 50.0, "tier")],
        ),
        (
            RateLimit(),
            {},
            Learned(headers={"requests_per_minute": 40.0}, refusals={"requests_per_minute": 70.0}),
            [("requests_per_minute", 70.0, "refusal")],
        ),
        (
            RateLimit(mode="fixed", tokens_per_minute=10),
            {},
            Learned(headers={"requests_per_minute": 40.0}, refusals={"tokens_per_minute": 5.0}),
            [("tokens_per_minute", 10.0, "given")],
        ),
    ],
)
def test_the_smallest_limit_that_is_known_is_in_force(
    policy: RateLimit, tier: dict[str, float], learned: Learned, expected: list[tuple[str, float, str]]
) -> None:
    assert in_force(policy, tier, learned) == tuple(Limit(*each) for each in expected)


@given(given_limits=FIGURES, tier=FIGURES, headers=FIGURES, refusals=FIGURES)
def test_what_is_given_is_never_exceeded(
    given_limits: dict[str, float], tier: dict[str, float], headers: dict[str, float], refusals: dict[str, float]
) -> None:
    policy = RateLimit(**given_limits)  # type: ignore[arg-type]  # the names are those of the policy

    found = {limit.name: limit.value for limit in in_force(policy, tier, Learned(headers, refusals))}

    for known in (given_limits, tier, refusals):
        assert all(found[name] <= value for name, value in known.items())


@given(headers=FIGURES, refusals=FIGURES, share=st.floats(0.05, 1.0), shrinks=st.integers(0, 100))
def test_what_was_learned_survives_a_store(
    headers: dict[str, float], refusals: dict[str, float], share: float, shrinks: int
) -> None:
    learned = Learned(headers, refusals, share, shrinks)

    assert Learned.decoded(learned.encoded()) == learned


def test_what_cannot_be_read_is_nothing() -> None:
    assert Learned.decoded(b"\xff[") == Learned()
    assert Learned.decoded(b'{"headers": 5}') == Learned()


def test_a_limit_below_one_is_one_in_a_longer_window() -> None:
    [quota] = quotas_of("m", [Limit("requests_per_minute", 0.5, "given")], burst=0.25)

    assert (quota.limit, quota.window, quota.depth) == (1.0, 120.0 + PADDING, 1.0)


def test_a_share_of_a_limit_a_second_is_kept_by_the_minute() -> None:
    second, minute = quotas_of("m", [Limit("requests_per_second", 2.0, "given")], burst=0.25, share=0.9)

    assert (second.limit, second.window) == (2.0, 1.0 + PADDING)
    assert (minute.limit, minute.window) == (108.0, 60.0 + PADDING)
    assert name_of(second) == name_of(minute) == "requests_per_second"


@given(
    value=st.floats(0.01, 1e6),
    name=st.sampled_from(["requests_per_second", "requests_per_minute"]),
    burst=st.floats(0.0, 1.0),
    share=st.floats(0.05, 1.0),
)
def test_quotas_let_pass_no_more_than_the_limit(value: float, name: str, burst: float, share: float) -> None:
    quotas = quotas_of("m", [Limit(name, value, "given")], burst=burst, share=share)
    window = 1.0 if name == "requests_per_second" else 60.0

    rate = rate_of(quotas)

    assert rate is not None
    assert rate <= value / window
    assert all(quota.depth >= 1.0 for quota in quotas)


def test_without_limits_there_is_no_rate() -> None:
    assert rate_of(quotas_of("m", [], burst=0.25)) is None


def test_a_share_slows_calls_down_and_leaves_the_window_as_it_is() -> None:
    whole, paced = quotas_of("m", [Limit("requests_per_minute", 60.0, "given")], burst=0.25, share=0.9)

    assert (whole.limit, whole.window) == (60.0, 60.0 + PADDING)
    assert paced.limit / (paced.window - PADDING) == pytest.approx(0.9)
