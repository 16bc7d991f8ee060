from __future__ import annotations

import asyncio
import os
import threading
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.call import Call, Ending, Reply
from grokkit.config import Policies, RateLimit
from grokkit.errors import (
    ConnectionFailed,
    NoCapacity,
    QueueFull,
    RateLimited,
    StoreUnavailable,
    WouldExceedDeadline,
)
from grokkit.layers.figures import Figures
from grokkit.layers.rate_limit import RateLimiter
from grokkit.layers.rate_limit.giving import AT_ONCE
from grokkit.stores.memory import MemoryStore
from grokkit.telemetry.events import Admitted, LimitLearned, Queued
from grokkit.telemetry.span import Span
from grokkit.testing import TurnableClock
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from grokkit.stores.store import Take, Taken

START = 1000.0


class Server:
    """Answers at once with these headers, or with what `fails` makes; remembers when and for whom."""

    def __init__(self, clock: TurnableClock, headers: Mapping[str, str] | None = None) -> None:
        self.clock = clock
        self.headers = headers or {}
        self.fails: Callable[[Call], Exception | None] = lambda _: None
        self.at: list[float] = []
        self.calls: list[str] = []
        self.seconds = 0.0

    async def __call__(self, call: Call) -> Reply:
        self.at.append(round(self.clock.now() - START, 3))
        self.calls.append(call.id)
        if self.seconds:
            await self.clock.sleep(self.seconds)
        if error := self.fails(call):
            raise error
        return Reply(200, self.headers, body=b"{}")


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(START)


@pytest.fixture
def figures(clock: TurnableClock) -> Figures:
    return Figures(clock.now)


@pytest.fixture
def limiter(clock: TurnableClock, figures: Figures) -> RateLimiter:
    return RateLimiter(clock, MemoryStore(clock.now), figures)


@pytest.fixture
def server(clock: TurnableClock) -> Server:
    return Server(clock)


def call(name: str = "c", policy: RateLimit | None = None, **fields: Any) -> Call:
    policies = Policies(
        rate_limit=policy or RateLimit(), tenant=fields.pop("tenant", None), priority=fields.pop("priority", "normal")
    )
    return Call(
        **{
            "method": "POST",
            "base_url": "http://h/v1",
            "path": "/responses",
            "operation": "responses",
            "id": name,
            "model": "m",
            "body": {"input": "Hi"},
            "policies": policies,
            **fields,
        }
    )


def two_a_minute(**more: Any) -> RateLimit:
    return RateLimit(requests_per_minute=2, burst=1.0, **more)


async def test_calls_above_the_limit_wait_for_their_turn(
    limiter: RateLimiter, server: Server, clock: TurnableClock
) -> None:
    tasks = [asyncio.create_task(limiter(call(str(n), two_a_minute()), server)) for n in range(4)]
    await clock.advance(60)
    assert server.calls == ["0", "1"]

    await clock.advance(33)
    assert server.calls == ["0", "1", "2", "3"]
    await asyncio.gather(*tasks)
    assert clock.waiting == 0


async def test_calls_without_a_model_and_those_with_the_policy_off_pass(limiter: RateLimiter, server: Server) -> None:
    for number in range(5):
        await limiter(call(str(number), two_a_minute(), model=None), server)
        await limiter(call(str(number), RateLimit(mode="off", requests_per_minute=1)), server)

    assert len(server.calls) == 10
    assert limiter.health() == ()


async def test_limits_are_for_each_account_and_model(limiter: RateLimiter, server: Server) -> None:
    for account in ("a", "b"):
        for model in ("m", "n"):
            for number in range(2):
                await limiter(call(str(number), two_a_minute(), account=account, model=model), server)

    assert len(server.calls) == 8


async def test_limits_of_the_tier_come_from_the_catalogue(clock: TurnableClock, server: Server) -> None:
    figures = Figures(clock.now)

    def limits_of(model: str, tier: int) -> Mapping[str, float]:
        return {"requests_per_minute": 10.0 * (tier + 1)} if model == "m" else {}

    limiter = RateLimiter(clock, MemoryStore(clock.now), figures, limits_of=limits_of)
    await limiter(call(policy=RateLimit(tier=2)), server)

    [health] = limiter.health()
    [limit] = health.limits
    assert (limit.name, limit.limit, limit.source) == ("requests_per_minute", 30.0, "tier")


