"""Rate limits: calls go out as fast as the limits of their model and key allow, and the others wait for their turn.

* Limits are given (`RateLimit(requests_per_minute=60)`), come from the account's tier (`RateLimit(tier=2)`), or are
  learned: from the headers of replies, and from the text of a 429, which is exact. The smallest that is known holds.
  What is given is never exceeded; `mode="fixed"` learns nothing. With a shared store, processes learn from one another.
* Tokens are reserved when a call sets out (its text and images, and the most output that it allows or else what is
  usual) and settled when its usage is known. What was never sent is given back; what may have run stays taken.
* Calls above the limit wait: by priority, then fairly between tenants, then in the order of arrival. Low priorities
  get at least one turn in seventeen. Calls that are given other limits wait in a line of their own; those that wait
  for their `concurrency` are passed by while there is room for others.
* `QueueFull` and `WouldExceedDeadline` are raised at once, before anything is sent.
* After a 429 all calls of the model pause for as long as the server asks for (two minutes at most), or for a second.
  Those for which another is left to ask (`fallback=`) do not wait for that, where it is a reason to ask another.
  Refusals although the limit was kept mean that others use the same key: our share shrinks by a tenth, and recovers by
  a twentieth a minute.
* `RateLimit(concurrency=8)` bounds what runs in this process. Beyond that, `adaptive` cuts what runs to 70 % when the
  server refuses, has no capacity, or takes three times as long to its first output as is usual for the kind of call;
  successes raise the bound again until it is forgotten.
* The second try of a hedge is a request as any other, but it never waits: without room for it now, it is not sent. Of
  the try that is dropped the request and the tokens stay taken, for it may have run.
"""

from grokkit.layers.rate_limit.health import LimitHealth, RateLimitHealth
from grokkit.layers.rate_limit.limiter import RateLimiter

__all__ = ["LimitHealth", "RateLimitHealth", "RateLimiter"]
