"""Rate limits per key and model, money that runs out, capacity that comes and goes: all on the simulator's clock.

A request counts from the moment it arrived, for exactly 1 s and 60 s: at `t + 1` it is out of the second. One that is
refused counts for nothing. The tokens of a call count from its arrival too, as soon as its answer has begun.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.errors import Misused
from grokkit.models import TIER_SPEND_USD, lookup
from grokkit.testing.simulator.bill import Bill
from grokkit.testing.simulator.troubles import at_capacity, out_of_credits, rate_limited, with_retry_after
from grokkit.testing.simulator.window import Window
from grokkit.wire.usage import TICKS_PER_USD

if TYPE_CHECKING:
    from datetime import datetime

    from grokkit.testing.simulator.refusal import Refusal
    from grokkit.testing.simulator.visit import Outcome, Visit

_SECOND, _MINUTE = 1.0, 60.0
_REQUESTS_UNKNOWN, _TOKENS_UNKNOWN = 1_200, 18_000_000


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be asked. `None` is without end."""

    requests_per_second: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    model: str | None = None
    """Only for this model, by any of its names; `None` for each model by itself."""
    retry_after: float | str | datetime | None = None
    """The `Retry-After` header of the refusals; absent by default, as recorded."""


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which a model has no capacity."""

    begins: float
    ends: float
    model: str | None = None
    retry_after: float | str | datetime | None = None


class _Use:
    """What one key used of one model."""

    def __init__(self) -> None:
        self.second = Window(_SECOND)
        self.minute = Window(_MINUTE)
        self.tokens = Window(_MINUTE)


class Limits:
    """What a team may do. Without settings, everything: the headers then show the first tier's limits, untouched."""

    def __init__(self) -> None:
        self.allowances: list[Allowance] = []
        self.outages: list[Outage] = []
        self.tier: int | None = None
        self.credit_ticks: int | None = None
        """What may be spent; `None` is without end."""
        self.spent_ticks = 0
        self._uses: dict[tuple[str, str], _Use] = {}

    def set_tier(self, tier: int) -> None:
        """Hold every model to the catalogue's limits of a tier, 0 to 4. Raises `Misused` for another."""
        if tier not in range(len(TIER_SPEND_USD)):
            raise Misused(f"there is no tier {tier}", hint="tiers are 0 to 4")
        self.tier = tier

    def set_credit(self, usd: float) -> None:
        """Let this much money be spent from now on."""
        self.credit_ticks = self.spent_ticks + round(usd * TICKS_PER_USD)

    def admit(self, visit: Visit) -> Refusal | None:
        """The refusal for a call that may not run now; a call that may is counted."""
        model, now = _model_of(visit), visit.arrived
        for outage in self.outages:
            if outage.begins <= now < outage.ends and _means(outage.model, model, visit):
                return with_retry_after(at_capacity(model), outage.retry_after)
        if self.credit_ticks is not None and self.spent_ticks >= self.credit_ticks:
            return out_of_credits(_team_of(visit))
        return self._count(visit, model, now) if visit.is_rated else None

    def _count(self, visit: Visit, model: str, now: float) -> Refusal | None:
        use = self._use(visit, model)
        for allowance in self._allowances(visit, model):
            if figures := _exceeded(use, allowance, now):
                return with_retry_after(rate_limited(_team_of(visit), model, figures), allowance.retry_after)
        use.second.add(now, 1)
        use.minute.add(now, 1)
        return None

    def settle(self, visit: Visit, outcome: Outcome) -> None:
        """Count what a call took."""
        bill = outcome.bill or visit.bill
        if bill is None:
            return
        self.spent_ticks += bill.cost_ticks
        if visit.is_rated:
            self._use(visit, _model_of(visit)).tokens.add(visit.arrived, bill.total_tokens)

    def charge_fee(self, visit: Visit, refusal: Refusal) -> None:
        """Spend what a refusal costs."""
        if refusal.fee_ticks:
            visit.bill = Bill(cost_ticks=refusal.fee_ticks)
            self.spent_ticks += refusal.fee_ticks

    def headers(self, visit: Visit, model: str | None, *, tokens: bool) -> dict[str, str]:
        """The `x-ratelimit-*` headers of a reply. What remains is counted only where limits are set, as recorded."""
        name = model or _model_of(visit)
        allowances, use = self._allowances(visit, name), self._use(visit, name)
        now = visit.simulator.clock.now()
        known = catalogue_allowance(name, 0)
        most = _least([_per_minute(one) for one in allowances], known.requests_per_minute or _REQUESTS_UNKNOWN)
        used = use.minute.sum(now) if allowances else 0
        shown = _shown("requests", most, used)
        if tokens:
            given = [one.tokens_per_minute for one in allowances]
            most = _least(given, known.tokens_per_minute or _TOKENS_UNKNOWN)
            shown |= _shown("tokens", most, use.tokens.sum(now) if any(one is not None for one in given) else 0)
        return shown

    def _allowances(self, visit: Visit, model: str) -> list[Allowance]:
        found = [one for one in self.allowances if _means(one.model, model, visit)]
        if self.tier is not None:
            found.append(catalogue_allowance(model, self.tier))
        key = visit.key
        if key is not None and (key.qps or key.qpm or key.tpm):
            own = Allowance(requests_per_second=key.qps, requests_per_minute=key.qpm, tokens_per_minute=key.tpm)
            found.append(own)
        return found

    def _use(self, visit: Visit, model: str) -> _Use:
        return self._uses.setdefault((visit.key.id if visit.key else "", model), _Use())


