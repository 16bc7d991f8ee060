"""Rate limits per key and model, money that runs out, capacity that comes and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.models import lookup

if TYPE_CHECKING:
    from grokkit.testing.simulator.refusal import Refusal
    from grokkit.testing.simulator.visit import Outcome, Visit


class Limits:
    """What a team may do. Without settings, everything: the headers then show the first tier's limits, untouched."""

    def admit(self, visit: Visit) -> Refusal | None:
        """The refusal for a call that may not run now."""
        return None

    def settle(self, visit: Visit, outcome: Outcome) -> None:
        """Count what a call took."""

    def headers(self, visit: Visit, model: str | None, *, tokens: bool) -> dict[str, str]:
        """The `x-ratelimit-*` headers of a reply."""
        known = lookup(model or visit.asked.model or "")
        limits = known.rate_limits if known else None
        requests = str(60 * limits.requests_per_second[0] if limits else 1200)
        shown = {"x-ratelimit-limit-requests": requests, "x-ratelimit-remaining-requests": requests}
        if tokens:
            most = str(limits.tokens_per_minute[0] if limits and limits.tokens_per_minute else 18_000_000)
            shown |= {"x-ratelimit-limit-tokens": most, "x-ratelimit-remaining-tokens": most}
        return shown
