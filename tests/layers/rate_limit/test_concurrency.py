from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.layers.rate_limit.concurrency import Concurrency
from grokkit.layers.rate_limit.share import LEAST, Share


def running(count: int) -> Concurrency:
    calls = Concurrency()
    for _ in range(count):
        calls.enter(None, adaptive=False)
    return calls


def test_nothing_is_bounded_before_the_first_refusal() -> None:
    assert running(10_000).room(None, adaptive=True)


def test_a_hard_bound_holds_from_the_start() -> None:
    assert running(4).room(5, adaptive=False)
    assert not running(5).room(5, adaptive=False)


def test_a_refusal_cuts_what_runs_once_a_round_trip() -> None:
    calls = running(100)

    cuts = [calls.refused(started=0.0, now=1.0), calls.refused(started=0.5, now=1.1), calls.refused(1.0, 1.2)]

    assert cuts == [True, False, False]
    assert calls.bound == pytest.approx(70.0)
    assert calls.refused(started=1.5, now=2.0)
    assert calls.bound == pytest.approx(49.0)


def rounds(calls: Concurrency, count: int, capacity: int = 10**9) -> list[int]:
    """The bound in each of some seconds, in which as many run as may, and those above a capacity are refused."""
    bounds = []
    for now in range(10, 10 + count):
        admitted = 0
        while calls.enter(None, adaptive=True) and admitted < 1000:
            admitted += 1
        for number in range(admitted):
            if number >= capacity:
                calls.refused(started=now, now=now + 0.5)
                calls.leave()
            else:
                calls.succeeded("chat", started=now, now=now + 0.5, over=True)
        bounds.append(round(calls.bound or 0.0))
    return bounds


def cut_at(count: int) -> Concurrency:
    calls = running(count)
    calls.refused(started=0.0, now=1.0)
    for _ in range(count):
        calls.leave()
    return calls


def test_a_bound_grows_fast_up_to_where_it_was_cut_slowly_there_and_fast_again_beyond() -> None:
    assert rounds(cut_at(100), 12) == [85, 92, 92, 96, 98, 99, 101, 105, 113, 129, 161, 225]


def test_a_bound_stays_near_a_capacity_that_lasts() -> None:
    bounds = rounds(cut_at(100), 200, capacity=50)

    assert all(35 <= bound <= 52 for bound in bounds[8:])
    assert sum(later < sooner for sooner, later in pairwise(bounds)) < 50


@pytest.mark.parametrize("count", [1, 4, 8])
def test_a_refusal_while_few_run_bounds_nothing(count: int) -> None:
    calls = running(count)

    assert not calls.refused(started=0.0, now=1.0)
    assert calls.bound is None


def test_few_whom_a_bound_keeps_so_few_are_made_fewer_down_to_the_floor() -> None:
    calls = cut_at(10)

    assert rounds(calls, 4, capacity=3) == [5, 4, 4, 4]


def test_a_bound_far_above_what_runs_is_forgotten() -> None:
    calls = running(20)
    calls.refused(started=0.0, now=1.0)
    for _ in range(19):
        calls.leave()

    successes = 0
    while calls.bound is not None:
        calls.succeeded("chat", started=2.0, now=3.0)
        successes += 1
        assert successes < 1000

    assert calls.room(None, adaptive=True)


def test_a_slowdown_counts_as_a_refusal() -> None:
    calls = running(10)
    for _ in range(50):
        calls.succeeded("chat", started=0.0, now=1.0)
    assert calls.bound is None

    for _ in range(8):
        calls.succeeded("chat", started=10.0, now=14.0)

    assert calls.bound == pytest.approx(7.0)


def test_a_slower_kind_of_call_is_no_slowdown() -> None:
    calls = running(10)
    for _ in range(100):
        calls.succeeded("chat", started=0.0, now=1.0)
    for number in range(100):
        calls.succeeded("video", started=0.0, now=60.0 + number % 7)

    assert calls.bound is None


def test_a_lasting_change_becomes_usual() -> None:
    calls = running(10)
    for _ in range(50):
        calls.succeeded("chat", started=0.0, now=1.0)
    for moment in range(100):
        calls.succeeded("chat", started=100.0 * moment, now=100.0 * moment + 4.0)
    cut = calls.bound
    assert cut is not None

    for moment in range(100, 200):
        calls.succeeded("chat", started=100.0 * moment, now=100.0 * moment + 4.0)

    assert calls.bound is None or calls.bound >= cut


@given(st.lists(st.sampled_from(["start", "end", "refused", "good"]), max_size=200))
def test_one_may_always_run(steps: list[str]) -> None:
    calls = Concurrency()
    for now, step in enumerate(steps):
        if step == "start":
            calls.enter(None, adaptive=False)
        elif step == "end" and calls.running:
            calls.leave()
        elif step == "refused":
            calls.refused(now - 0.5, now)
        else:
            calls.succeeded("chat", now - 0.5, now)
        assert calls.bound is None or calls.bound >= 1.0
    while calls.running:
        calls.leave()
    assert calls.room(None, adaptive=True)


def test_a_share_never_vanishes() -> None:
    share = Share()
    for now in range(1000):
        share.shrink(now=float(now))

    assert share.at(1000.0) >= LEAST


def test_calls_under_way_at_a_shrink_have_no_say_in_the_next() -> None:
    share = Share()

    assert share.shrink(now=10.0, started=9.0)
    assert not share.shrink(now=11.0, started=9.5)
    assert share.shrink(now=12.0, started=10.5)
    assert share.at(12.0) == pytest.approx(0.81, abs=0.01)


@given(first=st.floats(0.1, 1.0), second=st.floats(0.1, 1.0))
def test_two_who_use_one_limit_meet(first: float, second: float) -> None:
    ours, theirs = Share(), Share()
    ours.set(first, 0.0)
    theirs.set(second, 0.0)
    for now in range(20_000):
        if ours.at(now) + theirs.at(now) > 1.0:
            ours.shrink(now)
            theirs.shrink(now)

    assert ours.at(20_000.0) == pytest.approx(theirs.at(20_000.0), abs=0.05)
    assert 0.8 < ours.at(20_000.0) + theirs.at(20_000.0) <= 1.01
