"""Rate limits and the queue before them."""

from grokkit.layers.rate_limit.health import LimitHealth, RateLimitHealth
from grokkit.layers.rate_limit.limiter import RateLimiter

__all__ = ["LimitHealth", "RateLimitHealth", "RateLimiter"]