async def test_urgent_calls_go_first_then_tenants_take_turns(
    limiter: RateLimiter, server: Server, clock: TurnableClock
) -> None:
    policy = RateLimit(requests_per_minute=1)
    await limiter(call("first", policy), server)
    waiting = [("a1", "a", "normal"), ("a2", "a", "normal"), ("b1", "b", "normal"), ("urgent", "a", "high")]
    tasks = [
        asyncio.create_task(limiter(call(name, policy, tenant=tenant, priority=priority), server))
        for name, tenant, priority in waiting
    ]
    await clock.advance(600)
    await asyncio.gather(*tasks)

    assert server.calls == ["first", "urgent", "a1", "b1", "a2"]


async def test_one_more_than_may_wait_is_refused_at_once(
    limiter: RateLimiter, server: Server, clock: TurnableClock
) -> None:
    policy = RateLimit(requests_per_minute=1, queue=1)
    await limiter(call("0", policy), server)
    waiting = asyncio.create_task(limiter(call("1", policy), server))
    await clock.advance(0)

    with pytest.raises(QueueFull, match="1 calls wait already") as caught:
        await limiter(call("2", policy), server)

    assert caught.value.client_request_id == "2"
    assert caught.value.retry_after == pytest.approx(120, abs=3)
    assert not caught.value.may_have_run
    await clock.advance(70)
    await waiting


async def test_a_call_that_would_wait_past_its_deadline_is_refused_at_once(
    limiter: RateLimiter, server: Server
) -> None:
    policy = RateLimit(requests_per_minute=1)
    await limiter(call("0", policy), server)

    with pytest.raises(WouldExceedDeadline, match="has 30 s left, and needs about 60") as caught:
        await limiter(call("1", policy, deadline=START + 30), server)

    assert caught.value.client_request_id == "1"
    assert server.calls == ["0"]
    assert sum(limiter.health()[0].waiting.values()) == 0


async def test_a_call_whose_answer_would_be_late_is_refused_at_once(
    limiter: RateLimiter, server: Server, figures: Figures
) -> None:
    for _ in range(10):
        figures.answered(call(), first=1.0, whole=20.0)

    await limiter(call("0", deadline=START + 21), server)
    with pytest.raises(WouldExceedDeadline, match="0 s until it may set out, 20 s for the answer"):
        await limiter(call("1", deadline=START + 19), server)

    assert server.calls == ["0"]


async def test_who_leaves_the_queue_leaves_nothing_behind(
    limiter: RateLimiter, server: Server, clock: TurnableClock
) -> None:
    policy = RateLimit(requests_per_minute=1)
    await limiter(call("0", policy), server)
    leaving, staying = (asyncio.create_task(limiter(call(name, policy), server)) for name in ("leaving", "staying"))
    await clock.advance(1)

    leaving.cancel()
    await clock.advance(61)

    assert leaving.cancelled()
    assert staying.done()
    assert server.calls == ["0", "staying"]
    assert clock.waiting == 0


async def test_the_headers_of_a_reply_are_learned_from(
    limiter: RateLimiter, server: Server, clock: TurnableClock
) -> None:
    server.headers = {"x-ratelimit-limit-requests": "2", "x-ratelimit-limit-tokens": "100000"}
    events: list[Any] = []
    first = call("0", RateLimit(burst=1.0))
    span = Span(first, [events.append], clock)

    await limiter(first.replace(span=span), server)
    tasks = [asyncio.create_task(limiter(first.replace(id=str(n), span=span), server)) for n in (1, 2, 3)]
    await clock.advance(100)
    await asyncio.gather(*tasks)

    assert [limit.source for limit in limiter.health()[0].limits] == ["header", "header"]
    [learned] = [event for event in events if isinstance(event, LimitLearned)]
    assert learned.limits == {"requests_per_minute": 2.0, "tokens_per_minute": 100_000.0}
    assert server.at[2] > 60
    queued = [event for event in events if isinstance(event, Queued)]
    admitted = [event for event in events if isinstance(event, Admitted)]
    assert [event.position for event in queued] == [1, 2]
    assert [event.wait for event in queued] == pytest.approx([event.waited for event in admitted], abs=31)


