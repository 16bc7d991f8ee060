"""What all calls of one account and model in this process have in common, whichever loop they run on."""

from __future__ import annotations

import math
import threading
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from grokkit.layers.rate_limit.concurrency import Concurrency
from grokkit.layers.rate_limit.estimate import Usual
from grokkit.layers.rate_limit.limits import KEPT, WINDOWS, Learned, Limit, in_force
from grokkit.layers.rate_limit.passing import Pause
from grokkit.layers.rate_limit.quotas import name_of, quotas_of, rate_of
from grokkit.layers.rate_limit.recent import Recent
from grokkit.layers.rate_limit.share import Share
from grokkit.stores.store import Quota, Take

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from grokkit.clock import Clock
    from grokkit.config import RateLimit
    from grokkit.layers.rate_limit.waiting import Waiting
    from grokkit.stores.store import Taken

TOKENS = "tokens_per_minute"
_MOST_PLANS = 16
_UNSAID = (None, None)
_SHARE_STEP = 5.0
"""Seconds after which a share that recovers is looked at again."""


class Plan(NamedTuple):
    """What a policy comes to, with what is known now."""

    policy: RateLimit
    limits: tuple[Limit, ...]
    requests: tuple[Take, ...]
    tokens: tuple[Quota, ...]
    rate: float | None
    """Requests a second in the long run."""
    token_rate: float | None
    until: float
    """When to make it anew."""
    epoch: int
    """That of the lane when it was made: in another one, other limits are known."""
    group: Hashable
    """Calls with equal ones wait in one line: those that are given the same limits."""

    def takes(self, tokens: float) -> tuple[Take, ...]:
        """What a call of so many tokens takes."""
        return (*self.requests, *map(Take, self.tokens, repeat(tokens)))


