"""The retry budget: what retries of all calls together are paid from, so that an outage is not multiplied by them.

Calls that come through pay in, a retry takes out. Payments are kept where they were earned, in this process, so that
they cost no way to a store. The reserve is a quota of the store: with a shared one, that of the whole fleet.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakSet

import msgspec

from grokkit.stores.store import Quota, Take

from .savings import KEPT, Savings

if TYPE_CHECKING:
    from grokkit.clock import Clock
    from grokkit.config import Retry
    from grokkit.stores.store import Store

_MOST_ACCOUNTS = 1024


class BudgetHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of the retry budget of one account, in this process."""

    account: str
    saved: float
    """Retries that the calls of the last minute have paid for, and that were not made. The reserve comes on top."""
    paid: int
    """Retries that were paid for so far."""
    refused: int
    """Retries that were held back so far, because the budget was empty."""


class RetryBudget:
    """For each account, what retries are paid from: what successes of the last minute brought, then the reserve.

    In any minute there are at most `policy.reserve` retries, and `policy.budget` more for each call that came
    through within the minute before. The reserve is full at first and flows back within a minute, so that a program
    with few calls can always retry. With a shared store the reserve is one for all who share it, and what is paid in
    stays with the process that earned it: the sum holds for all of them, and the store is asked only by those who
    have nothing saved.

    >>> import asyncio
    >>> from grokkit.config import Retry
    >>> from grokkit.stores.memory import MemoryStore
    >>> from grokkit.testing import TurnableClock
    >>> clock, policy = TurnableClock(), Retry(reserve=1, budget=0.5)
    >>> budget = RetryBudget(MemoryStore(clock.now), clock)
    >>> async def retry_three_times() -> list[bool]:
    ...     return [await budget.withdraw("account", policy) for _ in range(3)]
    >>> budget.deposit("account", policy), budget.deposit("account", policy)
    (None, None)
    >>> asyncio.run(retry_three_times())
    [True, True, False]
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}
        _budgets.add(self)

    def deposit(self, account: str, policy: Retry) -> None:
        """A call came through."""
        now = self._clock.now()
        with self._lock:
            known = self._accounts.get(account) or self._of(account)
            known.savings.pay(policy.budget, now)

    async def withdraw(self, account: str, policy: Retry) -> bool:
        """Whether one more retry may be made; it is paid for."""
        if self._spend_saved(account):
            return True
        paid = policy.reserve > 0 and await self._take_from_reserve(account, policy.reserve)
        with self._lock:
            known = self._of(account)
            known.paid += paid
            known.refused += not paid
        return paid

    def put_back(self, account: str) -> None:
        """A retry that was paid for is not made after all; it can be, by another call, within a minute."""
        now = self._clock.now()
        with self._lock:
            known = self._of(account)
            known.paid -= 1
            known.savings.pay(1.0, now)

    def health(self, account: str) -> BudgetHealth:
        """How the budget of an account stands."""
        now = self._clock.now()
        with self._lock:
            known = self._of(account)
            saved = known.savings.left(now)
            return BudgetHealth(account=account, saved=saved, paid=known.paid, refused=known.refused)

    def accounts(self) -> list[str]:
        """The accounts that made calls lately."""
        with self._lock:
            return list(self._accounts)

    def forget(self) -> None:
        """Begin with nothing saved, and with a lock that nobody holds: what a forked child does."""
        self._lock = threading.Lock()
        self._accounts = {}

    def _spend_saved(self, account: str) -> bool:
        now = self._clock.now()
        with self._lock:
            known = self._of(account)
            paid = known.savings.spend(now)
            known.paid += paid
            return paid

    async def _take_from_reserve(self, account: str, reserve: int) -> bool:
        quota = Quota(key=f"retry/{account}", limit=reserve, window=KEPT, depth=2 * reserve)  # no pace within a minute
        taken = await self._store.take([Take(quota, 1.0)])
        return taken.wait == 0.0

    def _of(self, account: str) -> _Account:
        known = self._accounts.get(account)
        if known is None:
            if len(self._accounts) >= _MOST_ACCOUNTS:
                del self._accounts[next(iter(self._accounts))]
            known = self._accounts[account] = _Account()
        return known


class _Account:
    __slots__ = ("paid", "refused", "savings")

    def __init__(self) -> None:
        self.savings = Savings()
        self.paid = 0
        self.refused = 0


_budgets: WeakSet[RetryBudget] = WeakSet()


def _after_fork() -> None:
    """What the parent has saved, the parent may spend."""
    for budget in list(_budgets):
        budget.forget()


os.register_at_fork(after_in_child=_after_fork)
