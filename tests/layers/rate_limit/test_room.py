"""Second tries within the limits: the limiter and the hedge together, against servers that count by themselves."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.call import Call, Ending, Reply
from grokkit.config import Hedge, Policies, RateLimit, Retry
from grokkit.errors import CircuitOpen, ConnectionFailed, ConnectionLost, NoCapacity, RateLimited
from grokkit.layers.figures import Figures
from grokkit.layers.hedge import Hedging
from grokkit.layers.rate_limit import RateLimiter
from grokkit.layers.retry import RetryBudget
from grokkit.stores import Degrading
from grokkit.stores.memory import MemoryStore
from grokkit.testing import Simulator, TurnableClock
from grokkit.testing.mock.replies import Body

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from grokkit.stores.store import Take, Taken

START = 1000.0
MOST = 300
PLENTY = RateLimit(mode="fixed", requests_per_minute=100, tokens_per_minute=100_000, burst=1.0)


def limits(**figures: Any) -> RateLimit:
    return RateLimit(mode="fixed", burst=1.0, **figures)


class Ledger(MemoryStore):
    """Knows what is taken and was not given back; other tasks come between question, deed and answer."""

    def __init__(self, clock: TurnableClock, turns: int) -> None:
        super().__init__(clock.now)
        self.held: defaultdict[str, float] = defaultdict(float)
        self._turns = turns

    async def take(self, takes: Sequence[Take]) -> Taken:
        await self._pause()
        taken = await super().take(takes)
        for take in () if taken.wait else takes:
            self.held[take.quota.key.rpartition("/")[2]] += take.amount
        await self._pause()
        return taken

    async def give(self, takes: Sequence[Take], at: float) -> None:
        await self._pause()
        await super().give(takes, at)
        for take in takes:
            self.held[take.quota.key.rpartition("/")[2]] -= take.amount

    async def _pause(self) -> None:
        for _ in range(self._turns):
            await asyncio.sleep(0)


def call_of(policy: RateLimit = PLENTY, tokens: int = MOST, **policies: Any) -> Call:
    return Call(
        method="POST",
        base_url="http://h/v1",
        path="/responses",
        operation="responses",
        id="c-1",
        model="m",
        body={"max_output_tokens": tokens},
        policies=Policies(rate_limit=policy, hedge=Hedge(after=2.0), **policies),
    )


class Try:
    """What happens to one try: after so many seconds it is answered or fails."""

    def __init__(self, seconds: float, error: Exception | None = None) -> None:
        self.seconds = seconds
        self.error = error


class World:
    """A server that plays one `Try` after another, with the limiter and the hedge before it."""

    def __init__(self, *tries: Try, turns: int | None = None) -> None:
        """`turns` is how long the store takes for an answer, in turns of the loop; without, it is in memory."""
        self.clock = TurnableClock(START)
        self.figures = Figures(self.clock.now)
        self.ledger = Ledger(self.clock, turns or 0)
        memory = MemoryStore(self.clock.now)
        store = memory if turns is None else Degrading(self.ledger, memory, clock=self.clock)
        self.limiter = RateLimiter(self.clock, store, self.figures)
        self.budget = RetryBudget(MemoryStore(self.clock.now), self.clock)
        self.hedging = Hedging(self.clock, self.budget, self.figures)
        self.tries = list(tries)
        self.at: list[float] = []
        self.running = 0
        self.most = 0
        self.ends: Counter[int] = Counter()

    async def serve(self, call: Call) -> Reply:
        self.at.append(self.clock.now() - START)
        number = len(self.at)
        script = self.tries[number - 1]
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.clock.sleep(script.seconds)
        finally:
            self.running -= 1
        if script.error is not None:
            raise script.error
        reply = Reply(200, {"x-try": str(number)}, stream=Body([b"data: 1\n\n"]))
        reply.on_end(lambda _: self.ends.update([number]))
        return reply

    def send(self, policy: RateLimit = PLENTY, *, tokens: int = MOST, reserve: int = 10) -> Coroutine[Any, Any, Reply]:
        call = call_of(policy, tokens, retries=Retry(reserve=reserve))
        return self.limiter(call, partial(self.hedging, call_next=self.serve))

    async def run(self, *sent: Coroutine[Any, Any, Reply]) -> list[Reply]:
        async with self.clock.rushing():
            return await asyncio.gather(*sent)

    def spent(self) -> int:
        return self.budget.health("").paid

    def assert_held_is_what_the_server_counts(self) -> None:
        now, held = self.clock.now() - START, self.ledger.held
        may_be_given_back = sum(
            isinstance(script.error, NoCapacity | ConnectionFailed) and begun + script.seconds <= now
            for script, begun in zip(self.tries, self.at, strict=False)
        )
        assert len(self.at) - may_be_given_back <= held["requests_per_minute"] <= len(self.at)
        assert held["tokens_per_minute"] == MOST * held["requests_per_minute"]

    def assert_nothing_runs(self) -> None:
        [health] = self.limiter.health()
        assert (health.running, sum(health.waiting.values())) == (0, 0)
        assert self.clock.waiting == 0


def end(reply: Reply, tokens: int = 50) -> None:
    answer: Any = SimpleNamespace(model="m", usage=SimpleNamespace(total_tokens=tokens, output_tokens=tokens))
    reply.end(Ending(answer))


async def test_a_second_try_takes_a_request_and_tokens_and_what_it_used_is_settled_once() -> None:
    world = World(Try(60), Try(1), turns=0)

    [reply] = await world.run(world.send())
    assert world.ledger.held == {"requests_per_minute": 2, "tokens_per_minute": 2 * MOST}
    assert world.limiter.health()[0].running == 1
    end(reply, tokens=50)
    end(reply, tokens=50)
    await world.clock.settle()

    assert reply.context["hedged"] == 2
    assert world.ledger.held == {"requests_per_minute": 2, "tokens_per_minute": MOST + 50}
    assert world.ends == {2: 1}
    world.assert_nothing_runs()


@pytest.mark.parametrize("turns", [None, 0, 2])
async def test_where_the_limit_has_no_room_there_is_no_second_try(turns: int | None) -> None:
    world = World(Try(60), turns=turns)

    [reply] = await world.run(world.send(limits(requests_per_minute=1)))
    end(reply)

    assert world.at == [0.0]
    assert world.spent() == 0
    world.assert_nothing_runs()


async def test_where_the_tokens_have_no_room_there_is_no_second_try() -> None:
    world = World(Try(60))

    await world.run(world.send(limits(tokens_per_minute=2 * MOST - 1)))

    assert world.at == [0.0]


async def test_a_second_try_is_among_those_that_may_run() -> None:
    world = World(Try(30), Try(30), Try(30), Try(30))

    replies = await world.run(*(world.send(limits(concurrency=3)) for _ in range(2)))
    for reply in replies:
        end(reply)

    assert world.at == [0.0, 0.0, 2.0]
    assert world.most == 3
    world.assert_nothing_runs()


async def test_those_who_wait_go_before_second_tries() -> None:
    world = World(Try(10), Try(1))
    policy = limits(tokens_per_minute=1000)
    late = asyncio.create_task(world.send(policy))
    large = asyncio.create_task(world.send(policy, tokens=800))

    await world.clock.advance(65)

    [first, second] = world.at
    assert first == 0.0
    assert 60.0 < second < 61.5
    for task in (late, large):
        (await task).end(Ending(complete=False))
    world.assert_nothing_runs()


async def test_a_pause_after_a_refusal_holds_for_second_tries() -> None:
    refusal = RateLimited("no", status=429, retry_after=30.0)
    world = World(Try(10), Try(1, refusal))
    policy = RateLimit()

    late, refused = asyncio.create_task(world.send(policy)), asyncio.create_task(world.send(policy))
    await world.clock.advance(20)

    assert world.at == [0.0, 0.0]
    assert refused.exception() is refusal
    (await late).end(Ending(complete=False))


async def test_without_budget_the_place_goes_back() -> None:
    world = World(Try(60), turns=0)

    [reply] = await world.run(world.send(reserve=0))
    reply.end(Ending(complete=False))
    await world.clock.settle()

    assert world.at == [0.0]
    assert world.ledger.held == {"requests_per_minute": 1, "tokens_per_minute": MOST}
    world.assert_nothing_runs()


async def test_a_first_that_answers_while_the_store_is_asked_is_taken_and_the_place_goes_back() -> None:
    world = World(Try(2.001), Try(1), turns=0)
    take = world.ledger.take

    async def take_slowly(takes: Sequence[Take]) -> Taken:
        if world.at:
            await world.clock.sleep(1)
        return await take(takes)

    world.ledger.take = take_slowly  # type: ignore[method-assign]  # a store that slows down between two takes

    [reply] = await world.run(world.send())
    reply.end(Ending(complete=False))
    await world.clock.settle()

    assert world.at == [0.0]
    assert world.spent() == 0
    assert world.ledger.held["requests_per_minute"] == 1
    world.assert_nothing_runs()


async def test_a_second_try_that_is_refused_teaches_the_limit_and_the_first_answers() -> None:
    figures = {"requests_per_minute": 2.0}
    world = World(Try(10), Try(1, RateLimited("no", status=429, observed=figures, limit=figures)))

    [reply] = await world.run(world.send(RateLimit()))
    reply.end(Ending(complete=False))

    assert reply.context["hedged"] == 1
    assert [(one.name, one.limit) for one in world.limiter.health()[0].limits] == [("requests_per_minute", 2.0)]
    world.assert_nothing_runs()


async def test_a_call_that_never_reaches_the_hedge_holds_nothing() -> None:
    world = World(turns=0)

    async def refuse(_: Call) -> Reply:
        raise CircuitOpen("the circuit is open")

    with pytest.raises(CircuitOpen):
        await world.limiter(call_of(), refuse)
    await world.clock.settle()

    assert not any(world.ledger.held.values())
    world.assert_nothing_runs()


async def test_a_call_that_no_hedge_looks_at_is_limited_as_any_other() -> None:
    world = World(Try(1), turns=0)

    async with world.clock.rushing():
        reply = await world.limiter(call_of(), world.serve)
    end(reply, tokens=50)
    await world.clock.settle()

    assert world.ledger.held == {"requests_per_minute": 1, "tokens_per_minute": 50}
    world.assert_nothing_runs()


MOMENTS = st.sampled_from([0.5, 1.0, 2.0, 2.5, 3.0, 4.0])
ERRORS: list[type[Exception] | None] = [None, None, NoCapacity, ConnectionFailed, ConnectionLost]
TRIES = st.builds(Try, MOMENTS, st.sampled_from(ERRORS).map(lambda kind: kind and kind("it failed")))


@given(
    tries=st.tuples(TRIES, TRIES),
    cancel_at=st.none() | MOMENTS,
    after=st.integers(0, 12),
    turns=st.none() | st.integers(0, 4),
    reserve=st.sampled_from([0, 10]),
)
def test_whatever_happens_all_is_given_back_but_what_the_server_counts(
    tries: tuple[Try, Try], cancel_at: float | None, after: int, turns: int | None, reserve: int
) -> None:
    async def happen() -> None:
        world = World(*tries, turns=turns)
        task = asyncio.create_task(world.send(reserve=reserve))
        alarm = world.clock.call_at(START + (cancel_at or 100.0), later(after, task.cancel))
        async with world.clock.rushing():
            await asyncio.wait([task])
        alarm.cancel()
        if not task.cancelled() and task.exception() is None:
            task.result().end(Ending(complete=False))
        await world.clock.settle()

        if turns is not None:
            world.assert_held_is_what_the_server_counts()
        assert world.spent() == max(0, len(world.at) - 1)
        assert all(count == 1 for count in world.ends.values())
        world.assert_nothing_runs()

    asyncio.run(happen())


def later(turns: int, do: Callable[[], object]) -> Callable[[], None]:
    """Do it a few turns of the loop later."""

    def step() -> None:
        if turns:
            asyncio.get_running_loop().call_soon(later(turns - 1, do))
        else:
            do()

    return step


def test_a_client_that_hedges_is_never_refused() -> None:
    clock = TurnableClock()
    simulator = Simulator(clock=clock, latency="lognormal:15,1")
    simulator.limit(requests_per_minute=30)
    policy = RateLimit(mode="fixed", requests_per_minute=30, burst=1.0, concurrency=12)

    async def work() -> None:
        grok = simulator.async_grok(hedge=Hedge(after=2.0), rate_limit=policy, retries=Retry(max=0, reserve=1000))

        async def ask_often() -> None:
            for _ in range(20):
                await grok.ask("Hi")

        async with clock.rushing():
            await asyncio.gather(*(ask_often() for _ in range(8)))
        [health] = grok.health().limits
        assert (health.running, sum(health.waiting.values())) == (0, 0)

    asyncio.run(work())

    assert simulator.tally.arrived > 200
    assert simulator.count(status=429) == 0
    assert simulator.tally.most_in_flight <= 12
