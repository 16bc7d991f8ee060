from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from grokkit.config.policies import Circuit
from grokkit.layers.circuit.state import Change, CircuitState, Mark, Phase, rest_after
from grokkit.layers.circuit.window import Counts

LEASE = 10.0
POLICY = Circuit(min_calls=4, failure_rate=0.5, slow_after=2.0, slow_rate=0.5, window=30.0, open_for=5.0, longest=18.0)


def fresh() -> CircuitState:
    return CircuitState(random=lambda: 1.0)


def failing(state: CircuitState, now: float, times: int = 1) -> Change | None:
    change = None
    for _ in range(times):
        change = state.ended(state.admit(now, lease=LEASE), now, POLICY, failure="500")
    return change


def opened(now: float = 0.0) -> CircuitState:
    state = fresh()
    assert failing(state, now, times=4) is Change.OPENED
    return state


def probe_of(state: CircuitState, now: float) -> int:
    probe = state.admit(now, lease=LEASE)
    assert probe is not None
    assert state.phase is Phase.HALF_OPEN
    return probe


@pytest.mark.parametrize(
    ("outcomes", "policy", "opens"),
    [
        ("ffff", POLICY, True),
        ("fff", POLICY, False),  # too few to say
        ("ffgg", POLICY, False),  # half of them is not more than half
        ("fgfgf", POLICY, True),
        ("gfff", POLICY, True),
        ("fffg", POLICY, False),  # a good call is no reason
        ("fffgf", POLICY, True),
        ("ssss", POLICY, True),
        ("ssgg", POLICY, False),
        ("ssfg", POLICY, False),  # half of them failed or half were slow, more of neither
        ("ssss", Circuit(min_calls=4), False),  # nothing is slow where nobody says what is
        ("ffff", Circuit(min_calls=4, failure_rate=None, slow_after=2.0), False),
        ("ffff", Circuit(min_calls=4, failure_rate=1.0), True),  # all of them
        ("fffffg", Circuit(min_calls=6, failure_rate=1.0), False),
        ("f", Circuit(min_calls=0), True),
        ("gf", Circuit(min_calls=0, failure_rate=0.0), True),
    ],
)
def test_it_opens_when_enough_calls_say_so(outcomes: str, policy: Circuit, opens: bool) -> None:
    state = fresh()

    changes = [
        state.ended(
            state.admit(0.0, lease=LEASE),
            0.0,
            policy,
            failure="500" if outcome == "f" else None,
            slow=outcome == "s" and policy.slow_after is not None,
        )
        for outcome in outcomes
    ]

    assert (changes[-1] is Change.OPENED) == opens
    assert not any(changes[:-1])


def test_failures_that_are_longer_ago_than_the_window_do_not_open_it() -> None:
    state = fresh()
    failing(state, 0.0, times=3)

    assert failing(state, 40.0) is None


def test_no_call_passes_an_open_circuit_before_its_time() -> None:
    state = opened()

    assert [state.admit(now, lease=LEASE) for now in (0.0, 2.5, 4.9)] == [None] * 3
    assert state.retry_after(2.0) == 3.0


def test_one_call_probes_and_the_others_wait_for_it() -> None:
    state = opened()

    probe = probe_of(state, 5.0)

    assert state.admit(5.0, lease=LEASE) is None
    assert state.ended(probe, 6.0, POLICY) is Change.CLOSED
    assert state.admit(6.0, lease=LEASE) is not None


def test_a_good_probe_closes_and_everything_before_is_forgotten() -> None:
    state = opened()

    state.ended(probe_of(state, 5.0), 6.0, POLICY)

    assert (state.phase, state.counts(6.0), state.last_error, state.times) == (Phase.CLOSED, Counts(1), "", 0)
    assert failing(state, 6.0, times=2) is None


@pytest.mark.parametrize("outcome", [{"failure": "503"}, {"slow": True}])
def test_each_failed_probe_doubles_the_rest_up_to_the_longest(outcome: dict[str, Any]) -> None:
    state, rests, now = opened(), [], 0.0

    for _ in range(4):
        rests.append(state.rest)
        now += state.rest
        assert state.ended(probe_of(state, now), now, POLICY, **outcome) is Change.OPENED

    assert rests == [5.0, 10.0, 18.0, 18.0]


def test_a_probe_that_says_nothing_makes_room_for_the_next() -> None:
    state = opened()

    change = state.left(probe_of(state, 5.0), 5.5)

    assert change is Change.GIVEN_BACK
    assert (state.retry_after(5.5), state.times) == (0.0, 1)
    probe_of(state, 5.5)


def test_a_probe_that_nobody_hears_of_any_more_is_replaced_and_has_no_say() -> None:
    state = opened()
    lost = probe_of(state, 5.0)
    assert state.admit(14.9, lease=LEASE) is None

    probe = probe_of(state, 15.0)

    assert state.ended(lost, 16.0, POLICY) is None
    assert state.left(lost, 16.0) is None
    assert not state.renew(lost, 99.0)
    assert state.ended(probe, 16.0, POLICY) is Change.CLOSED


def test_a_probe_that_still_runs_stays_the_one() -> None:
    state = opened()
    probe = probe_of(state, 5.0)

    assert state.renew(probe, 24.0)

    assert state.admit(23.9, lease=LEASE) is None
    assert state.ended(probe, 23.9, POLICY) is Change.CLOSED


