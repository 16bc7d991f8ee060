"""Goodput and refusals against a server that counts by itself: ten minutes of more calls than it allows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.config import RateLimit
from grokkit.errors import RateLimited
from grokkit.testing import Simulator, TurnableClock

if TYPE_CHECKING:
    from grokkit import AsyncGrok

MINUTES = 10
LIMITS = [{"requests_per_minute": 60}, {"requests_per_second": 2}, {"tokens_per_minute": 3000}]


class Run:
    """Callers that ask again and again, and again when they are refused."""

    def __init__(self, limit: dict[str, int], policy: RateLimit | None = None, **options: Any) -> None:
        self.clock = TurnableClock()
        self.simulator = Simulator(clock=self.clock, **options)
        self.simulator.limit(**limit)  # type: ignore[arg-type]  # the names are those of the method
        self.policy = policy
        self.answers = 0
        self.tokens = 0
        self.refused: list[float] = []

    async def go(self, callers: int) -> None:
        """Let them ask for ten minutes."""
        given: dict[str, Any] = {"rate_limit": self.policy} if self.policy else {}
        grok = self.simulator.async_grok(retries=0, model="grok-4.7", timeout=None, **given)
        async with self.clock.rushing():
            await asyncio.gather(*(self.ask(grok) for _ in range(callers)))

    async def ask(self, grok: AsyncGrok) -> None:
        begin = self.clock.now()
        while (passed := self.clock.now() - begin) < MINUTES * 60:
            try:
                answer = await grok.ask("Say something short, please.")
            except RateLimited:
                self.refused.append(passed)
                await self.clock.sleep(0.3)
                continue
            if self.clock.now() - begin < MINUTES * 60:
                self.answers += 1
                self.tokens += answer.usage.total_tokens

    def check_goodput(self, limit: dict[str, int]) -> None:
        """Within 5 % of what the limit allows."""
        [(name, value)] = limit.items()
        allowed = value * MINUTES * (60 if name == "requests_per_second" else 1)
        got = self.tokens if name == "tokens_per_minute" else self.answers
        assert 0.95 * allowed <= got <= 1.001 * allowed + 100 * (name == "tokens_per_minute")


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: next(iter(limit)))
async def test_what_the_first_refusals_teach_prevents_the_others(limit: dict[str, int]) -> None:
    run = Run(limit)

    await run.go(callers=100)

    assert run.refused
    assert max(run.refused) < 1.0
    run.check_goodput(limit)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: next(iter(limit)))
async def test_given_limits_are_never_run_into(limit: dict[str, int]) -> None:
    run = Run(limit, RateLimit(**limit))  # type: ignore[arg-type]  # the names are those of the policy

    await run.go(callers=20)

    assert run.refused == []
    run.check_goodput(limit)


async def test_answers_that_take_their_time_change_nothing() -> None:
    limit = {"requests_per_minute": 60}
    run = Run(limit, latency="lognormal:2,0.5")

    await run.go(callers=100)

    assert max(run.refused, default=0.0) < 61.0
    run.check_goodput(limit)
