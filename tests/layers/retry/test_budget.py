from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from grokkit.clock import SystemClock
from grokkit.config import Retry
from grokkit.layers.retry import BudgetHealth, RetryBudget
from grokkit.layers.retry.savings import Savings
from grokkit.stores import Degrading
from grokkit.stores.memory import MemoryStore
from grokkit.testing import TurnableClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.stores.store import Take, Taken

MINUTE = 60.0
POLICY = Retry(reserve=3, budget=0.25)


class CountedStore(MemoryStore):
    """Knows how often a quota was asked for."""

    asked = 0

    async def take(self, takes: Sequence[Take]) -> Taken:
        self.asked += 1
        return await super().take(takes)


class Distant(MemoryStore):
    """Does what it is asked for, and the answer is on its way for a second."""

    def __init__(self, clock: TurnableClock) -> None:
        super().__init__(clock.now)
        self._sleep = clock.sleep

    async def take(self, takes: Sequence[Take]) -> Taken:
        taken = await super().take(takes)
        await self._sleep(1.0)
        return taken


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def store(clock: TurnableClock) -> CountedStore:
    return CountedStore(clock.now)


@pytest.fixture
def budget(store: CountedStore, clock: TurnableClock) -> RetryBudget:
    return RetryBudget(store, clock)


async def withdrawals(budget: RetryBudget, count: int, policy: Retry = POLICY, account: str = "a") -> int:
    return sum([await budget.withdraw(account, policy) for _ in range(count)])


async def test_the_reserve_is_there_from_the_start_and_no_more(budget: RetryBudget) -> None:
    assert await withdrawals(budget, 10) == 3


async def test_the_reserve_flows_back_within_a_minute(budget: RetryBudget, clock: TurnableClock) -> None:
    await withdrawals(budget, 3)

    await clock.advance(MINUTE + 2)

    assert await withdrawals(budget, 10) == 3


async def test_calls_that_come_through_pay_for_more(budget: RetryBudget) -> None:
    for _ in range(8):
        budget.deposit("a", POLICY)

    assert await withdrawals(budget, 10) == 2 + 3


async def test_what_they_paid_is_gone_after_a_minute(budget: RetryBudget, clock: TurnableClock) -> None:
    for _ in range(800):
        budget.deposit("a", POLICY)

    await clock.advance(MINUTE + 1)

    assert budget.health("a").saved == 0.0
    assert await withdrawals(budget, 300) == 3


async def test_most_of_a_minute_is_remembered(budget: RetryBudget, clock: TurnableClock) -> None:
    budget.deposit("a", Retry(budget=1.0))

    await clock.advance(MINUTE - 6)

    assert budget.health("a").saved == 1.0


async def test_accounts_have_nothing_in_common(budget: RetryBudget) -> None:
    for _ in range(8):
        budget.deposit("a", POLICY)
    await withdrawals(budget, 10)

    assert await withdrawals(budget, 10, account="b") == 3


async def test_the_store_is_asked_only_when_nothing_is_saved(budget: RetryBudget, store: CountedStore) -> None:
    for _ in range(400):
        budget.deposit("a", POLICY)
    await withdrawals(budget, 100)
    assert store.asked == 0

    await withdrawals(budget, 1)
    assert store.asked == 1


async def test_those_who_share_a_store_share_the_reserve(store: CountedStore, clock: TurnableClock) -> None:
    one, other = RetryBudget(store, clock), RetryBudget(store, clock)
    for _ in range(4):
        one.deposit("a", POLICY)

    assert await withdrawals(other, 2) == 2
    assert await withdrawals(one, 10) == 1 + 1
    assert await withdrawals(other, 10) == 0


async def test_a_retry_of_one_who_was_cancelled_while_asking_for_it_stays_in_the_reserve(
    store: CountedStore, clock: TurnableClock
) -> None:
    shared = Distant(clock)
    budget = RetryBudget(Degrading(shared, store, clock=clock), clock)
    asking = [asyncio.create_task(budget.withdraw("a", POLICY)) for _ in range(3)]
    await clock.advance(0.5)

    for one in asking:
        one.cancel()
    await clock.advance(2.0)
    again = asyncio.gather(*(budget.withdraw("a", POLICY) for _ in range(4)))
    await clock.advance(1.0)

    assert all(one.cancelled() for one in asking)
    assert sorted(await again) == [False, True, True, True]


async def test_without_a_reserve_only_what_was_paid_in_counts(budget: RetryBudget, store: CountedStore) -> None:
    policy = replace(POLICY, reserve=0, budget=1.0)
    assert await withdrawals(budget, 2, policy) == 0

    budget.deposit("a", policy)

    assert await withdrawals(budget, 2, policy) == 1
    assert store.asked == 0


async def test_a_retry_that_is_not_made_can_be_made_by_another(budget: RetryBudget) -> None:
    await withdrawals(budget, 3)

    budget.put_back("a")

    assert await withdrawals(budget, 10) == 1


