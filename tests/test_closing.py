"""What becomes of the calls of a client that is closed while they wait, or are on their way."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from grokkit import AsyncGrok, Hedge, RateLimit
from grokkit.clock import SystemClock
from grokkit.errors import ClientClosed, ConnectionFailed, ConnectionLost
from grokkit.telemetry.events import CallFailed, Hedged, Joined, Queued, Retried
from grokkit.testing import MockTransport, Simulator, TurnableClock, json_reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.conftest import Face

    from grokkit import Call, Next, Reply
    from grokkit.owner import Owner
    from grokkit.telemetry.events import Event

MODEL = "grok-4.20-0309-non-reasoning"
ONE_A_MINUTE = RateLimit(requests_per_minute=1, burst=0, mode="fixed", queue=100)
PATIENCE = 20.0


class Heard:
    """The events of some calls, to be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, kind: type[Event], count: int = 1) -> None:
        """Wait until so many events of a kind were told."""

        def enough() -> bool:
            with self._changed:
                return self._changed.wait_for(lambda: len(self.of(kind)) >= count, PATIENCE)

        assert await asyncio.to_thread(enough), self.events


def client_of(sim: Simulator, face: Face, **options: Any) -> Any:
    make: Any = sim.async_grok if face.name == "async" else sim.grok
    return make(**{"retries": 0, "model": MODEL, **options})


class World:
    def __init__(self) -> None:
        self.clock = TurnableClock()
        self.sim = Simulator(clock=self.clock)
        self.heard = Heard()

    def client(self, face: Face, **options: Any) -> Any:
        return client_of(self.sim, face, **{"hooks": [self.heard], **options})


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def served() -> AsyncIterator[Simulator]:
    async with Simulator() as sim:
        yield sim


def start(face: Face, method: Callable[..., Any], *args: Any, **options: Any) -> asyncio.Task[Any]:
    return asyncio.create_task(face.call(method, *args, **options))


async def errors_of(*tasks: asyncio.Task[Any]) -> list[Any]:
    async with asyncio.timeout(PATIENCE):
        return list(await asyncio.gather(*tasks, return_exceptions=True))


def assert_nothing_ran(error: object, *, attempts: int = 0) -> None:
    assert isinstance(error, ClientClosed)
    assert not error.may_have_run
    assert error.attempts == attempts
    assert error.message == "this client was closed while the call waited: nothing of it has run"
    assert error.call is not None
    assert error.client_request_id is not None


async def test_calls_that_wait_for_their_turn_end_at_once_and_are_not_sent(face: Face, world: World) -> None:
    grok = world.client(face, rate_limit=ONE_A_MINUTE)
    await face.call(grok.ask, "first")
    waiting = [start(face, grok.ask, "Hi") for _ in range(3)]
    await world.heard.until(Queued, 3)

    await face.call(grok.close)

    for error in await errors_of(*waiting):
        assert_nothing_ran(error)
    assert len(world.sim.calls) == 1
    assert sum(grok.health().limits[0].waiting.values()) == 0
    assert [type(event.error) for event in world.heard.of(CallFailed)] == [ClientClosed] * 3


async def test_a_stream_that_waits_for_its_turn_ends_at_once(face: Face, world: World) -> None:
    grok = world.client(face, rate_limit=ONE_A_MINUTE)
    await face.call(grok.ask, "first")
    stream = grok.stream("Hi")

    async def read() -> None:
        async with face.reading(stream):
            pass

    reading = asyncio.create_task(read())
    await world.heard.until(Queued)

    await face.call(grok.close)

    assert_nothing_ran((await errors_of(reading))[0])


@pytest.mark.parametrize(("status", "may_have_run"), [(503, False), (500, True)])
async def test_a_call_that_waits_for_another_try_ends_at_once_and_says_what_may_have_run(
    face: Face, world: World, status: int, may_have_run: bool
) -> None:
    world.sim.on().reply(json={"error": "x"}, status=status)
    grok = world.client(face, retries=3)
    asked = start(face, grok.ask, "Hi")
    await world.heard.until(Retried)

    await face.call(grok.close)

    (error,) = await errors_of(asked)
    assert type(error) is ClientClosed
    assert error.may_have_run is may_have_run
    assert error.attempts == 1
    assert ("may have run" in error.message) is may_have_run
    assert len(world.sim.calls) == 1


async def test_what_is_on_its_way_over_a_transport_of_yours_comes_back(face: Face, world: World) -> None:
    world.sim.on().reply("late", delay=60)
    grok = world.client(face)
    asked = start(face, grok.ask, "Hi")
    await face.waits_on(world.clock)

    await face.call(grok.close)
    await face.turn(world.clock, 60)

    assert (await asked).text == "late"