async def test_a_fixed_limit_learns_nothing(limiter: RateLimiter, server: Server) -> None:
    server.headers = {"x-ratelimit-limit-requests": "1"}
    policy = RateLimit(mode="fixed", requests_per_minute=10, burst=1.0)

    for number in range(5):
        await limiter(call(str(number), policy), server)

    assert [(limit.limit, limit.source) for limit in limiter.health()[0].limits] == [(10.0, "given")]


async def test_the_text_of_a_refusal_is_learned_from_and_all_pause(
    limiter: RateLimiter, server: Server, clock: TurnableClock
) -> None:
    figures = {"requests_per_second": 2.0, "requests_per_minute": 60.0}
    server.fails = lambda call: (
        RateLimited("no", status=429, observed=figures, limit=figures) if call.id == "0" else None
    )
    with pytest.raises(RateLimited):
        await limiter(call("0"), server)

    [health] = limiter.health()
    assert {limit.name: (limit.limit, limit.source) for limit in health.limits} == {
        "requests_per_second": (2.0, "refusal"),
        "requests_per_minute": (60.0, "refusal"),
    }
    assert health.paused_for == 1.0
    second = asyncio.create_task(limiter(call("1"), server))
    await clock.advance(0.9)
    assert server.calls == ["0"]
    await clock.advance(70)
    await second


@pytest.mark.parametrize(("asked", "paused"), [(None, 1.0), (7.0, 7.0), (86_400.0, 120.0)])
async def test_a_pause_is_as_long_as_the_server_asks_for(
    limiter: RateLimiter, server: Server, asked: float | None, paused: float
) -> None:
    server.fails = lambda _: RateLimited("no", status=429, retry_after=asked)

    with pytest.raises(RateLimited):
        await limiter(call(), server)

    assert limiter.health()[0].paused_for == paused


async def test_without_capacity_fewer_run(limiter: RateLimiter, server: Server, clock: TurnableClock) -> None:
    server.seconds = 1.0
    server.fails = lambda call: NoCapacity("overloaded", status=529) if call.id == "0" else None
    tasks = [asyncio.create_task(limiter(call(str(number)), server)) for number in range(10)]

    await clock.advance(1)

    assert limiter.health()[0].bound is not None
    await clock.advance(60)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, NoCapacity) for result in results) == 1


async def test_a_hard_bound_on_what_runs(limiter: RateLimiter, server: Server, clock: TurnableClock) -> None:
    server.seconds = 10.0
    policy = RateLimit(concurrency=2)
    tasks = [asyncio.create_task(limiter(call(str(number), policy), server)) for number in range(5)]

    await clock.advance(60)
    await asyncio.gather(*tasks)

    assert server.at == [0.0, 0.0, 10.0, 10.0, 20.0]


async def test_tokens_are_reserved_and_settled(limiter: RateLimiter, server: Server, clock: TurnableClock) -> None:
    policy = RateLimit(mode="fixed", tokens_per_minute=1000, burst=1.0)
    body = {"max_output_tokens": 900}
    reply = await limiter(call("0", policy, body=body), server)
    second = asyncio.create_task(limiter(call("1", policy, body=body), server))
    await clock.advance(0)
    assert server.calls == ["0"]

    answer: Any = SimpleNamespace(model="m", usage=Usage(total_tokens=50, output_tokens=40))
    reply.end(Ending(answer))
    await clock.advance(0)

    assert server.calls == ["0", "1"]
    await second


async def test_what_was_never_sent_is_given_back(limiter: RateLimiter, server: Server) -> None:
    server.fails = lambda _: ConnectionFailed("nobody there")
    for number in range(5):
        with pytest.raises(ConnectionFailed):
            await limiter(call(str(number), two_a_minute()), server)

    assert len(server.calls) == 5