def catalogue_allowance(model: str, tier: int) -> Allowance:
    """What the catalogue allows a team of a tier.

    >>> catalogue_allowance("grok-4.3", 1).requests_per_minute
    3000
    """
    known = lookup(model)
    limits = known.rate_limits if known else None
    if limits is None:
        return Allowance()
    per_second = limits.requests_per_second[tier]
    tokens = limits.tokens_per_minute[tier] if limits.tokens_per_minute else None
    return Allowance(
        requests_per_second=per_second, requests_per_minute=60 * per_second, tokens_per_minute=tokens, model=model
    )


def _exceeded(use: _Use, allowance: Allowance, now: float) -> str:
    """The figures of a limit that one more request would break, or nothing."""
    requests = [
        ("Requests per Second", use.second.sum(now) + 1, allowance.requests_per_second),
        ("Requests per Minute", use.minute.sum(now) + 1, allowance.requests_per_minute),
    ]
    known = [(name, actual, limit) for name, actual, limit in requests if limit is not None]
    if any(actual > limit for _, actual, limit in known):
        return ", ".join(f"{name} (actual/limit): {actual}/{limit}" for name, actual, limit in known)
    tokens, most = use.tokens.sum(now), allowance.tokens_per_minute
    if most is not None and tokens >= most:
        return f"Tokens per Minute (actual/limit): {tokens}/{most}"
    return ""


def _per_minute(allowance: Allowance) -> int | None:
    if allowance.requests_per_minute is not None or allowance.requests_per_second is None:
        return allowance.requests_per_minute
    return 60 * allowance.requests_per_second


def _least(given: list[int | None], otherwise: int) -> int:
    return min((number for number in given if number is not None), default=otherwise)


def _shown(name: str, most: int, used: int) -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{name}": str(most),
        f"x-ratelimit-remaining-{name}": str(max(most - used, 0)),
    }


def _model_of(visit: Visit) -> str:
    """The model that serves a request: what is asked for under any name is limited as one."""
    asked = visit.asked.model or ""
    model = visit.simulator.models.find(asked)
    return model.id if model else asked


def _team_of(visit: Visit) -> str:
    return visit.key.team_id if visit.key else ""


def _means(wanted: str | None, model: str, visit: Visit) -> bool:
    if wanted is None or wanted == model:
        return True
    known = visit.simulator.models.find(wanted)
    return known is not None and known.id == model
