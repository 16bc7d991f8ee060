from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.layers.rate_limit.estimate import IMAGE_TOKENS, Usual, tokens_of
from grokkit.layers.rate_limit.recent import Recent

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(object()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@pytest.mark.parametrize(
    ("body", "least", "most"),
    [
        (None, 100, 100),
        (b"x" * 400, 200, 200),
        ({"input": "x" * 400}, 200, 200),
        ({"input": "x" * 400, "max_output_tokens": 7}, 107, 107),
        ({"input": "x" * 400, "max_output_tokens": None}, 200, 200),
        ({"input": "ü" * 400, "max_output_tokens": 1}, 201, 201),
        ({"messages": [{"role": "user", "content": "x" * 400}], "max_tokens": 50}, 150, 160),
        ({"messages": [{"role": "user", "content": "x" * 400}], "max_completion_tokens": 50, "n": 3}, 250, 260),
        ({"messages": [{"role": "user", "content": [IMAGE, {"type": "text", "text": "x" * 40}]}]}, IMAGE_TOKENS, 1920),
        ({"input": "", "tools": [{"type": "function", "name": "f", "parameters": {"d": "x" * 4000}}]}, 1100, 1115),
    ],
)
def test_a_call_is_weighed_by_its_text_images_and_most_output(body: Any, least: float, most: float) -> None:
    assert least <= tokens_of(body, usual_output=100.0) <= most


@given(body=st.dictionaries(st.sampled_from(["input", "messages", "tools", "n", "max_tokens", "x"]), JSON))
def test_whatever_the_body_there_is_an_estimate(body: dict[str, Any]) -> None:
    assert tokens_of(body, usual_output=10.0) >= 0.0


def test_a_body_without_end_is_weighed_nevertheless() -> None:
    endless: list[Any] = []
    endless.append(endless)

    assert tokens_of({"input": endless}, usual_output=10.0) > 0.0


@given(amounts=st.lists(st.floats(0, 1e6), min_size=1, max_size=100))
def test_what_is_usual_lies_between_the_extremes(amounts: list[float]) -> None:
    usual = Usual()
    for amount in amounts:
        usual.add(output=amount, total=2 * amount)

    assert min(amounts) - 1e-6 <= usual.output <= max(amounts) + 1e-6
    assert 2 * min(amounts) - 1e-6 <= usual.total <= 2 * max(amounts) + 1e-6


def test_what_is_usual_changes() -> None:
    usual = Usual()
    for amount in [10_000.0] * 50 + [10.0] * 200:
        usual.add(output=amount, total=amount)

    assert usual.output == usual.total < 50.0


def test_what_was_sent_is_remembered_for_a_minute() -> None:
    recent = Recent()
    for second in range(200):
        recent.add(1000.0 + second, requests=1, tokens=10)

    assert 60 <= recent.within(1199.0, 60.0, "requests_per_minute") <= 61
    assert 600 <= recent.within(1199.0, 60.0, "tokens_per_minute") <= 610
    assert recent.within(1400.0, 60.0, "requests_per_minute") == 0