class Lane:
    """Limits, pauses, and what runs. Its parts are changed under `lock`, which is held for microseconds."""

    def __init__(
        self, account: str, model: str, clock: Clock, limits_of: Callable[[str, int], Mapping[str, float]]
    ) -> None:
        self.clock = clock
        self.account = account
        self.model = model
        self.key = f"rate_limit/{account}/{model}"
        self.lock = threading.Lock()
        self.learned = Learned()
        self.known_until = 0.0
        """When that is forgotten, unless it is told or heard again before."""
        self.is_witness = False
        """Whether this process was told all of it by the server, and has not only heard of it from another one."""
        self.refresh_at = 0.0
        """When the shared store is asked again what others learned; 0.0 while it never was."""
        self.pause = Pause()
        self.share = Share()
        self.concurrency = Concurrency()
        self.usual = Usual()
        self.recent = Recent()
        self.is_local = False
        """Whether the last take was from what is this process's own while the shared store is away."""
        self.changed_at = -math.inf
        """When limits were last found to be others than was thought."""
        self.observed_at: dict[str, float] = {}
        """When the server said how much of a limit was used: all that was sent before is in that."""
        self.lines: dict[Hashable, Waiting] = {}
        """Those who wait, by loop and group."""
        self.left_behind = False
        """Whether this is a forked child, and these are the parent's calls."""
        self._limits_of = limits_of
        self._headers: tuple[str | None, str | None] = _UNSAID
        self._plans: dict[int, Plan] = {}
        self.epoch = 0
        """What a plan of an earlier one takes may no longer be what would be taken now."""

    def plan(self, policy: RateLimit, now: float) -> Plan:
        """What to take for a call of this policy."""
        plan = self._plans.get(id(policy))
        if plan is not None and plan.policy is policy and now < plan.until:
            return plan
        with self.lock:
            plan = self._make_plan(policy, now)
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[id(policy)] = plan
        return plan

    def _make_plan(self, policy: RateLimit, now: float) -> Plan:
        tier = {} if policy.tier is None else self._limits_of(self.model, policy.tier)
        limits = in_force(policy, tier, self.learned)
        share = self.share.at(now) if policy.mode == "auto" else 1.0
        by_kind = [[limit for limit in limits if (limit.name == TOKENS) is tokens] for tokens in (False, True)]
        requests, tokens = (quotas_of(self.key, some, burst=policy.burst, share=share) for some in by_kind)
        given = [getattr(policy, name) for name in WINDOWS]
        return Plan(
            policy=policy,
            limits=limits,
            requests=tuple(Take(quota, 1.0) for quota in requests),
            tokens=tuple(tokens),
            rate=rate_of(requests),
            token_rate=rate_of(tokens),
            until=now + _SHARE_STEP if share < 1.0 else math.inf,
            epoch=self.epoch,
            group=(*given, policy.tier, policy.mode),
        )

    def _begin_epoch(self) -> None:
        self.epoch += 1
        self._plans.clear()

    def plans(self) -> list[Plan]:
        """The plans in use, the newest last."""
        return list(self._plans.values())

    def learn(self, headers: Mapping[str, float], refusals: Mapping[str, float], now: float) -> dict[str, float]:
        """Take in what the server says. What of it is news, by name."""
        with self.lock:
            before = self.learned.figures()
            self.learned = self.learned.told(headers, refusals)
            after = self.learned.figures()
            news = {name: value for name, (value, _) in after.items() if before.get(name, (None, ""))[0] != value}
            if news:
                self.changed_at = now
                self._begin_epoch()
            if news or (headers == self.learned.headers and not self.learned.refusals):
                self.known_until, self.is_witness = now + KEPT, True
        return news

    def adopt(self, learned: Learned, now: float) -> None:
        """Take over what is known in the shared store."""
        with self.lock:
            if learned.shrinks != self.learned.shrinks:
                self.share.set(learned.share, now)
            if learned != self.learned:
                self.learned, self.known_until, self.is_witness = learned, now + KEPT, False
                self.changed_at = now
                self._begin_epoch()
            self._headers = _UNSAID

    def has_news(self, headers: Mapping[str, str]) -> bool:
        """Whether the headers of a reply name limits, and others than those of the reply before."""
        requests, tokens = headers.get("x-ratelimit-limit-requests"), headers.get("x-ratelimit-limit-tokens")
        seen = self._headers
        if (requests == seen[0] and tokens == seen[1]) or (requests is None and tokens is None):
            return False
        self._headers = requests, tokens
        return True

    def shrink(self, started: float, now: float) -> bool:
        """Others use the same limits: take less of them. Whether that is news."""
        with self.lock:
            if not self.share.shrink(now, started):
                return False
            told = self.learned
            self.learned = Learned(told.headers, told.refusals, self.share.at(now), told.shrinks + 1)
            self.known_until, self.is_witness = now + KEPT, True
            self._begin_epoch()
            return True

    def known_since(self, quota: Quota) -> float:
        """The moment before which whatever was sent is counted already in what the server said."""
        return self.observed_at.get(name_of(quota), -math.inf)

    def sent(self, now: float) -> dict[str, float]:
        """What of each limit this process used in a window that ends now."""
        return {name: self.recent.within(now, window, name) for name, window in WINDOWS.items()}

    def took(self, taken: Taken, now: float) -> None:
        """Look at once what the store knows, when it is another one than before."""
        if (taken.at < 0.0) is not self.is_local:
            self.is_local = not self.is_local
            self.refresh_at = min(self.refresh_at, now)

    def leave(self, asking: Waiting | None = None) -> None:
        """One less runs. Those who found no room are told, but not the one who asks again anyway."""
        if self.concurrency.leave():
            self.stir(asking)

    def stir(self, asking: Waiting | None = None) -> None:
        """Something has changed: let all who wait look again."""
        for line in tuple(self.lines.values()):
            if line is not asking:
                line.stir()

    @property
    def waiting(self) -> int:
        """How many wait, on all loops."""
        return sum(len(line.queue) for line in tuple(self.lines.values())) if self.lines else 0

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits."""
        return self.concurrency.running > 0 or self.waiting > 0
