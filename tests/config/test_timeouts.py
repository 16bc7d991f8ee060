"""Five clocks in one value."""

import copy
import math
import pickle
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.config import Limits, Timeouts
from grokkit.errors import ConfigInvalid

NAMES = ("total", "connect", "first_event", "idle", "wire")

amounts = st.one_of(st.none(), st.floats(min_value=0.001, max_value=1e6), st.integers(1, 10**6))
some_parts = st.dictionaries(st.sampled_from(NAMES), amounts)


def test_defaults_are_generous_for_models_that_reason() -> None:
    assert Timeouts().limits(reasoning=True) == Limits(3600, 10, 600, 600, 300)
    assert Timeouts().limits(reasoning=False) == Limits(3600, 10, 120, 120, 90)


def test_what_is_set_holds_for_every_model() -> None:
    timeouts = Timeouts(first_event=1, idle=None, wire=3)

    assert timeouts.limits(reasoning=True) == timeouts.limits(reasoning=False) == Limits(3600, 10, 1, None, 3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (30, Timeouts(total=30)),
        (0.5, Timeouts(total=0.5)),
        (timedelta(minutes=2), Timeouts(total=120)),
        (None, Timeouts(total=None)),
        (math.inf, Timeouts(total=None)),
        ({"idle": 5, "wire": "auto"}, Timeouts(idle=5)),
        (Timeouts(wire=1), Timeouts(wire=1)),
    ],
)
def test_takes_any_form_of_a_timeout(value: Any, expected: Timeouts) -> None:
    assert Timeouts.of(value) == expected


@pytest.mark.parametrize("wrong", [True, False, -1, 0, math.nan, -math.inf, "5", "later", [1], timedelta(0), 10**400])
@pytest.mark.parametrize("name", NAMES)
def test_refuses_what_is_no_duration(name: str, wrong: Any) -> None:
    with pytest.raises(ConfigInvalid, match=f"timeout.{name} takes a number of seconds above 0") as caught:
        Timeouts(**{name: wrong})

    assert caught.value.param == f"timeout.{name}"


@pytest.mark.parametrize("name", ["total", "connect"])
def test_only_clocks_that_depend_on_the_model_can_be_automatic(name: str) -> None:
    with pytest.raises(ConfigInvalid, match="found the text 'auto'"):
        Timeouts.of({name: "auto"})


def test_names_the_parts_when_one_is_unknown() -> None:
    with pytest.raises(ConfigInvalid, match="no part 'read'") as caught:
        Timeouts.of({"read": 5})

    assert "total, connect, first_event, idle, wire" in str(caught.value)


def test_the_repr_shows_what_differs_from_the_default() -> None:
    assert repr(Timeouts()) == "Timeouts()"
    assert repr(Timeouts(total=3600)) == "Timeouts()"
    assert repr(Timeouts(idle=None, total=60)) == "Timeouts(total=60.0, idle=None)"


def test_a_part_set_to_its_default_on_purpose_is_merged() -> None:
    merged = Timeouts(total=60, idle=5).merge(Timeouts(total=3600))

    assert merged == Timeouts(idle=5)


@given(some_parts, some_parts)
def test_merging_takes_what_the_other_sets_and_keeps_the_rest(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert Timeouts(**one).merge(Timeouts(**other)) == Timeouts(**{**one, **other})
    assert Timeouts(**one).merge(other) == Timeouts(**one).replace(**other)


@given(some_parts)
def test_is_a_value(parts: dict[str, Any]) -> None:
    timeouts = Timeouts(**parts)

    assert eval(repr(timeouts)) == timeouts
    assert hash(timeouts) == hash(Timeouts(**parts))
    assert copy.deepcopy(timeouts) == timeouts
    assert pickle.loads(pickle.dumps(timeouts)) == timeouts
    with pytest.raises(AttributeError):
        timeouts.total = 1  # type: ignore[misc]