async def test_health_counts_what_was_paid_and_refused(budget: RetryBudget) -> None:
    for _ in range(6):
        budget.deposit("a", POLICY)
    assert budget.health("a") == BudgetHealth(account="a", saved=1.5, paid=0, refused=0)

    await withdrawals(budget, 6)

    assert budget.health("a") == BudgetHealth(account="a", saved=0.5, paid=4, refused=2)
    assert budget.accounts() == ["a"]


async def test_accounts_that_are_many_are_forgotten(budget: RetryBudget) -> None:
    for number in range(2000):
        budget.deposit(str(number), POLICY)

    assert len(budget.accounts()) == 1024
    assert budget.accounts()[-1] == "1999"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_has_nothing_saved_and_is_not_stopped_by_a_lock(budget: RetryBudget) -> None:
    for _ in range(8):
        budget.deposit("a", POLICY)
    read, write = os.pipe()
    with budget._lock:  # as another thread of the parent would
        child = os.fork()
        if child == 0:
            os.write(write, b"%d" % budget.health("a").saved)
            os._exit(0)
    os.waitpid(child, 0)

    assert os.read(read, 10) == b"0"
    assert budget.health("a").saved == 2.0
    os.close(read)
    os.close(write)


def test_threads_never_overdraw_it() -> None:
    clock = SystemClock()
    budget = RetryBudget(MemoryStore(clock.now), clock)
    policy = Retry(reserve=10, budget=0.5)
    made: list[int] = []
    start = threading.Barrier(4)

    async def work() -> int:
        paid = 0
        for step in range(400):
            if step % 2:
                paid += await budget.withdraw("a", policy)
            else:
                budget.deposit("a", policy)
        return paid

    def run() -> None:
        start.wait()
        made.append(asyncio.run(work()))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    health = budget.health("a")
    assert sum(made) == health.paid
    assert sum(made) + health.refused == 4 * 200
    assert health.saved >= 0
    assert sum(made) + health.saved <= 4 * 200 * 0.5 + 10 + 1  # the reserve flows back a little meanwhile


class AnyInterleaving(RuleBasedStateMachine):
    """Payments, retries, retries that are given up and time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = TurnableClock()
        self.budget = RetryBudget(MemoryStore(self.clock.now), self.clock)
        self.policy = Retry(reserve=4, budget=0.3)
        self.successes: list[float] = []
        self.made: list[float] = []
        self.given_up: list[float] = []

    @rule(count=st.integers(1, 20))
    def come_through(self, count: int) -> None:
        for _ in range(count):
            self.budget.deposit("a", self.policy)
            self.successes.append(self.clock.now())

    @rule(count=st.integers(1, 12))
    def fail(self, count: int) -> None:
        for _ in range(count):
            if asyncio.run(self.budget.withdraw("a", self.policy)):
                self.made.append(self.clock.now())

    @rule()
    def give_up(self) -> None:
        if self.made:
            self.made.pop()
            self.given_up.append(self.clock.now())
            self.budget.put_back("a")

    @rule(seconds=st.floats(0.0, 90.0))
    def pass_time(self, seconds: float) -> None:
        self.clock.turn(seconds)

    @invariant()
    def what_is_saved_was_earned_or_given_up_within_a_minute(self) -> None:
        earned = 0.3 * self.within(MINUTE, self.successes) + self.within(MINUTE, self.given_up)
        assert 0.0 <= self.budget.health("a").saved <= earned + 1e-6

    @invariant()
    def retries_of_a_minute_were_in_the_reserve_or_earned_lately(self) -> None:
        earned = 0.3 * self.within(2 * MINUTE, self.successes) + self.within(2 * MINUTE, self.given_up)
        assert self.within(MINUTE, self.made) <= 4 + earned + 1e-6

    def within(self, seconds: float, moments: list[float]) -> int:
        return sum(moment > self.clock.now() - seconds for moment in moments)


TestAnyInterleaving = AnyInterleaving.TestCase


@given(
    st.lists(
        st.tuples(st.sampled_from(["pay", "spend", "left"]), st.floats(0.0, 30.0), st.floats(0.0, 1.0)), max_size=60
    )
)
def test_savings_agree_with_a_list_of_payments(steps: list[tuple[str, float, float]]) -> None:
    savings, now, paid_in, spent = Savings(), 0.0, 0.0, 0

    for what, seconds, amount in steps:
        now += seconds
        if what == "pay":
            savings.pay(amount, now)
            paid_in += amount
        elif what == "spend":
            before = savings.left(now)
            worked = savings.spend(now)
            spent += worked
            assert worked == (before >= 1.0)
            assert savings.left(now) == pytest.approx(before - worked)
        assert 0.0 <= savings.left(now) <= paid_in - spent + 1e-4
