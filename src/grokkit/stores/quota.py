"""The arithmetic of a quota, without any I/O: what is used, what may be taken now, and when the rest may.

A quota has two rules, and a take must keep both:

* The window: what was taken in the last 61 slots of a sixtieth of the window each, this one included, is at most the
  limit. Any window of that length, wherever it begins, lies within 61 slots.
* The bucket: it holds `depth` units, loses what is taken, and is refilled with `limit` units a window. Who wants more
  than it can hold waits until it is full, and leaves it in debt.

Times are whole microseconds, so that nothing is lost in rounding. `lua.py` says the same in Lua.
"""

import math
from bisect import bisect_left
from functools import lru_cache
from typing import NamedTuple

import msgspec

from grokkit.stores.store import Quota

SLOTS = 61
MICROSECONDS = 1_000_000
TOLERANCE = 1e-9
"""Of the limit: what rounding may add up to."""


class Use(msgspec.Struct, array_like=True):
    """What is known of the use of one quota. A quota that nobody used has a full bucket and no slots."""

    level: float
    """What is in the bucket; below zero when more was taken than it held."""
    at: int
    """When `level` was right."""
    slots: list[tuple[int, float]]
    """Number of the slot, units taken in it: the oldest first."""
    used: float = 0.0
    """The sum of `slots`."""


def microseconds(seconds: float) -> int:
    """Whole microseconds, for a time that came from `seconds` or from a clock.

    >>> microseconds(1.5)
    1500000
    """
    return round(seconds * MICROSECONDS)


def seconds(wait: int) -> float:
    """The seconds after which so many microseconds have passed for sure: 0.0 for none.

    >>> seconds(0), seconds(1_000_000)
    (0.0, 1.000001)
    """
    return (wait + 1) / MICROSECONDS if wait else 0.0


class Terms(NamedTuple):
    """A quota in the units of the arithmetic."""

    limit: float
    depth: float
    slot: int
    """Microseconds of a slot, rounded up: 60 of them are never shorter than the window."""
    rate: float
    """Units that flow into the bucket in a microsecond."""
    slack: float
    """What rounding may add up to."""
    recovery: int
    """Microseconds after which no take matters any more, unless there was a debt."""


@lru_cache(maxsize=1024)
def terms(quota: Quota) -> Terms:
    """What a quota comes to.

    >>> terms(Quota(key="requests", limit=100, window=60.0, depth=15)).slot
    1000000
    """
    window = quota.window * MICROSECONDS
    slot = math.ceil(window / (SLOTS - 1))
    rate = quota.limit / window
    recovery = SLOTS * slot + math.ceil(quota.depth / rate)
    return Terms(quota.limit, quota.depth, slot, rate, quota.limit * TOLERANCE, recovery)


def unused(quota: Terms, now: int) -> Use:
    """The use of a quota that nobody has used."""
    return Use(quota.depth, now, [])


def bring_up(use: Use, quota: Terms, now: int) -> None:
    """Let the time pass up to now: slots leave the window, the bucket fills.

    A clock that was put back: what was taken in the future counts as taken now.
    """
    level = use.level + (now - use.at) * quota.rate if now > use.at else use.level
    use.level = min(quota.depth, level)
    use.at = now
    slots = use.slots
    if slots:
        current = now // quota.slot
        if slots[0][0] <= current - SLOTS or slots[-1][0] > current:
            _let_leave(use, current)


def wait_for(use: Use, quota: Terms, amount: float) -> int:
    """Microseconds until the amount could be taken, if nobody else takes any; 0 when it can be now.

    `use` is brought up to now. An amount above the limit counts as the limit.
    """
    amount = min(amount, quota.limit)
    excess = use.used + amount - quota.limit - quota.slack
    missing = min(quota.depth, amount) - use.level - quota.slack
    if excess <= 0.0 and missing <= 0.0:
        return 0
    filled = math.ceil(missing / quota.rate) if missing > 0.0 else 0
    return max(_until_left(use, quota, excess), filled)


def ask(use: Use, quota: Terms, amount: float, now: int) -> int:
    """What `wait_for` says after `bring_up`; faster where the slot is that of the last take, and there is room."""
    slots = use.slots
    if slots and slots[-1][0] == now // quota.slot and now >= use.at:
        use.level = min(quota.depth, use.level + (now - use.at) * quota.rate)
        use.at = now
    else:
        bring_up(use, quota, now)
    if amount <= use.level and use.used + amount <= quota.limit:
        return 0
    return wait_for(use, quota, amount)


def take(use: Use, quota: Terms, amount: float) -> None:
    """Take an amount, which `wait_for` found to be there."""
    amount = min(amount, quota.limit)
    use.level -= amount
    _add(use, use.at // quota.slot, amount)


def give(use: Use, quota: Terms, amount: float, at: int) -> None:
    """Give back what was taken `at` that time. A negative amount is taken now, whatever there is.

    `use` is brought up to now.
    """
    if amount < 0.0:
        use.level += amount
        _add(use, use.at // quota.slot, -amount)
        return
    amount = min(amount, quota.limit)
    use.level = min(quota.depth, use.level + amount)
    slots, taken = use.slots, at // quota.slot
    place = bisect_left(slots, (taken, -math.inf))
    if place < len(slots) and slots[place][0] == taken:
        units = slots[place][1]
        left = max(0.0, units - amount)
        slots[place] = (taken, left)
        use.used -= units - left


def lasts(use: Use, quota: Terms) -> int:
    """Microseconds from now after which the use is that of a quota nobody used: it need not be kept any longer."""
    return max(SLOTS * quota.slot, math.ceil((quota.depth - use.level) / quota.rate))


def _add(use: Use, number: int, amount: float) -> None:
    slots = use.slots
    use.used += amount
    if slots and slots[-1][0] == number:
        slots[-1] = (number, slots[-1][1] + amount)
    else:
        slots.append((number, amount))


def _let_leave(use: Use, current: int) -> None:
    ahead = sum(units for number, units in use.slots if number > current)
    use.slots = [slot for slot in use.slots if current - SLOTS < slot[0] <= current]
    use.used = sum(units for _, units in use.slots)
    if ahead:
        _add(use, current, ahead)


def _until_left(use: Use, quota: Terms, excess: float) -> int:
    """Microseconds until so many units have left the window."""
    leaves = use.at
    for number, units in use.slots:
        if excess <= 0.0:
            break
        excess -= units
        leaves = (number + SLOTS) * quota.slot
    return leaves - use.at
