"""What calls share beyond one client: the layers that remember, and where they keep what they remember.

The clients of one process have it in common, as their limits, budgets and circuits are about the same servers. A
client with a transport, a clock or a `state` of its own has its own.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from grokkit.clock import SystemClock
from grokkit.layers.figures import Figures
from grokkit.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grokkit.call import Layer
    from grokkit.clock import Clock
    from grokkit.layers.circuit import CircuitBreaker
    from grokkit.layers.coalesce import SingleFlight
    from grokkit.layers.fallback import Fallbacks
    from grokkit.layers.hedge import Hedging
    from grokkit.layers.rate_limit import RateLimiter
    from grokkit.layers.retry import Retries, RetryBudget
    from grokkit.stores import Store

    LimitsOf = Callable[[str, int], Mapping[str, float]]


class Shared:
    """The layers that remember, each made when it is first asked for."""

    def __init__(self, clock: Clock, store: Store, limits_of: LimitsOf) -> None:
        """`limits_of` gives the limits of a model in a tier, by name, as the catalogue has them."""
        self.clock = clock
        self._limits_of = limits_of
        self.store = store
        self.figures = Figures(clock.now)

    @cached_property
    def answers(self) -> MemoryStore:
        """Where the cache keeps answers that have no other place."""
        from grokkit.layers.cache import MOST_IN_MEMORY

        return MemoryStore(self.clock.now, max_items=MOST_IN_MEMORY)

    @cached_property
    def budget(self) -> RetryBudget:
        """What retries and hedges are paid from."""
        from grokkit.layers.retry import RetryBudget

        return RetryBudget(self.store, self.clock)

    @cached_property
    def retries(self) -> Retries:
        """The layer `retry`."""
        from grokkit.layers.retry import Retries

        return Retries(self.clock, self.budget)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """The layer `rate_limit`."""
        from grokkit.layers.rate_limit import RateLimiter

        return RateLimiter(self.clock, self.store, self.figures, limits_of=self._limits_of)

    @cached_property
    def circuit_breaker(self) -> CircuitBreaker:
        """The layer `circuit`."""
        from grokkit.layers.circuit import CircuitBreaker

        return CircuitBreaker(self.clock, self.store)

    @cached_property
    def hedging(self) -> Hedging:
        """The layer `hedge`."""
        from grokkit.layers.hedge import Hedging

        return Hedging(self.clock, self.budget, self.figures)

    @cached_property
    def single_flight(self) -> SingleFlight:
        """The layer `coalesce`."""
        from grokkit.layers.coalesce import SingleFlight

        return SingleFlight(self.clock)

    @cached_property
    def fallbacks(self) -> Fallbacks:
        """The layer `fallback`."""
        from grokkit.layers.fallback import Fallbacks

        return Fallbacks()

    def by_slot(self) -> Mapping[str, Callable[[], Layer]]:
        """How to come by each, by its slot in the order."""
        return {
            "coalesce": lambda: self.single_flight,
            "fallback": lambda: self.fallbacks,
            "retry": lambda: self.retries,
            "rate_limit": lambda: self.rate_limiter,
            "circuit": lambda: self.circuit_breaker,
            "hedge": lambda: self.hedging,
        }


@cache
def of_process(limits_of: LimitsOf) -> Shared:
    """What the clients of this process have in common."""
    clock = SystemClock()
    return Shared(clock, MemoryStore(clock.now), limits_of)
