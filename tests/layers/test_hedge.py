from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.call import Call, Ending, Reply
from grokkit.config import Hedge, Policies, Retry
from grokkit.errors import ConnectionLost, NoCapacity, ServerFailed
from grokkit.layers.figures import Figures
from grokkit.layers.hedge import Hedging, delay_of
from grokkit.layers.retry import RetryBudget
from grokkit.stores.memory import MemoryStore
from grokkit.telemetry.events import Hedged, HedgeSettled
from grokkit.telemetry.span import Span
from grokkit.testing import Simulator, TurnableClock
from grokkit.testing.mock.replies import Body

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.telemetry.events import Event

MODEL = "grok-4.20-non-reasoning"
AFTER = Policies(hedge=Hedge(after=2.0))
TOLD = ContextVar("TOLD", default="nothing")


def call_of(policies: Policies = AFTER, **changes: Any) -> Call:
    call = Call(
        method="POST",
        base_url="https://api.x.ai/v1",
        path="/responses",
        operation="responses",
        id="c-1",
        model=MODEL,
        body={"model": MODEL, "input": "Hi"},
        policies=policies,
        account="a",
    )
    return call.replace(**changes)


class Try:
    """What happens to one try: after so many seconds it returns or fails."""

    def __init__(self, seconds: float, error: Exception | None = None) -> None:
        self.seconds = seconds
        self.error = error


class Server:
    """The rest of the way, which plays one `Try` after another and remembers what became of each."""

    def __init__(self, clock: TurnableClock, *tries: Try) -> None:
        self.clock = clock
        self.tries = list(tries)
        self.calls: list[Call] = []
        self.bodies: list[Body] = []
        self.endings: dict[int, list[Ending]] = {}
        self.cancelled: list[int] = []
        self.contexts: list[str] = []

    async def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        number = len(self.calls)
        self.contexts.append(TOLD.get())
        script = self.tries[number - 1]
        try:
            await self.clock.sleep(script.seconds)
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        if script.error is not None:
            raise script.error
        body = Body([b"data: 1\n\n"])
        self.bodies.append(body)
        reply = Reply(200, {"x-try": str(number)}, stream=body)
        told = self.endings.setdefault(number, [])
        reply.on_end(told.append)
        return reply