def test_calls_that_set_out_before_it_opened_say_nothing_any_more() -> None:
    state = fresh()
    early = state.admit(0.0, lease=LEASE)
    failing(state, 0.0, times=4)

    assert state.ended(early, 1.0, POLICY) is None
    probe = probe_of(state, 5.0)
    assert state.ended(early, 5.0, POLICY, failure="500") is None

    assert state.ended(probe, 6.0, POLICY) is Change.CLOSED
    assert state.ended(early, 6.0, POLICY, failure="500") is None
    assert state.counts(6.0) == Counts(calls=1)


def test_a_stream_that_breaks_later_turns_its_good_call_into_a_failed_one() -> None:
    state = fresh()
    failing(state, 0.0, times=2)
    marks = []
    for _ in range(2):
        state.ended(state.admit(0.0, lease=LEASE), 0.0, POLICY)
        marks.append(state.mark())

    change = state.broke(_known(marks[0]), 20.0, POLICY, failure="ConnectionLost")

    assert change is Change.OPENED
    assert state.opened_by == Counts(calls=4, failures=3)
    assert state.broke(_known(marks[1]), 20.0, POLICY, failure="ConnectionLost") is None


def _known(mark: Mark | None) -> Mark:
    assert mark is not None
    return mark


@given(st.integers(1, 200), st.floats(0, 1), st.floats(0.1, 100), st.floats(0.1, 1000))
def test_the_rest_is_never_above_the_longest_nor_a_tenth_below_what_it_should_be(
    times: int, random: float, one: float, other: float
) -> None:
    first, longest = sorted((one, other))
    rest = rest_after(times, Circuit(open_for=first, longest=longest), random)

    exact = min(first * 2.0 ** min(times - 1, 40), longest)
    assert exact * 0.9 <= rest * (1 + 1e-9)
    assert rest <= longest


class Driven(RuleBasedStateMachine):
    """A circuit in use, beside a plain list of what happened since it was last closed."""

    @initialize(random=st.floats(0, 1))
    def begin(self, random: float) -> None:
        self.now = 0.0
        self.state = CircuitState(random=lambda: random)
        self.numbers = count()
        self.running: dict[int, int] = {}
        self.probe: int | None = None
        self.heard = 0.0
        self.seen: list[tuple[float, bool, bool]] = []
        self.good_probe = False

    @rule(seconds=st.floats(0, 8))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def call_sets_out(self) -> None:
        before, due = self.state.phase, self.now >= self.state.until
        epoch = self.state.admit(self.now, lease=LEASE)
        assert (epoch is not None) == (before is Phase.CLOSED or due)
        if epoch is None:
            return
        number = next(self.numbers)
        self.running[number] = epoch
        if self.state.phase is Phase.HALF_OPEN:
            assert self.probe is None or self.now >= self.heard + LEASE, "two probes at once"
            self.probe, self.heard = number, self.now

    @precondition(lambda self: self.running)
    @rule(data=st.data(), failed=st.booleans(), slow=st.booleans())
    def call_ends(self, data: st.DataObject, failed: bool, slow: bool) -> None:
        number, epoch, before = self._take(data)
        change = self.state.ended(epoch, self.now, POLICY, failure="500" if failed else None, slow=slow)
        if number == self.probe:
            self.probe = None
            assert change is (Change.OPENED if failed or slow else Change.CLOSED)
            self.seen = [(self.now, False, False)] if change is Change.CLOSED else []
        elif before is Phase.CLOSED and epoch == self.epoch_before:
            self.seen.append((self.now, failed, slow))
            assert change in {None, Change.OPENED}
            if change is Change.OPENED:
                self._check_counts(self.state.opened_by)
                self.seen = []
        else:
            assert change is None
            assert self.state.phase is before

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def call_says_nothing(self, data: st.DataObject) -> None:
        counts = self.state.counts(self.now)
        number, epoch, before = self._take(data)
        change = self.state.left(epoch, self.now)
        assert self.state.counts(self.now) == counts
        if number == self.probe:
            self.probe = None
            assert change is Change.GIVEN_BACK
            assert self.state.phase is Phase.OPEN
        else:
            assert change is None
            assert self.state.phase is before

    @precondition(lambda self: self.probe is not None)
    @rule()
    def probe_is_heard_of(self) -> None:
        assert self.probe is not None
        assert self.state.renew(self.running[self.probe], self.now + LEASE)
        self.heard = self.now

    @rule()
    def enough_time_lets_somebody_pass(self) -> None:
        later = self.now + max(POLICY.longest, LEASE)
        assert self.state.retry_after(later) == 0.0

    @invariant()
    def counts_are_those_of_a_plain_list(self) -> None:
        if self.state.phase is Phase.CLOSED:
            self._check_counts(self.state.counts(self.now))

    def _take(self, data: st.DataObject) -> tuple[int, int, Phase]:
        number = data.draw(st.sampled_from(sorted(self.running)))
        self.epoch_before = self.state.epoch
        return number, self.running.pop(number), self.state.phase

    def _check_counts(self, counts: Counts) -> None:
        fewest, most = (
            [(failed, slow) for at, failed, slow in self.seen if at > self.now - seconds] for seconds in (30.0, 33.001)
        )
        assert len(fewest) <= counts.calls <= len(most)
        assert sum(failed for failed, _ in fewest) <= counts.failures <= sum(failed for failed, _ in most)
        assert sum(slow for _, slow in fewest) <= counts.slow <= sum(slow for _, slow in most)


TestDriven = Driven.TestCase
TestDriven.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