async def test_what_fails_on_its_way_once_the_client_is_closed_is_not_tried_again(face: Face, world: World) -> None:
    world.sim.on().reply(json={"error": "x"}, status=500, delay=60)
    grok = world.client(face, retries=3, fallback={"to": ["grok-4.3"], "on": ["failure"]})
    asked = start(face, grok.ask, "Hi")
    await face.waits_on(world.clock)

    await face.call(grok.close)
    await face.turn(world.clock, 60)

    (error,) = await errors_of(asked)
    assert error.status == 500
    assert not error.retryable
    assert error.hint.endswith("not tried again: the client was closed")
    assert len(world.sim.calls) == 1


async def test_a_late_call_has_no_second_try_once_the_client_is_closed(face: Face, world: World) -> None:
    world.sim.on().reply("late", delay=60)
    grok = world.client(face, hedge=Hedge(after=2.0))
    asked = start(face, grok.ask, "Hi")
    await face.waits_on(world.clock, 2)

    await face.call(grok.close)
    await face.turn(world.clock, 60)

    assert (await asked).text == "late"
    assert len(world.sim.calls) == 1
    assert world.heard.of(Hedged) == []


async def test_the_calls_of_derived_clients_end_with_their_parent_s(face: Face, world: World) -> None:
    grok = world.client(face, rate_limit=ONE_A_MINUTE)
    await face.call(grok.ask, "first")
    derived = grok.with_options(timeout=500).with_options(tenant="b")
    waiting = start(face, derived.ask, "Hi")
    await world.heard.until(Queued)

    await face.call(grok.close)

    assert_nothing_ran((await errors_of(waiting))[0])


async def test_the_calls_of_its_parent_and_siblings_outlive_a_derived_client(face: Face, world: World) -> None:
    grok = world.client(face, rate_limit=ONE_A_MINUTE)
    await face.call(grok.ask, "first")
    derived, sibling = grok.with_options(tenant="a"), grok.with_options(tenant="b")
    theirs = start(face, derived.ask, "Hi")
    others = [start(face, each.ask, "Hi") for each in (grok, sibling)]
    await world.heard.until(Queued, 3)

    await face.call(derived.close)
    assert_nothing_ran((await errors_of(theirs))[0])
    await face.turn(world.clock, 200)

    assert {answer.model for answer in await asyncio.gather(*others)} == {MODEL}


async def test_the_calls_of_other_clients_in_the_same_line_are_left_alone(served: Simulator) -> None:
    heard, pace = Heard(), RateLimit(requests_per_second=4, burst=0, mode="fixed")
    closing = served.async_grok(model=MODEL, rate_limit=pace, hooks=[heard])
    async with served.async_grok(model=MODEL, rate_limit=pace, hooks=[heard]) as staying:
        await closing.ask("first")
        before = [asyncio.create_task(closing.ask("Hi")) for _ in range(20)]
        after = asyncio.create_task(staying.ask("Hi"))
        await heard.until(Queued, 21)

        await closing.close()

        for error in await errors_of(*before):
            assert_nothing_ran(error)
        assert (await after).model == MODEL
    assert len(served.calls) == 2


async def test_a_call_that_joined_one_of_a_client_that_is_closed_is_made_anew(served: Simulator) -> None:
    heard, pace = Heard(), RateLimit(requests_per_second=4, burst=0, mode="fixed")
    closing = served.async_grok(model=MODEL, rate_limit=pace, hooks=[heard], coalesce=True)
    async with served.async_grok(model=MODEL, rate_limit=pace, hooks=[heard], coalesce=True) as staying:
        await closing.ask("first")
        leading = asyncio.create_task(closing.ask("Hi"))
        await heard.until(Queued)
        joined = [asyncio.create_task(staying.ask("Hi", timeout=60)) for _ in range(2)]
        also_closing = asyncio.create_task(closing.ask("Hi"))
        await heard.until(Joined, 3)

        await closing.close()

        for error in await errors_of(leading, also_closing):
            assert_nothing_ran(error)
        assert {answer.model for answer in await asyncio.gather(*joined)} == {MODEL}
    assert len(served.calls) == 2


async def test_a_call_in_the_line_of_a_fallback_that_is_closed_goes_on_to_the_next(world: World) -> None:
    world.sim.on(model="grok-4.7").reply(error="capacity")
    other = world.sim.async_grok(model="grok-4.3", rate_limit=ONE_A_MINUTE)
    await other.ask("first")
    grok = world.sim.async_grok(model="grok-4.7", retries=0, fallback=[other, MODEL], hooks=[world.heard])
    asked = asyncio.create_task(grok.ask("Hi"))
    await world.heard.until(Queued)

    await other.close()

    answer = await asked
    assert answer.model == MODEL
    assert [(handover.error, handover.attempts) for handover in answer.fallbacks] == [
        ("NoCapacity", 1),
        ("ClientClosed", 1),
    ]


