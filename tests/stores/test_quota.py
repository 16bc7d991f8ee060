"""The arithmetic of quotas: never above the limit in any window, hardly below it, and no wait that lies."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokkit.errors import ConfigInvalid
from grokkit.stores import Quota
from grokkit.stores.quota import (
    MICROSECONDS,
    SLOTS,
    Use,
    bring_up,
    give,
    lasts,
    microseconds,
    seconds,
    take,
    terms,
    unused,
    wait_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

START = 1_760_000_000 * MICROSECONDS + 123_457


@dataclass
class Counter:
    """A quota on a clock of the test's own."""

    quota: Quota
    now: int = START
    use: Use = field(default_factory=lambda: Use(0.0, 0.0, 0, []))

    def __post_init__(self) -> None:
        if not self.use.at:
            self.use = unused(terms(self.quota), self.now)

    def wait(self, amount: float) -> int:
        bring_up(self.use, terms(self.quota), self.now)
        return wait_for(self.use, terms(self.quota), amount)

    def take(self, amount: float) -> int:
        wait = self.wait(amount)
        if not wait:
            take(self.use, terms(self.quota), min(amount, self.quota.limit))
        return wait

    def give(self, amount: float, at: int) -> None:
        give(self.use, terms(self.quota), amount, at, self.now)

    def run(self, steps: list[tuple[str, float, float]]) -> None:
        """Take and give, without looking at what comes of it."""
        before = self.now
        for kind, part, pause in steps:
            self.now += math.floor(self.quota.window * MICROSECONDS * pause)
            if kind == "settle":
                self.give(-part * self.quota.limit, self.now)
            elif kind == "give back":
                self.give(part * self.quota.limit, before)
            else:
                self.take(part * self.quota.limit)
                before = self.now


def per_minute(limit: float, depth: float, key: str = "k") -> Quota:
    return Quota(key=key, limit=limit, window=60.0, depth=depth)


limits = st.one_of(st.integers(1, 1000), st.floats(0.01, 1e7))
windows = st.sampled_from([0.05, 0.1, 1.0, 7.3, 60.0, 3600.0, 86400.0])


@st.composite
def quotas(draw: st.DrawFn) -> Quota:
    limit = draw(limits)
    return Quota(key="k", limit=limit, window=draw(windows), depth=limit * draw(st.floats(0.0, 1.5)))


shares = st.one_of(st.just(0.0), st.floats(0.001, 1.0), st.just(1.0), st.just(3.0))
pauses = st.one_of(st.just(0.0), st.floats(0.0, 0.05), st.floats(0.0, 2.0))


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, float, float]]:
    """What is done, to which part of the limit, after which part of the window."""
    kind = st.sampled_from(["take", "take", "take", "wait and take", "give back", "settle"])
    return draw(st.lists(st.tuples(kind, shares, pauses), max_size=60))