class World:
    def __init__(self, *tries: Try) -> None:
        self.clock = TurnableClock()
        self.figures = Figures(self.clock.now)
        self.budget = RetryBudget(MemoryStore(self.clock.now), self.clock)
        self.layer = Hedging(self.clock, self.budget, self.figures)
        self.server = Server(self.clock, *tries)
        self.events: list[Event] = []

    def start(self, call: Call | None = None) -> asyncio.Task[Reply]:
        call = call or call_of()
        span = Span(call, [self.events.append], self.clock)
        return asyncio.create_task(self.layer(call.replace(span=span), self.server))

    async def run(self, call: Call | None = None) -> Reply:
        task = self.start(call)
        async with self.clock.rushing():
            return await task

    def told(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def assert_nothing_is_left(self, *, kept: int | None = None) -> None:
        """No task, no alarm, and nothing open but the reply that the caller was given."""
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert self.clock.waiting == 0
        assert [body.closed for body in self.server.bodies].count(False) == (0 if kept is None else 1)
        for number, endings in self.server.endings.items():
            assert endings == ([] if number == kept else [Ending(complete=False)])


async def test_a_call_that_is_not_late_is_sent_once() -> None:
    world = World(Try(1.9))

    reply = await world.run()

    assert reply.headers["x-try"] == "1"
    assert "hedged" not in reply.context
    assert world.told(Hedged) == []
    world.assert_nothing_is_left(kept=1)


async def test_the_second_wins_when_the_first_hangs() -> None:
    world = World(Try(60), Try(1))

    reply = await world.run()

    assert reply.headers["x-try"] == "2"
    assert reply.context["hedged"] == 2
    assert world.clock.now() == 1003.0
    assert world.server.cancelled == [1]
    assert [event.after for event in world.told(Hedged)] == [2.0]
    assert [(event.winner, event.elapsed) for event in world.told(HedgeSettled)] == [(2, 3.0)]
    world.assert_nothing_is_left(kept=2)


async def test_the_first_wins_when_it_was_only_late() -> None:
    world = World(Try(2.5), Try(1))

    reply = await world.run()

    assert reply.context["hedged"] == 1
    assert world.server.cancelled == [2]
    assert [(event.winner, event.elapsed) for event in world.told(HedgeSettled)] == [(1, 0.5)]
    world.assert_nothing_is_left(kept=1)


async def test_of_two_that_return_at_the_same_moment_the_first_wins_and_the_other_is_closed() -> None:
    world = World(Try(3), Try(1))

    reply = await world.run()

    assert reply.context["hedged"] == 1
    assert len(world.server.bodies) == 2
    world.assert_nothing_is_left(kept=1)


async def test_the_second_is_the_same_call_and_says_what_it_is() -> None:
    world = World(Try(60), Try(1))
    call = call_of(headers={"x-team": "blue"}, attempt=3)

    await world.run(call)

    first, second = world.server.calls
    assert (second.id, second.attempt, second.body) == (first.id, 3, first.body)
    assert "x-grokkit-hedge" not in first.headers
    assert second.headers == {"x-team": "blue", "x-grokkit-hedge": "1"}
    assert second.context == {"hedge": True}


async def test_context_variables_flow_into_both() -> None:
    world = World(Try(60), Try(1))
    token = TOLD.set("a secret for layers")

    await world.run()

    TOLD.reset(token)
    assert world.server.contexts == ["a secret for layers"] * 2


async def test_the_delay_is_the_percentile_of_such_calls() -> None:
    world = World(Try(60), Try(1))
    call = call_of(Policies(hedge=Hedge(percentile=0.9, min_calls=10)))
    for second in range(1, 10):
        world.figures.answered(call, first=float(second), whole=60.0)

    assert delay_of(call, world.figures) is None
    world.figures.answered(call, first=10.0, whole=60.0)
    assert delay_of(call, world.figures) == 9.0
    assert delay_of(call.replace(account="b"), world.figures) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "GET", "body": None},
        {"model": None},
        {"body": {"model": MODEL, "tools": [{"type": "mcp"}]}},
        {"policies": Policies()},
    ],
)
async def test_what_may_not_or_need_not_be_sent_twice_never_is(changes: dict[str, Any]) -> None:
    world = World(Try(60))

    await world.run(call_of(**changes))

    assert len(world.server.calls) == 1


async def test_a_stream_is_hedged_as_well() -> None:
    world = World(Try(60), Try(1))

    reply = await world.run(call_of(stream=True))

    assert reply.context["hedged"] == 2


async def test_without_budget_the_first_is_waited_for() -> None:
    world = World(Try(60))
    poor = Policies(hedge=Hedge(after=2.0), retries=Retry(reserve=0))

    reply = await world.run(call_of(poor))

    assert reply.headers["x-try"] == "1"
    assert world.told(Hedged) == []


async def test_a_first_that_answers_while_the_budget_is_asked_is_taken_and_the_budget_gets_its_own_back() -> None:
    world = World(Try(3), Try(1))

    class Slow(RetryBudget):
        async def withdraw(self, account: str, policy: Retry) -> bool:
            await world.clock.sleep(5)
            return await super().withdraw(account, policy)

    slow = Slow(MemoryStore(world.clock.now), world.clock)
    world.layer = Hedging(world.clock, slow, world.figures)

    reply = await world.run()

    assert reply.headers["x-try"] == "1"
    assert len(world.server.calls) == 1
    assert slow.health("a").paid == 0


async def test_an_early_failure_is_for_the_retries() -> None:
    error = NoCapacity("busy")
    world = World(Try(1, error))

    with pytest.raises(NoCapacity) as caught:
        await world.run()

    assert caught.value is error
    assert len(world.server.calls) == 1
    world.assert_nothing_is_left()


@pytest.mark.parametrize(("tries", "winner"), [((3, 5), 2), ((5, 1), 1)])
async def test_when_one_fails_the_other_is_waited_for(tries: tuple[float, float], winner: int) -> None:
    errors: list[Exception | None] = [ServerFailed("oops", status=500)] * 2
    errors[winner - 1] = None
    world = World(Try(tries[0], errors[0]), Try(tries[1], errors[1]))

    reply = await world.run()

    assert reply.context["hedged"] == winner
    world.assert_nothing_is_left(kept=winner)


