"""The same calls at the same moments for us and for pyrate-limiter's log of a sliding window, which is exact."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grokkit.layers.rate_limit.limits import Limit
from grokkit.layers.rate_limit.quotas import quotas_of
from grokkit.stores.memory import MemoryStore
from grokkit.stores.store import Take

pyrate = pytest.importorskip("pyrate_limiter", reason="only compared with where it is installed")

MINUTE = 60.0


class Both:
    """Counts what each lets pass."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.now = 1000.0
        self.store = MemoryStore(lambda: self.now)
        [self.quota] = quotas_of("m", [Limit("requests_per_minute", float(limit), "given")], burst=1.0)
        self.bucket = pyrate.InMemoryBucket([pyrate.Rate(limit, int(MINUTE * 1000))])
        self.ours: list[float] = []
        self.theirs: list[float] = []

    def ask(self) -> None:
        """One call, at this moment."""
        if not asyncio.run(self.store.take([Take(self.quota, 1.0)])).wait:
            self.ours.append(self.now)
        if self.bucket.put(pyrate.RateItem("m", int(self.now * 1000))):
            self.theirs.append(self.now)

    def most_in_a_window(self, passed: list[float]) -> int:
        """The most in any minute."""
        return max((sum(one - MINUTE < other <= one for other in passed) for one in passed), default=0)


@settings(max_examples=30, deadline=None)
@given(limit=st.integers(1, 20), gaps=st.lists(st.floats(0.0, 30.0), max_size=80))
def test_neither_lets_more_pass_than_the_limit(limit: int, gaps: list[float]) -> None:
    both = Both(limit)
    for gap in gaps:
        both.now += gap
        both.ask()

    assert both.most_in_a_window(both.ours) <= limit
    assert both.most_in_a_window(both.theirs) <= limit


@pytest.mark.parametrize("limit", [1, 7, 60])
@pytest.mark.parametrize("gap", [0.1, 0.7])
def test_we_let_nearly_as_much_pass(limit: int, gap: float) -> None:
    both = Both(limit)
    for _ in range(round(20 * MINUTE / gap)):
        both.now += gap
        both.ask()

    assert len(both.ours) >= 0.97 * len(both.theirs)