async def test_a_refusal_although_the_limit_was_kept_makes_our_share_smaller(
    limiter: RateLimiter, server: Server, clock: TurnableClock
) -> None:
    policy = RateLimit(requests_per_minute=100)
    server.fails = lambda _: RateLimited("no", status=429, limit={"requests_per_minute": 100.0})
    with pytest.raises(RateLimited):
        await limiter(call("0", policy), server)
    assert limiter.health()[0].share == 1.0  # that the limit is so high was news

    second = asyncio.create_task(limiter(call("1", policy), server))
    await clock.advance(100)
    with pytest.raises(RateLimited):
        await second

    assert 0.9 <= limiter.health()[0].share < 1.0
    await clock.advance(200)
    assert limiter.health()[0].share == 1.0


async def test_what_one_process_learns_the_next_knows(clock: TurnableClock, figures: Figures, server: Server) -> None:
    store = MemoryStore(clock.now)
    server.headers = {"x-ratelimit-limit-requests": "2"}
    policy = RateLimit(burst=1.0)
    await RateLimiter(clock, store, figures)(call("0", policy), server)
    server.headers = {}
    other = RateLimiter(clock, store, figures)

    await other(call("1", policy), server)
    third = asyncio.create_task(other(call("2", policy), server))
    await clock.advance(1)
    assert server.calls == ["0", "1"]
    await clock.advance(70)
    await third


class Lossy(MemoryStore):
    """A store elsewhere that begins anew, as a Redis does that was restarted."""

    def begin_anew(self) -> None:
        MemoryStore.__init__(self, self._clock)


async def test_what_was_learned_is_told_again_to_a_store_that_lost_it_and_forgotten_in_time(
    clock: TurnableClock, figures: Figures, server: Server
) -> None:
    store = Lossy(clock.now)
    teller, listener = RateLimiter(clock, store, figures), RateLimiter(clock, store, figures)

    async def knows(limiter: RateLimiter, *, after: float = 0.0) -> bool:
        await clock.advance(after)
        await limiter(call(), server)
        return bool(limiter.health()[0].limits)

    def another() -> RateLimiter:
        return RateLimiter(clock, store, figures)

    server.headers = {"x-ratelimit-limit-requests": "120"}
    assert await knows(teller)
    server.headers = {}
    assert await knows(listener)
    store.begin_anew()
    assert await knows(listener, after=40)
    assert not await knows(another()), "who only heard of it does not tell it again"
    assert await knows(teller)
    assert await knows(another())
    assert not await knows(teller, after=6 * 3600 - 30)
    assert not await knows(listener, after=40)


async def test_what_was_sent_before_a_store_lost_it_is_counted_again(
    clock: TurnableClock, figures: Figures, server: Server
) -> None:
    store = Lossy(clock.now)
    limiter = RateLimiter(clock, store, figures)
    policy = RateLimit(burst=1.0)
    server.headers = {"x-ratelimit-limit-requests": "5"}
    for number in range(5):
        await limiter(call(str(number), policy), server)
    sixth = asyncio.create_task(limiter(call("5", policy), server))

    await clock.advance(3)
    store.begin_anew()
    await clock.advance(55)
    assert len(server.at) == 5
    await clock.advance(70)

    await sixth


async def test_a_call_with_a_smaller_limit_of_its_own_delays_only_itself(
    limiter: RateLimiter, server: Server, clock: TurnableClock
) -> None:
    small, large = RateLimit(requests_per_minute=1), RateLimit(requests_per_minute=10, burst=1.0)
    await limiter(call("0", small), server)
    held_back = asyncio.create_task(limiter(call("small", small), server))
    await clock.advance(0)

    others = [asyncio.create_task(limiter(call(f"large {number}", large), server)) for number in range(5)]
    await clock.advance(50)

    await asyncio.gather(*others)
    assert "small" not in server.calls
    await clock.advance(100)
    await held_back


async def test_loops_in_several_threads_share_a_limit() -> None:
    clock = TurnableClock(START)
    limiter = RateLimiter(clock, MemoryStore(clock.now), Figures(clock.now))
    server = Server(clock)
    policy = RateLimit(requests_per_minute=10, concurrency=2)

    async def work(name: str) -> None:
        await asyncio.gather(*(limiter(call(f"{name}{n}", policy), server) for n in range(10)))

    threads = [threading.Thread(target=asyncio.run, args=(work(name),)) for name in "abc"]
    with clock.rushing():
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join, 20)

    assert len(server.calls) == 30
    for moment in server.at:
        assert sum(moment - 60 < other <= moment for other in server.at) <= 10
    assert limiter.health()[0].running == 0