async def test_a_client_that_its_own_call_closes_sends_nothing_of_it(world: World) -> None:
    async def closes(call: Call, call_next: Next) -> Reply:
        await grok.close()
        return await call_next(call)

    grok = world.sim.async_grok(layers=[closes])

    with pytest.raises(ClientClosed, match="this client is closed") as caught:
        await grok.ask("Hi")

    assert caught.value.attempts == 0
    assert world.sim.calls == []


async def test_a_task_whose_call_was_ended_counts_as_not_cancelled(world: World) -> None:
    grok = world.sim.async_grok(model=MODEL, rate_limit=ONE_A_MINUTE, hooks=[world.heard])
    await grok.ask("first")
    seen: list[int] = []

    async def ask() -> None:
        task = asyncio.current_task()
        assert task is not None
        with pytest.raises(ClientClosed):
            await grok.ask("Hi")
        seen.append(task.cancelling())

    asking = asyncio.create_task(ask())
    await world.heard.until(Queued)

    await grok.close()
    await asking

    assert seen == [0]


@pytest.mark.parametrize("closed_first", [True, False])
async def test_a_task_that_is_cancelled_as_well_is_cancelled(world: World, closed_first: bool) -> None:
    grok = world.sim.async_grok(model=MODEL, rate_limit=ONE_A_MINUTE, hooks=[world.heard])
    await grok.ask("first")
    asked = asyncio.create_task(grok.ask("Hi"))
    await world.heard.until(Queued)

    closing = asyncio.create_task(grok.close())
    if closed_first:
        await asyncio.sleep(0)
    asked.cancel()
    await asyncio.wait([asked, closing])

    assert asked.cancelled()


async def test_calls_on_another_loop_end_there(world: World) -> None:
    grok = world.sim.async_grok(model=MODEL, rate_limit=ONE_A_MINUTE, hooks=[world.heard])
    await grok.ask("first")
    elsewhere = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(grok.ask("Hi"))))
    await world.heard.until(Queued)

    await grok.close()

    assert_nothing_ran((await errors_of(elsewhere))[0])


async def test_what_is_on_its_way_over_the_client_s_own_connections_is_lost_and_harms_nobody(
    face: Face, served: Simulator
) -> None:
    served.on().reply("late", delay=60)
    heard = Heard()
    grok = client_of(served, face, retries=3, circuit={"min_calls": 2}, hooks=[heard])
    asked = [start(face, grok.ask, "Hi") for _ in range(4)]
    while len(served.calls) < 4:
        await asyncio.sleep(0)

    await face.call(grok.close)

    for error in await errors_of(*asked):
        assert type(error) is ConnectionLost
        assert error.may_have_run
        assert error.attempts == 1
    assert heard.of(Retried) == []
    assert Counter(circuit.state for circuit in grok.health().circuits) == {"closed": 1}
    assert grok.health().circuits[0].calls == 0


async def test_a_close_at_any_turn_of_the_loop_ends_the_call_and_leaves_no_task(served: Simulator) -> None:
    for turns in range(30):
        grok = served.async_grok(model=MODEL)
        before = asyncio.all_tasks()
        asked = asyncio.create_task(grok.ask("Hi"))
        for _ in range(turns):
            await asyncio.sleep(0)

        await grok.close()

        (outcome,) = await errors_of(asked)
        assert not isinstance(outcome, Exception) or isinstance(
            outcome, ClientClosed | ConnectionLost | ConnectionFailed
        )
        assert {task for task in asyncio.all_tasks() - before if "grokkit.layers" in repr(task)} == set()


def test_a_call_that_its_loop_abandoned_goes_with_its_client() -> None:
    async def never(_: Call) -> Reply:
        return await asyncio.Event().wait() and json_reply({})

    def abandon() -> weakref.ref[Owner]:
        grok = AsyncGrok(transport=MockTransport(never), model=MODEL, api_key="xai-test")
        loop = asyncio.new_event_loop()
        task = loop.create_task(grok.ask("Hi"))
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(asyncio.sleep(0))
        [underway] = grok.chat._channel.owner.underway
        assert underway.task is task
        loop.close()
        return weakref.ref(grok.chat._channel.owner)

    async def set_alarm_far_off() -> None:
        clock = SystemClock()
        clock.call_at(clock.now() + 60.0, gc.collect).cancel()

    owner = abandon()
    asyncio.run(set_alarm_far_off())
    gc.collect()

    assert owner() is None


async def test_the_error_leaves_no_cycle_for_the_collector(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("grokkit"), "disabled", True)  # pytest keeps what is logged, errors included
    grok = world.sim.async_grok(model=MODEL, rate_limit=ONE_A_MINUTE, fallback=["grok-4.3"])
    await grok.ask("first")
    gone: list[weakref.ref[BaseException]] = []

    async def ask() -> None:
        try:
            await grok.ask("Hi")
        except ClientClosed as error:
            gone.append(weakref.ref(error))

    asking = asyncio.create_task(ask())
    await world.clock.settle()
    gc.disable()
    try:
        await grok.close()
        await asking

        assert gone[0]() is None
    finally:
        gc.enable()
