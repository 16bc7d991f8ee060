"""Retry: a call that failed is made again, when waiting can help, nothing of it was seen, and not too many fail.

What is tried again, and when:

* Before the first output only. A stream that broke after that is `StreamInterrupted`, and yours to decide on.
* Always, where nothing can have run: 429 for speed, no capacity, 503, 529, 408, no connection. Reading (GET) and
  what is the same done twice (PUT, DELETE) too, whatever happened.
* Where the model may have run, and been billed (500, 502, 504, 52x, a connection that broke, a time limit):
  unless `Retry(ambiguous=False)`. For calls with server-side tools that act (`mcp`, `shell`): only with
  `Retry(effects=True)`. The event `Retried` says `may_have_run`.
* Never: money, keys, permissions, refused content, calls that are wrong, what grokkit itself refused or gave up
  (a full queue, an open circuit, a deadline), and what the server said `x-should-retry: false` of.

How long it waits: what `Retry-After` asks for, and a little more, never less; else a random time between 0 and
`base`, then twice that, four times that, up to `cap` (for 429 from at least 1 s). A wait that is longer than
`ceiling`, or than the call has time, is not begun: the error is raised at once, and its hint has the figures.

Retries are paid for (`RetryBudget`): each call that comes through pays `budget` of one, for a minute; besides there
is a `reserve`, full at first and regained within a minute. So an outage, which every call notices, costs a few
retries in all and not a few each. With `state=` the reserve is that of all processes together.

Each try has a number (`x-grokkit-attempt` from the second on), all have the same `x-client-request-id` and, where
they are POSTs, the same `idempotency-key`. `error.attempts` says how many there were, for whoever tries again
further out; `Retried` and `RetryRefused` tell of each decision.
"""

from .budget import BudgetHealth, RetryBudget
from .decision import Again, Failure, Stop, decide
from .retries import Retries

__all__ = ["Again", "BudgetHealth", "Failure", "Retries", "RetryBudget", "Stop", "decide"]
