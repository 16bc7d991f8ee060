"""The layer that makes a call again: it numbers the tries, asks whether there is another, pays for it and waits."""

from __future__ import annotations

from functools import partial
from random import random as _random
from typing import TYPE_CHECKING

from grokkit.errors import CircuitOpen, ClientClosed, GrokError, QueueFull, RateLimited, WouldExceedDeadline
from grokkit.layers.effects import has_effects
from grokkit.telemetry.events import Retried, RetryRefused

from .decision import Failure, Stop, decide

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from grokkit.call import Call, Ending, Next, Reply
    from grokkit.clock import Clock

    from .budget import BudgetHealth, RetryBudget

ATTEMPT = "x-grokkit-attempt"
"""The header with the number of the try, from the second on."""

_NOTHING_SENT = (CircuitOpen, ClientClosed, QueueFull, WouldExceedDeadline)
_NOT_AGAIN = "not tried again: "
_HELD_BACK = Stop("budget", "retries are held back because too many calls fail")


class Retries:
    """Tries a call up to `1 + policy.max` times, as `call.policies.retries` has it.

    The reply tells the number of tries in `reply.context["attempts"]`, the error in `error.attempts`.
    """

    def __init__(self, clock: Clock, budget: RetryBudget, random: Callable[[], float] = _random) -> None:
        self._clock = clock
        self._budget = budget
        self._random = random

    def __repr__(self) -> str:
        return "retry"

    def __call__(self, call: Call, call_next: Next) -> Awaitable[Reply]:
        """Make the call until it comes through, or trying again is no use. Raises the error of the last try."""
        return self._tried(call, call_next) if call.policies.retries.max > 0 else call_next(call)

    async def _tried(self, call: Call, call_next: Next) -> Reply:
        attempt, current = 1, call
        while True:
            try:
                reply = await call_next(current)
            except GrokError as error:
                if not await self._waited(current, error, attempt):
                    raise
            else:
                return self._came_through(current, reply, attempt)
            attempt += 1
            if call.span is not None:
                call.span.attempts = attempt
            current = _numbered(current, attempt)

    def health(self) -> list[BudgetHealth]:
        """The retry budgets of the accounts that made calls lately."""
        return [self._budget.health(account) for account in self._budget.accounts()]

    async def _waited(self, call: Call, error: GrokError, attempt: int) -> bool:
        """Whether there is another try: then it is paid for, and the time until it is over."""
        policy = call.policies.retries
        failure = Failure(
            error,
            attempt,
            call.method,
            acts=error.may_have_run and has_effects(call),
            remaining=None if call.deadline is None else call.deadline - self._clock.now(),
        )
        decision = decide(policy, failure, self._random)
        if not isinstance(decision, Stop) and not await self._paid(call, error):
            decision = _HELD_BACK
        if isinstance(decision, Stop):
            _refuse(call, failure, decision)
            return False
        call.tell(Retried, attempt=attempt + 1, delay=decision.delay, error=error, may_have_run=failure.may_have_run)
        await self._wait(call, error, decision.delay)
        return True

    async def _paid(self, call: Call, error: GrokError) -> bool:
        return _is_paced(call, error) or await self._budget.withdraw(call.account, call.policies.retries)

    async def _wait(self, call: Call, error: GrokError, delay: float) -> None:
        try:
            await self._clock.sleep(delay)
        except BaseException:
            if not _is_paced(call, error):
                self._budget.put_back(call.account)
            raise

    def _came_through(self, call: Call, reply: Reply, attempt: int) -> Reply:
        reply.context["attempts"] = attempt
        if reply.body is not None:
            self._budget.deposit(call.account, call.policies.retries)
        else:
            reply.on_end(partial(self._ended, call))
        return reply

    def _ended(self, call: Call, ending: Ending) -> None:
        if ending.error is None:
            self._budget.deposit(call.account, call.policies.retries)


def _is_paced(call: Call, error: GrokError) -> bool:
    """Whether the rate limiter sees to it that trying again adds nothing to the load: then it costs no budget.

    It does when the refusal says what the limit is.
    """
    return isinstance(error, RateLimited) and bool(error.limit) and call.policies.rate_limit.is_on


def _numbered(call: Call, attempt: int) -> Call:
    return call.replace(attempt=attempt, headers={**call.headers, ATTEMPT: str(attempt)})


def _refuse(call: Call, failure: Failure, stop: Stop) -> None:
    error = failure.error
    error.attempts = failure.attempt - (isinstance(error, _NOTHING_SENT) or not error.attempts)
    if stop.note is not None and _NOT_AGAIN not in (error.hint or ""):
        error.hint = "; ".join(filter(None, [error.hint, _NOT_AGAIN + stop.note]))
    if stop.reason is not None:
        call.tell(RetryRefused, attempt=failure.attempt, error=error, reason=stop.reason)
