from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit import errors
from grokkit.call import Call, Ending, Reply
from grokkit.config import Policies, Retry
from grokkit.layers.retry import Retries, RetryBudget
from grokkit.layers.retry.savings import KEPT
from grokkit.stores.memory import MemoryStore
from grokkit.telemetry.events import Retried, RetryRefused
from grokkit.telemetry.span import Span
from grokkit.testing import TurnableClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grokkit.telemetry.events import Event

HOUR = 3600.0


class Streaming:
    """A body that is on its way."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"data"

    async def aclose(self) -> None:
        """Nothing is held."""


class Server:
    """The rest of the way: fails in the given ways, then answers. It remembers each try."""

    def __init__(self, *failures: Exception, last: Reply | None = None) -> None:
        self.failures = list(failures)
        self.tries: list[Call] = []
        self.last = last

    async def __call__(self, call: Call) -> Reply:
        self.tries.append(call)
        if self.failures:
            raise self.failures.pop(0)
        return self.last or Reply(200, {}, body=b"")


class Bench:
    """A retry layer, its clock and budget, and what the hooks are told."""

    def __init__(self, random: float = 0.5) -> None:
        self.clock = TurnableClock()
        self.budget = RetryBudget(MemoryStore(self.clock.now), self.clock)
        self.layer = Retries(self.clock, self.budget, lambda: random)
        self.events: list[Event] = []

    def call(self, policy: Retry | None = None, **fields: Any) -> Call:
        call = Call(
            method="POST",
            base_url="http://h/v1",
            path="/responses",
            operation="responses",
            id="c-1",
            model="grok-4.7",
            policies=Policies(retries=policy or Retry()),
            account="a",
        ).replace(**fields)
        return call.replace(span=Span(call, [self.events.append], self.clock))

    async def send(self, call: Call, server: Server) -> Reply:
        async with self.clock.rushing():
            return await self.layer(call, server)

    async def fails(self, call: Call, server: Server) -> errors.GrokError:
        with pytest.raises(errors.GrokError) as caught:
            await self.send(call, server)
        return caught.value

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_call_that_comes_through_is_made_once(bench: Bench) -> None:
    server = Server()

    reply = await bench.send(bench.call(), server)

    assert len(server.tries) == 1
    assert reply.context["attempts"] == 1
    assert not bench.told(Retried)
    assert bench.budget.health("a").saved == pytest.approx(0.5)


async def test_a_call_is_made_again_until_it_comes_through(bench: Bench) -> None:
    full = errors.NoCapacity("full")
    server = Server(full, errors.ServerFailed("oops", status=500))

    reply = await bench.send(bench.call(), server)

    assert reply.context["attempts"] == 3
    first, second = bench.told(Retried)
    assert (first.attempt, first.delay, first.error, first.may_have_run) == (2, 0.25, full, False)
    assert (second.attempt, second.delay, second.may_have_run) == (3, 0.5, True)
    assert second.client_request_id == "c-1"
    assert bench.clock.now() == 1000.75


async def test_tries_are_numbered_and_have_one_identity(bench: Bench) -> None:
    server = Server(errors.NoCapacity("full"), errors.NoCapacity("full"))
    headers = {"x-client-request-id": "c-1"}

    await bench.send(bench.call(headers=headers), server)

    assert [call.attempt for call in server.tries] == [1, 2, 3]
    assert [call.headers.get("x-grokkit-attempt") for call in server.tries] == [None, "2", "3"]
    assert {call.headers["x-client-request-id"] for call in server.tries} == {"c-1"}
    assert {call.id for call in server.tries} == {"c-1"}


async def test_a_policy_that_is_off_leaves_the_call_alone(bench: Bench) -> None:
    call, server = bench.call(Retry(max=0)), Server(errors.NoCapacity("full"))

    await bench.fails(call, server)

    assert server.tries == [call]


async def test_the_last_error_is_raised_and_counts_the_tries(bench: Bench) -> None:
    last = errors.NoCapacity("full at last")
    server = Server(*[errors.NoCapacity("full") for _ in range(2)], last)

    error = await bench.fails(bench.call(Retry(max=2)), server)

    assert error is last
    assert error.attempts == 3
    assert error.hint == errors.NoCapacity.hint
    assert len(server.tries) == 3
    [refused] = bench.told(RetryRefused)
    assert (refused.attempt, refused.error, refused.reason) == (3, last, "attempts")


async def test_what_nobody_would_try_again_is_raised_without_a_word(bench: Bench) -> None:
    error = await bench.fails(bench.call(), Server(errors.NoCapacity("full"), errors.OutOfCredits("no money")))

    assert isinstance(error, errors.OutOfCredits)
    assert error.attempts == 2
    assert error.hint == errors.OutOfCredits.hint
    assert not bench.told(RetryRefused)


async def test_what_is_no_error_of_ours_passes(bench: Bench) -> None:
    server = Server(ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        await bench.send(bench.call(), server)

    assert len(server.tries) == 1


async def test_a_wait_that_there_is_no_time_for_is_said_with_figures(bench: Bench) -> None:
    original = errors.RateLimited("slow down", retry_after=300.0)

    error = await bench.fails(bench.call(deadline=bench.clock.now() + 12.5), Server(original))

    assert error is original
    assert str(error).endswith(
        "; not tried again: the server asks to wait 300 s and 12.5 s are left of this call's time"
    )
    assert bench.clock.now() == 1000.0
    assert [event.reason for event in bench.told(RetryRefused)] == ["deadline"]


@pytest.mark.parametrize(
    ("policy", "error", "reason", "said"),
    [
        (Retry(), errors.NoCapacity("full", retry_after=500.0), "ceiling", "asks to wait 500 s, more than the 120 s"),
        (Retry(ambiguous=False), errors.ServerFailed("oops"), "ambiguous", "may have run and been billed"),
        (Retry(), errors.ServerFailed("oops"), "effects", "server-side tools may have acted"),
        (Retry(reserve=0), errors.NoCapacity("full"), "budget", "retries are held back because too many calls fail"),
    ],
)
async def test_an_error_says_why_it_is_not_tried_again(
    bench: Bench, policy: Retry, error: errors.GrokError, reason: str, said: str
) -> None:
    call = bench.call(policy, body={"tools": [{"type": "mcp"}]})
    server = Server(error)

    raised = await bench.fails(call, server)

    assert raised is error
    assert raised.attempts == 1
    assert said in str(raised)
    assert [event.reason for event in bench.told(RetryRefused)] == [reason]
    assert len(server.tries) == 1


async def test_a_reason_is_said_once_whoever_else_gives_up(bench: Bench) -> None:
    error = errors.NoCapacity("full", retry_after=500.0)

    await bench.fails(bench.call(), Server(error))
    await bench.fails(bench.call(Retry(ceiling=30)), Server(error))

    assert str(error).count("not tried again") == 1


async def test_an_outer_loop_can_see_what_was_tried(bench: Bench) -> None:
    counts = []
    for _ in range(2):
        error = await bench.fails(bench.call(Retry(max=1)), Server(*[errors.NoCapacity("full") for _ in range(9)]))
        counts.append(error.attempts)

    assert counts == [2, 2]


async def test_an_hour_of_waiting_takes_no_time() -> None:
    bench = Bench(random=1.0)
    server = Server(*[errors.NoCapacity("full") for _ in range(15)])
    policy = Retry(max=20, base=600, cap=600)

    await bench.send(bench.call(policy), server)

    assert bench.clock.now() - 1000.0 >= HOUR
    assert len(server.tries) == 16


async def test_a_call_that_is_cancelled_while_it_waits_gives_its_retry_back(bench: Bench) -> None:
    server = Server(errors.NoCapacity("full", retry_after=60.0))
    policy = Retry(reserve=1)
    waiting = asyncio.create_task(bench.layer(bench.call(policy), server))
    await bench.clock.advance(30)
    assert not await bench.budget.withdraw("a", policy)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert len(server.tries) == 1
    assert bench.clock.waiting == 0
    assert await bench.budget.withdraw("a", policy)


@pytest.mark.parametrize(
    ("ending", "saved"),
    [
        (Ending(), 0.5),
        (Ending(complete=False), 0.5),
        (Ending(error=errors.StreamInterrupted("broke")), 0.0),
        (Ending(error=asyncio.CancelledError()), 0.0),
    ],
)
async def test_a_stream_pays_in_when_it_has_ended_well(bench: Bench, ending: Ending, saved: float) -> None:
    reply = await bench.send(bench.call(), Server(last=Reply(200, {}, stream=Streaming())))
    assert bench.budget.health("a").saved == 0.0

    reply.end(ending)
    reply.end(ending)

    assert bench.budget.health("a").saved == pytest.approx(saved)


async def test_a_total_outage_is_not_multiplied(bench: Bench) -> None:
    tries = 0

    async def down(_: Call) -> Reply:
        nonlocal tries
        tries += 1
        raise errors.ConnectionFailed("refused")

    async with bench.clock.rushing():
        outcomes = await asyncio.gather(*(bench.layer(bench.call(), down) for _ in range(200)), return_exceptions=True)

    assert all(isinstance(outcome, errors.ConnectionFailed) for outcome in outcomes)
    assert 200 < tries <= 200 + Retry().reserve
    assert {event.reason for event in bench.told(RetryRefused)} == {"budget"}


async def test_a_process_that_is_quiet_can_retry_again(bench: Bench) -> None:
    await bench.fails(bench.call(Retry(max=100, reserve=2)), Server(*[errors.NoCapacity("full")] * 9))
    await bench.clock.advance(62)

    reply = await bench.send(bench.call(Retry(reserve=2)), Server(errors.NoCapacity("full")))

    assert reply.context["attempts"] == 2


async def test_health_shows_the_budget_of_each_account(bench: Bench) -> None:
    await bench.send(bench.call(), Server(errors.NoCapacity("full")))
    await bench.send(bench.call(account="b"), Server())

    assert [(health.account, health.paid) for health in bench.layer.health()] == [("a", 1), ("b", 0)]
    assert repr(bench.layer) == "retry"


FAILURES = st.sampled_from(
    [
        errors.NoCapacity,
        errors.RateLimited,
        errors.ServerFailed,
        errors.ConnectionLost,
        errors.OutOfCredits,
        errors.QueueFull,
    ]
)


@given(
    kinds=st.lists(FAILURES, max_size=12),
    asked=st.none() | st.floats(0, 200),
    most=st.integers(0, 6),
    reserve=st.integers(0, 8),
    time=st.none() | st.floats(0, 300),
    random=st.floats(0, 1, exclude_max=True),
)
def test_tries_and_time_stay_within_what_was_allowed(
    *,
    kinds: list[type[errors.GrokError]],
    asked: float | None,
    most: int,
    reserve: int,
    time: float | None,
    random: float,
) -> None:
    bench = Bench(random)
    failures = [kind("it went wrong", retry_after=asked) for kind in kinds]
    server = Server(*failures)
    began = bench.clock.now()
    deadline = None if time is None else began + time

    async def run() -> errors.GrokError | None:
        try:
            await bench.send(bench.call(Retry(max=most, reserve=reserve), deadline=deadline), server)
        except errors.GrokError as error:
            return error
        return None

    error = asyncio.run(run())

    paced = sum(isinstance(failure, errors.RateLimited) for failure in failures)
    minutes = 1 + math.ceil((bench.clock.now() - began) / KEPT)
    assert len(server.tries) <= 1 + min(most, reserve * minutes + paced)
    assert deadline is None or bench.clock.now() <= deadline
    if error is not None:
        assert error is failures[len(server.tries) - 1]
        sent = len(server.tries) - isinstance(error, errors.QueueFull | errors.CircuitOpen | errors.WouldExceedDeadline)
        assert most == 0 or error.attempts == sent
