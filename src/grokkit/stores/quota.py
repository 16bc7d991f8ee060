"""The arithmetic of a quota, without any I/O: what is used, what may be taken now, and when the rest may.

A quota has three rules, and a take must keep all of them:

* The window: what was taken in the last 61 slots of a sixtieth of the window each, this one included, is at most the
  limit. Any window of that length, wherever it begins, lies within 61 slots.
* The bucket: it holds `depth` units, loses what is taken, and is refilled with `limit` units a window. Who wants more
  than it can hold waits until it is full, and leaves it in debt.
* The pace: nobody takes while `spare` is in debt. That is the bucket without what the window has no room for, at every
  moment of time: what flows while the window is full is lost to it, and not saved up for a burst once there is room.
  So steady demand has one burst, and then goes evenly. Where nothing was lost the two are equal, and the pace asks
  for nothing more than the bucket does. A depth above the limit allows for as much debt: twice the limit means a
  window without a pace.

Times are whole microseconds, so that nothing is lost in rounding. `lua.py` says the same in Lua.
"""

import math
from bisect import bisect_left
from functools import lru_cache

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
    spare: float
    """What of it the window has room for; below zero when more was taken than that."""
    at: int
    """When both were right."""
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


class Terms(msgspec.Struct, frozen=True, gc=False):
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
    return Use(quota.depth, min(quota.depth, quota.limit), now, [])


def bring_up(use: Use, quota: Terms, now: int) -> None:
    """Let the time pass up to now: slots leave the window, one by one, and the bucket fills.

    A clock that was put back: what was taken in the future counts as taken now.
    """
    if now < use.at:
        _put_back(use, quota, now)
    while True:
        slots = use.slots
        leaves = (slots[0][0] + SLOTS) * quota.slot if slots else now + 1
        until = min(now, leaves)
        flowed = (until - use.at) * quota.rate
        depth, room = quota.depth, quota.limit - use.used
        most = max(0.0, room) if room < depth else depth
        use.level = min(depth, use.level + flowed)
        use.spare = min(most, use.spare + flowed)
        use.at = until
        if leaves > now:
            return
        del slots[0]
        use.used = sum(units for _, units in slots)


def wait_for(use: Use, quota: Terms, amount: float) -> int:
    """Microseconds until the amount could be taken, if nobody else takes any; 0 when it can be now.

    `use` is brought up to now. An amount above the limit counts as the limit. What is at most `spare` can be taken.
    """
    amount = min(amount, quota.limit)
    excess = use.used + amount - quota.limit - quota.slack
    least = min(0.0, quota.limit - quota.depth)
    missing = max(min(quota.depth, amount) - use.level, least - use.spare) - quota.slack
    if excess <= 0.0 and missing <= 0.0:
        return 0
    filled = math.ceil(missing / quota.rate) if missing > 0.0 else 0
    return max(_until_left(use, quota, excess), filled)


def take(use: Use, quota: Terms, amount: float) -> None:
    """Take an amount, whatever there is. `use` is brought up to now."""
    use.level -= amount
    use.spare -= amount
    use.used += amount
    slots, number = use.slots, use.at // quota.slot
    if slots and slots[-1][0] == number:
        slots[-1] = (number, slots[-1][1] + amount)
    else:
        slots.append((number, amount))


def give(use: Use, quota: Terms, amount: float, at: int, now: int) -> None:
    """Give back what was taken `at` that time, if that is in the window still. A negative amount is taken now.

    Within a slot, what flows in before and what flows in after are the same: `use` is brought up only for a new one.
    """
    if amount < 0.0:
        bring_up(use, quota, now)
        take(use, quota, -amount)
        return
    if use.at // quota.slot != now // quota.slot:
        bring_up(use, quota, now)
    slots, taken = use.slots, at // quota.slot
    place = bisect_left(slots, (taken, -math.inf))
    if place < len(slots) and slots[place][0] == taken:
        units = slots[place][1]
        freed = min(units, amount)
        slots[place] = (taken, units - freed)
        use.used -= freed
        use.level += freed
        use.spare += freed


def lasts(use: Use, quota: Terms) -> int:
    """Microseconds from now after which the use is that of a quota nobody used: it need not be kept any longer."""
    full = min(quota.depth, quota.limit)
    room = min(full, max(0.0, quota.limit - use.used))
    missing = max(quota.depth - use.level, full - use.spare)
    return max(SLOTS * quota.slot + math.ceil((full - room) / quota.rate), math.ceil(missing / quota.rate))


def _put_back(use: Use, quota: Terms, now: int) -> None:
    current = now // quota.slot
    ahead = sum(units for number, units in use.slots if number >= current)
    use.slots = [slot for slot in use.slots if slot[0] < current]
    if ahead:
        use.slots.append((current, ahead))
    use.at = now


def _until_left(use: Use, quota: Terms, excess: float) -> int:
    """Microseconds until so many units have left the window."""
    leaves = use.at
    for number, units in use.slots:
        if excess <= 0.0:
            break
        excess -= units
        leaves = (number + SLOTS) * quota.slot
    return leaves - use.at