def test_a_forked_child_starts_with_an_empty_queue() -> None:
    clock = TurnableClock(START)
    limiter = RateLimiter(clock, MemoryStore(clock.now), Figures(clock.now))
    server = Server(clock)
    policy = RateLimit(requests_per_minute=1, concurrency=1)

    async def parent() -> int:
        await limiter(call("0", policy), server)
        waiting = asyncio.create_task(limiter(call("1", policy), server))
        await clock.advance(0)
        assert sum(limiter.health()[0].waiting.values()) == 1
        child = os.fork()
        if not child:
            [health] = limiter.health()
            os._exit(sum(health.waiting.values()) + health.running)
        waiting.cancel()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert asyncio.run(parent()) == 0


class Elsewhere(MemoryStore):
    """A store that takes a moment to answer, and counts how often and by how many at one time it was asked."""

    asked = under_way = most = 0
    broken = False

    async def get(self, key: str) -> bytes | None:
        async with self.answering():
            if self.broken:
                raise StoreUnavailable("away")
            return await super().get(key)

    async def take(self, takes: Sequence[Take]) -> Taken:
        async with self.answering():
            return await super().take(takes)

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        self.asked += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        try:
            yield
        finally:
            self.under_way -= 1


async def test_thousands_who_come_at_once_ask_a_store_elsewhere_a_few_times(
    clock: TurnableClock, figures: Figures, server: Server
) -> None:
    store = Elsewhere(clock.now)
    limiter = RateLimiter(clock, store, figures)
    policy = RateLimit(requests_per_minute=600, burst=0.1, mode="fixed")

    tasks = [asyncio.create_task(limiter(call(str(number), policy), server)) for number in range(5000)]
    await clock.advance(0)

    assert len(server.at) == 60
    assert store.asked < 200
    assert store.most <= AT_ONCE
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_first_look_at_what_others_learned_is_for_all_who_wait_for_it(
    clock: TurnableClock, figures: Figures, server: Server
) -> None:
    store = Elsewhere(clock.now)
    limiter = RateLimiter(clock, store, figures)
    first, *others = [asyncio.create_task(limiter(call(str(number)), server)) for number in range(10)]
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.gather(*others)

    assert store.asked == 1
    assert first.cancelled()


async def test_a_first_look_that_fails_fails_all_who_wait_for_it_each_with_an_error_of_its_own(
    clock: TurnableClock, figures: Figures, server: Server
) -> None:
    store = Elsewhere(clock.now)
    store.broken = True
    limiter = RateLimiter(clock, store, figures)

    errors = await asyncio.gather(*(limiter(call(), server) for _ in range(10)), return_exceptions=True)

    assert [str(error) for error in errors] == [str(StoreUnavailable("away"))] * 10
    assert len(set(map(id, errors))) == 10
    store.broken = False
    assert (await limiter(call(), server)).status == 200


async def test_a_store_that_fails_fails_the_call_and_not_those_behind(
    clock: TurnableClock, figures: Figures, server: Server
) -> None:
    class Failing(MemoryStore):
        broken = False

        async def take(self, takes: Any) -> Any:
            if self.broken:
                self.broken = False
                raise OSError("the disk is gone")
            return await super().take(takes)

    store = Failing(clock.now)
    limiter = RateLimiter(clock, store, figures)
    policy = RateLimit(requests_per_minute=1)
    await limiter(call("0", policy), server)
    tasks = [asyncio.create_task(limiter(call(name, policy), server)) for name in ("1", "2")]
    await clock.advance(1)
    store.broken = True
    await clock.advance(200)

    with pytest.raises(OSError, match="disk"):
        await tasks[0]
    await tasks[1]


async def test_the_stack_shows_it(limiter: RateLimiter) -> None:
    assert repr(limiter) == "rate_limit"
