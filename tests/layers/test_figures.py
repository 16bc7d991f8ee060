"""How long calls of each kind took lately."""

import math
import sys
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.call import Call
from grokkit.layers.figures import Figures, Timings, kind_of


def call(**body: object) -> Call:
    return Call(
        method="POST",
        base_url="https://api.x.ai/v1",
        path="/responses",
        operation="responses",
        id="c",
        model="grok-4.3",
        body={"model": "grok-4.3", **body},
        account="a",
    )


@given(
    samples=st.lists(st.tuples(st.floats(0, 50), st.floats(0.001, 1000)), max_size=200).map(sorted),
    share=st.floats(0.01, 1),
)
def test_a_quantile_is_that_of_the_samples_that_are_young_enough(
    samples: list[tuple[float, float]], share: float
) -> None:
    timings = Timings(keep=30.0)
    for now, seconds in samples:
        timings.add(first=seconds / 2, whole=seconds, now=now)

    found = timings.whole.quantile(share, now=50.0)

    young = sorted(seconds for now, seconds in samples[-128:] if now + 30.0 > 50.0)
    assert found == (young[max(0, math.ceil(share * len(young)) - 1)] if young else None)


def test_too_few_samples_say_nothing() -> None:
    figures = Figures(lambda: 0.0)
    for _ in range(9):
        figures.answered(call(), 1.0, 2.0)

    assert figures.first_output(call(), 0.5, least=10) is None
    figures.answered(call(), 1.0, 2.0)
    assert (figures.first_output(call(), 0.5, least=10), figures.whole(call(), 0.5, least=10)) == (1.0, 2.0)


@pytest.mark.parametrize(
    "other",
    [
        lambda: call().replace(model="grok-4.7"),
        lambda: call().replace(account="b"),
        lambda: call().replace(operation="chat"),
        lambda: call(reasoning={"effort": "high"}),
        lambda: call(reasoning_effort="high"),
    ],
)
def test_calls_that_may_take_another_time_are_another_kind(other: Callable[[], Call]) -> None:
    figures = Figures(lambda: 0.0)
    figures.answered(call(), 1.0, 2.0)

    assert kind_of(other()) != kind_of(call())
    assert figures.whole(other(), 0.5, least=1) is None


def test_the_kinds_that_are_remembered_are_bounded() -> None:
    figures = Figures(lambda: 0.0)

    for number in range(3000):
        figures.answered(call().replace(model=f"m{number}"), 1.0, 2.0)

    assert len(list(figures)) <= 1024


def test_few_of_many_that_were_quick_show_that_it_can_be_done() -> None:
    figures = Figures(lambda: 0.0)
    for number in range(20):
        figures.answered(call(), 0.1, 0.2 if number < 3 else 9.0)

    assert (figures.typical(call()), figures.least(call())) == (9.0, 0.2)


def test_streams_count_with_their_first_output() -> None:
    figures = Figures(lambda: 0.0)
    for _ in range(10):
        figures.answered(call(), 0.1, None)

    assert figures.whole(call(), 0.5, least=1) is None
    assert (figures.typical(call()), figures.least(call())) == (0.1, 0.1)


def test_one_call_in_sixteen_sets_out_whatever_the_figures_say() -> None:
    figures = Figures(lambda: 0.0)
    for _ in range(10):
        figures.answered(call(), 5.0, 9.0)

    said = [figures.least(call().replace(id=f"{number:02x}")) for number in range(256)]

    assert said.count(None) == 16
    assert set(said) == {None, 9.0}


def test_one_thread_reads_what_another_adds() -> None:
    figures, failures, over = Figures(lambda: 0.0), [], threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                for _, timings in figures:
                    timings.whole.quantile(0.5, now=float(len(failures)))
            except RuntimeError as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        reader.start()
        for number in range(3000):
            figures.answered(call().replace(model=f"m{number}"), 1.0, 2.0)
    finally:
        sys.setswitchinterval(before)
        over.set()
        reader.join()

    assert failures == []