async def test_when_both_fail_the_first_s_error_is_raised() -> None:
    world = World(Try(5, NoCapacity("first", status=503)), Try(1, NoCapacity("second", status=503)))

    with pytest.raises(NoCapacity, match="first") as caught:
        await world.run()

    assert caught.value.__notes__ == ["hedged: the second of two tries failed too: NoCapacity('second', status=503)"]
    assert [(event.winner, event.elapsed) for event in world.told(HedgeSettled)] == [(None, 5.0)]
    world.assert_nothing_is_left()


async def test_when_both_fail_and_only_the_second_may_have_run_that_is_what_is_told() -> None:
    world = World(Try(5, NoCapacity("first", status=503)), Try(1, ConnectionLost("second")))

    with pytest.raises(ConnectionLost) as caught:
        await world.run()

    assert caught.value.may_have_run
    world.assert_nothing_is_left()


@pytest.mark.parametrize("moment", [0, 1, 2, 2.5])
async def test_a_caller_that_is_cancelled_ends_both(moment: float) -> None:
    world = World(Try(60), Try(60))
    task = world.start()
    await world.clock.advance(moment)

    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert [(event.winner, event.elapsed) for event in world.told(HedgeSettled)] == [(None, moment)] * (moment >= 2)
    world.assert_nothing_is_left()


async def test_a_caller_that_is_cancelled_while_the_loser_ends_leaves_nothing_open() -> None:
    world = World(Try(60), Try(1))
    held = asyncio.Event()
    served = world.server

    async def unwilling(call: Call) -> Reply:
        try:
            return await served(call)
        except asyncio.CancelledError:
            await held.wait()
            raise

    task = asyncio.create_task(world.layer(call_of(), unwilling))
    await world.clock.advance(3.5)

    task.cancel()
    await world.clock.settle()
    assert not task.done()
    held.set()
    await asyncio.wait([task])

    assert task.cancelled()
    world.assert_nothing_is_left()


MOMENTS = st.sampled_from([0.5, 1.0, 2.0, 2.5, 3.0, 4.0])
TRIES = st.builds(Try, MOMENTS, st.sampled_from([None, NoCapacity("busy"), ConnectionLost("gone")]))


@given(first=TRIES, second=TRIES, cancel_at=st.none() | MOMENTS, turns=st.integers(0, 12))
def test_whatever_happens_when_nothing_is_left_open(
    first: Try, second: Try, cancel_at: float | None, turns: int
) -> None:
    async def happen() -> None:
        world = World(first, second)
        task = world.start()
        alarm = world.clock.call_at(1000.0 + (cancel_at or 100), cancel_within(turns, task.cancel))
        async with world.clock.rushing():
            await asyncio.wait([task])
        alarm.cancel()
        await asyncio.sleep(0)
        if task.cancelled() or task.exception() is not None:
            world.assert_nothing_is_left()
        else:
            kept = int(task.result().headers["x-try"])
            assert task.result().context.get("hedged", 1) == kept
            world.assert_nothing_is_left(kept=kept)

    asyncio.run(happen())


def cancel_within(turns: int, cancel: Callable[[], object]) -> Callable[[], None]:
    """Cancel a few turns of the loop later."""

    def step() -> None:
        if turns:
            asyncio.get_running_loop().call_soon(cancel_within(turns - 1, cancel))
        else:
            cancel()

    return step


def test_a_client_hedges_a_simulated_call_that_hangs() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on().reply("late", delay=300).then("soon")
    events: list[Event] = []
    grok = sim.grok(hedge=Hedge(after=2.0), hooks=[events.append])

    with clock.rushing():
        answer = grok.ask("Hi")

    assert answer.text == "soon"
    assert [event.winner for event in events if isinstance(event, HedgeSettled)] == [2]


def test_the_second_try_has_an_idempotency_key_of_its_own() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on().reply("late", delay=300).then("soon")

    with clock.rushing():
        sim.grok(hedge=Hedge(after=2.0)).ask("Hi")

    first, second = (call.headers for call in sim.calls)
    assert first["idempotency-key"] == first["x-client-request-id"] == second["x-client-request-id"]
    assert second["idempotency-key"] == f"{first['idempotency-key']}-hedge"
