from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from grokkit.layers.circuit.window import Counts, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 30.0
CALLS = st.lists(st.tuples(st.floats(0, 10), st.booleans(), st.booleans()), max_size=60)


def counted(calls: Sequence[tuple[float, bool, bool]], since: float) -> Counts:
    found = [(failed, slow) for at, failed, slow in calls if at > since]
    return Counts(len(found), sum(failed for failed, _ in found), sum(slow for _, slow in found))


@given(CALLS, st.floats(0, 60))
def test_all_of_the_window_counts_and_nothing_that_is_older_by_a_tenth(
    steps: list[tuple[float, bool, bool]], later: float
) -> None:
    window, now, calls = Window(SECONDS), 0.0, []
    for pause, failed, slow in steps:
        now += pause
        window.add(now, failed=failed, slow=slow)
        calls.append((now, failed, slow))
    now += later

    counts = window.counts(now)

    fewest, most = counted(calls, now - SECONDS), counted(calls, now - SECONDS * 1.1 - 1e-6)
    assert all(low <= found <= high for low, found, high in zip(fewest, counts, most, strict=True))


def test_a_call_that_fails_after_all_is_one_call_still() -> None:
    window = Window(SECONDS)
    slot = window.add(0.0, failed=False, slow=False)

    window.fail(slot, 5.0)

    assert window.counts(5.0) == Counts(calls=1, failures=1)


def test_a_call_that_fails_when_it_is_forgotten_counts_as_of_now() -> None:
    window = Window(SECONDS)
    slot = window.add(0.0, failed=False, slow=False)

    window.fail(slot, 100.0)

    assert window.counts(100.0) == Counts(calls=1, failures=1)
    assert window.counts(140.0) == Counts()


def test_what_was_cleared_is_forgotten() -> None:
    window = Window(SECONDS)
    slot = window.add(0.0, failed=True, slow=True)

    window.clear()

    assert window.counts(0.0) == Counts()
    assert (slot.kept, window.latest) == (False, None)


def test_a_window_grows_and_does_not_shrink() -> None:
    window = Window(SECONDS)
    window.add(0.0, failed=True, slow=False)

    window.grow(300.0)
    window.grow(10.0)

    assert window.counts(290.0) == Counts(calls=1, failures=1)


def test_rates_of_nothing_are_zero() -> None:
    assert (Counts().failure_rate, Counts().slow_rate) == (0.0, 0.0)
    assert Counts(calls=4, failures=1, slow=2).slow_rate == 0.5