@given(quotas(), steps())
@settings(max_examples=400)
def test_what_was_taken_and_not_given_back_is_never_more_than_the_limit_in_any_window(
    quota: Quota, steps: list[tuple[str, float, float]]
) -> None:
    counter = Counter(quota)
    window = math.floor(quota.window * MICROSECONDS)
    taken: list[list[float]] = []  # when, how much of it is left

    for kind, share, pause in steps:
        counter.now += math.floor(window * pause)
        amount = share * quota.limit
        if kind == "give back" and taken:
            at, left = taken[len(taken) // 2]
            counter.give(left * min(share, 1.0), int(at))
            taken[len(taken) // 2][1] -= left * min(share, 1.0)
        elif kind == "settle" and taken:
            counter.give(-amount, int(taken[-1][0]))
            taken.append([counter.now, amount])
        elif kind != "settle":
            wait = counter.take(amount)
            if wait and kind == "wait and take":
                counter.now += wait
                assert counter.take(amount) == 0
                wait = 0
            if not wait:
                taken.append([counter.now, min(amount, quota.limit)])
                within = sum(left for at, left in taken if counter.now - window < at)
                assert within <= quota.limit * (1 + 1e-8)


@given(quotas(), steps(), shares)
@settings(max_examples=400)
def test_a_wait_is_exact_nothing_can_be_taken_before_and_all_of_it_after(
    quota: Quota, steps: list[tuple[str, float, float]], share: float
) -> None:
    counter = Counter(quota)
    counter.run(steps)

    wait = counter.wait(share * quota.limit)
    if wait > 2:
        counter.now += wait - 2
        assert 0 < counter.wait(share * quota.limit) <= 4
        counter.now -= wait - 2
    counter.now += wait

    assert counter.take(share * quota.limit) == 0


@pytest.mark.parametrize("depth", [1, 5, 15, 60])
@pytest.mark.parametrize(("limit", "amount"), [(60, 1), (60, 0.25), (1000, 7), (10, 1), (1, 1)])
def test_who_asks_all_the_time_gets_nearly_all_of_the_limit(limit: float, amount: float, depth: float) -> None:
    counter = Counter(per_minute(limit, depth))
    windows = 20
    taken = 0.0

    while counter.now < START + windows * 60 * MICROSECONDS:
        wait = counter.take(amount)
        counter.now += wait
        taken += 0 if wait else amount

    assert taken >= 0.97 * limit * windows


def saturated(quota: Quota, amounts: Iterator[float], windows: int = 10) -> list[tuple[int, float]]:
    """When how much is taken, from the beginning on, by who asks all the time."""
    counter, taken = Counter(quota), []
    end = START + windows * microseconds(quota.window)
    for amount in amounts:
        while wait := counter.take(amount):
            counter.now += wait
        if counter.now >= end:
            break
        taken.append((counter.now - START, amount))
    return taken


def most_within(taken: list[tuple[int, float]], span: int) -> float:
    """The most that was taken in any time so long."""
    most = within = 0.0
    first = 0
    for at, amount in taken:
        within += amount
        while taken[first][0] <= at - span:
            within -= taken[first][1]
            first += 1
        most = max(most, within)
    return most


def longest_gap(taken: list[tuple[int, float]]) -> int:
    """The longest time in which nothing was taken."""
    return max(later - earlier for (earlier, _), (later, _) in itertools.pairwise(taken))


SLOT, MINUTE = MICROSECONDS, 60 * MICROSECONDS
STEADY = 62 * SLOT
"""After that, what was taken in the burst has left the window."""


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
@pytest.mark.parametrize(("limit", "amount"), [(60, 1), (600, 1), (600, 2.5), (50_000, 300), (2_000_000, 9_999.5)])
def test_steady_demand_has_one_burst_and_then_goes_evenly(limit: float, amount: float, share: float) -> None:
    taken = saturated(per_minute(limit, share * limit), itertools.repeat(amount))

    steady = [(at, amount) for at, amount in taken if at >= STEADY]
    in_windows = [sum(units for at, units in taken if at // MINUTE == window) for window in range(1, 10)]
    assert most_within(taken, MINUTE) <= limit * (1 + 1e-8)
    assert sum(in_windows) >= 0.975 * 9 * limit
    assert min(in_windows) >= 0.975 * limit - amount
    assert longest_gap(steady) <= 3 * SLOT
    assert most_within(steady, SLOT) <= 3 * limit / 60
    assert most_within(taken[: math.ceil(share * limit / amount)], 1) >= share * limit - amount


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("usual", [300, 1_000, 3_000])
@pytest.mark.parametrize("seed", range(3))
def test_steady_demand_of_all_sizes_goes_as_evenly_as_the_largest_let_it(share: float, usual: int, seed: int) -> None:
    limit, random = 100_000, Random(seed)
    sizes = [min(random.expovariate(1 / usual), 4 * usual) for _ in range(10_000)]

    taken = saturated(per_minute(limit, share * limit), iter(sizes))

    steady = [(at, amount) for at, amount in taken if at >= STEADY]
    largest = 4 * usual
    assert most_within(taken, MINUTE) <= limit * (1 + 1e-8)
    assert sum(units for at, units in taken if at >= MINUTE) >= 9 * (0.975 * limit - largest / 2)
    assert longest_gap(steady) <= 3 * SLOT + MINUTE * 2 * largest / limit
    assert most_within(steady, SLOT) <= 3 * limit / 60 + 2 * largest


@pytest.mark.parametrize("depth", [15, 60])
def test_a_burst_comes_back_after_a_quiet_time_only(depth: float) -> None:
    counter = Counter(per_minute(60, depth))
    while counter.now < START + 5 * MINUTE:
        counter.now += counter.take(1)

    def burst(quiet: int) -> int:
        counter.now += quiet
        return sum(not counter.take(1) for _ in range(60))

    assert burst(5 * SLOT) <= 6
    assert burst(2 * MINUTE) == depth


def test_a_depth_of_twice_the_limit_means_a_window_alone() -> None:
    counter = Counter(per_minute(60, 120))

    for _ in range(3):
        at_once = 0
        while not counter.take(1):
            at_once += 1
        assert at_once == 60
        counter.now += 61 * SLOT


@given(quotas(), steps(), st.lists(st.floats(0.0, 1.5), min_size=1, max_size=5))
@settings(max_examples=200)
def test_what_time_does_depends_on_nobody_s_asking(
    quota: Quota, steps: list[tuple[str, float, float]], pauses: list[float]
) -> None:
    counter = Counter(quota)
    counter.run(steps)
    at_once = msgspec.convert(msgspec.to_builtins(counter.use), Use)

    for pause in pauses:
        counter.now += math.floor(quota.window * MICROSECONDS * pause)
        bring_up(counter.use, terms(quota), counter.now)
    bring_up(at_once, terms(quota), counter.now)

    rounding = 1e-9 * max(quota.limit, quota.depth)
    assert at_once.slots == counter.use.slots
    assert at_once.level == pytest.approx(counter.use.level, abs=rounding)
    assert at_once.spare == pytest.approx(counter.use.spare, abs=rounding)
    assert at_once.used == pytest.approx(counter.use.used, abs=rounding)


@given(quotas(), steps(), shares, st.integers(0, 60 * MICROSECONDS))
@settings(max_examples=200)
def test_what_is_given_back_is_the_same_whether_time_was_told_before_or_not(
    quota: Quota, steps: list[tuple[str, float, float]], share: float, pause: int
) -> None:
    told = Counter(quota)
    told.run(steps)
    untold = Counter(quota, use=msgspec.convert(msgspec.to_builtins(told.use), Use))
    at = told.now
    told.now = untold.now = at + pause

    bring_up(told.use, terms(quota), told.now)
    for counter in (told, untold):
        counter.give(share * quota.limit, at)
        bring_up(counter.use, terms(quota), counter.now)

    rounding = 1e-9 * max(quota.limit, quota.depth)
    assert told.use.slots == untold.use.slots
    assert told.use.level == pytest.approx(untold.use.level, abs=rounding)
    assert told.use.spare == pytest.approx(untold.use.spare, abs=rounding)


@given(quotas(), steps())
@settings(max_examples=200)
def test_what_is_to_spare_is_in_the_bucket_and_in_the_window(
    quota: Quota, steps: list[tuple[str, float, float]]
) -> None:
    counter = Counter(quota)
    counter.run(steps)
    bring_up(counter.use, terms(quota), counter.now)

    spare = counter.use.spare
    assert spare <= counter.use.level + terms(quota).slack
    assert spare <= max(0.0, quota.limit - counter.use.used)
    assert spare <= 0.0 or counter.wait(spare) == 0


def test_a_burst_is_as_deep_as_the_bucket_and_then_flows_evenly() -> None:
    counter = Counter(per_minute(60, 15))

    at_once = 0
    while not counter.take(1):
        at_once += 1

    assert at_once == 15
    assert counter.wait(1) == MICROSECONDS
    assert counter.wait(3) == 3 * MICROSECONDS


def test_more_than_the_bucket_holds_waits_for_a_full_one_and_leaves_a_debt() -> None:
    counter = Counter(per_minute(60, 15))

    assert counter.take(40) == 0
    assert counter.wait(1) == 26 * MICROSECONDS
    assert counter.wait(20) == 40 * MICROSECONDS


def test_more_than_the_limit_counts_as_the_limit() -> None:
    counter = Counter(per_minute(60, 60))

    assert counter.take(1e9) == 0
    counter.give(1e9, counter.now)

    assert counter.take(60) == 0
    assert counter.take(1) > 0


def test_what_is_given_back_can_be_taken_again_at_once() -> None:
    counter = Counter(per_minute(60, 60))
    counter.take(50)
    at = counter.now
    counter.now += 5 * MICROSECONDS

    assert counter.take(50) > 0
    counter.give(45, at)

    assert counter.take(50) == 0


def test_what_left_the_window_cannot_be_given_back_a_second_time() -> None:
    counter = Counter(per_minute(60, 60))
    counter.take(60)
    at = counter.now
    counter.now += 62 * MICROSECONDS
    counter.take(60)

    counter.give(60, at)

    assert counter.use.used == 60


def test_a_quota_may_become_smaller_or_larger_and_what_was_used_stays_used() -> None:
    counter = Counter(per_minute(60, 60))
    counter.take(40)

    counter.quota = per_minute(30, 10)
    counter.now += 10 * MICROSECONDS
    smaller = counter.wait(1)
    counter.quota = per_minute(120, 60)
    counter.now += 30 * MICROSECONDS
    larger = counter.take(60)

    assert smaller == 51 * MICROSECONDS - START % MICROSECONDS
    assert larger == 0
    assert counter.use.used == 100


def test_a_clock_that_is_put_back_costs_at_most_a_window() -> None:
    counter = Counter(per_minute(60, 60))
    counter.take(60)

    counter.now -= 3600 * MICROSECONDS

    assert 0 < counter.wait(1) <= 61 * MICROSECONDS
    counter.now += counter.wait(60)
    assert counter.take(60) == 0


@given(quotas(), steps())
def test_a_use_that_need_not_be_kept_is_like_none(quota: Quota, steps: list[tuple[str, float, float]]) -> None:
    counter = Counter(quota)
    counter.run(steps)
    bring_up(counter.use, terms(quota), counter.now)

    counter.now += lasts(counter.use, terms(quota))
    bring_up(counter.use, terms(quota), counter.now)

    assert counter.use.slots == []
    fresh = unused(terms(quota), counter.now)
    assert counter.use.level == pytest.approx(fresh.level, rel=1e-9, abs=1e-9 * quota.limit)
    assert counter.use.spare == pytest.approx(fresh.spare, rel=1e-9, abs=1e-9 * quota.limit)


@given(st.floats(0.0, 4e9), st.integers(0, 10**12))
def test_who_waits_the_seconds_has_waited_the_microseconds(now: float, wait: int) -> None:
    assert microseconds(now + seconds(wait)) >= microseconds(now) + wait


@given(windows)
def test_sixty_slots_are_never_shorter_than_the_window(window: float) -> None:
    quota = Quota(key="k", limit=1, window=window, depth=1)

    assert window * MICROSECONDS <= terms(quota).slot * (SLOTS - 1) < window * MICROSECONDS + SLOTS


@pytest.mark.parametrize(
    "wrong",
    [{"limit": 0}, {"limit": -1}, {"window": 0}, {"depth": -1}, {"limit": math.inf}, {"limit": math.nan}],
)
def test_a_quota_that_would_let_nothing_pass_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigInvalid, match="lets nothing pass"):
        Quota(key="k", **{"limit": 60, "window": 60.0, "depth": 15, **wrong})
