from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.call import Call, Ending, Next, Reply
from grokkit.config import Policies
from grokkit.errors import DeadlineExceeded, NoCapacity, RateLimited, ServerFailed
from grokkit.layers.coalesce import InFlight, SingleFlight
from grokkit.telemetry.events import Joined
from grokkit.testing import Pause, Simulator, TurnableClock

if TYPE_CHECKING:
    from tests.conftest import Face
    from tests.layers.coalesce.conftest import World

BODY = b'{"answer": 42}'
HALF = (b"one ", Pause(10), b"two ", Pause(10), b"three")
ALL = [b"one ", b"two ", b"three"]
COMPLETE = Ending()
LEFT = Ending(complete=False)


async def test_a_hundred_equal_calls_are_one(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    tasks = [world.ask(f"c-{number}") for number in range(100)]

    async with world.clock.rushing():
        replies = await asyncio.gather(*tasks)

    assert [call.id for call in world.calls] == ["c-0"]
    assert {reply.body for reply in replies} == {BODY}
    assert len({id(reply) for reply in replies}) == len({id(reply.context) for reply in replies}) == 100
    assert replies[0].context == {"attempts": 1}
    assert all(reply.context == {"attempts": 1, "joined": "c-0"} for reply in replies[1:])
    joined = [event for event in world.events if isinstance(event, Joined)]
    assert [(event.client_request_id, event.leader) for event in joined[:2]] == [("c-1", "c-0"), ("c-2", "c-0")]
    for reply in replies:
        reply.end(COMPLETE)
    world.assert_nothing_is_left()


async def test_tenants_never_share(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    tasks = [world.ask("c", tenant=tenant) for tenant in ("a", "b", None, "a")]

    async with world.clock.rushing():
        replies = await asyncio.gather(*tasks)

    assert [reply.headers["x-number"] for reply in replies] == ["1", "2", "3", "1"]


async def test_what_differs_is_sent_by_itself(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    changes: list[dict[str, Any]] = [
        {},
        {"body": {"model": "m", "input": "hi"}},
        {"headers": {"x-team": "red"}},
        {"stream": True},
        {"policies": Policies(coalesce=True, priority="high")},
        {"context": {"user": 1}},
        {"method": "DELETE"},
        {"method": "DELETE"},
    ]
    tasks = [world.ask("c", **each) for each in changes]

    async with world.clock.rushing():
        replies = await asyncio.gather(*tasks)

    assert sorted(reply.headers["x-number"] for reply in replies) == list("12345678")


async def test_event_loops_do_not_share(new_world: type[World]) -> None:
    world = new_world(plain=BODY, delay=0)
    here = world.ask("c-1")
    await asyncio.sleep(0)

    async def elsewhere() -> Reply:
        return await SingleFlight.__call__(world.layer, world.call_of("c-2"), at_once)

    async def at_once(_: Call) -> Reply:
        return Reply(200, {}, body=b"elsewhere")

    there = await asyncio.to_thread(lambda: asyncio.run(elsewhere()))
    await world.clock.advance(0)

    assert there.body == b"elsewhere"
    assert (await here).body == BODY


async def test_after_the_end_a_call_sets_out_anew(new_world: type[World]) -> None:
    world = new_world(plain=BODY)

    first = await world.open("c-1")
    second = await world.open("c-2")

    assert [first.headers["x-number"], second.headers["x-number"]] == ["1", "2"]
    assert "joined" not in second.context


async def test_a_leader_that_leaves_harms_nobody(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    leader, other = world.ask("c-1"), world.ask("c-2")
    await world.clock.advance(0.5)

    leader.cancel()
    await world.clock.advance(0.5)

    reply = await other
    assert leader.cancelled()
    assert reply.body == BODY
    reply.end(COMPLETE)
    assert world.endings == [[COMPLETE]]
    world.assert_nothing_is_left()


async def test_the_last_one_who_leaves_ends_the_call(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    tasks = [world.ask("c-1"), world.ask("c-2")]
    await world.clock.advance(0.5)

    tasks[0].cancel()
    await world.clock.settle()
    assert world.cancelled == []
    tasks[1].cancel()
    await asyncio.wait(tasks)

    assert world.cancelled == ["c-1"]
    world.assert_nothing_is_left()


async def test_a_call_that_comes_while_the_last_one_leaves_sets_out_anew(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    first = world.ask("c-1")
    await world.clock.advance(0.5)

    first.cancel()
    second = world.ask("c-2")
    async with world.clock.rushing():
        reply = await second

    assert reply.headers["x-number"] == "2"


async def test_each_waits_under_a_limit_of_its_own(new_world: type[World]) -> None:
    world = new_world(plain=BODY, delay=10)
    began = world.clock.now()
    hasty, patient = world.ask("c-1", total=3), world.ask("c-2", total=30)
    due, free = world.ask("c-3", deadline=began + 5, total=30), world.ask("c-4")

    async with world.clock.rushing():
        await asyncio.wait([hasty, patient, due, free])

    assert isinstance(hasty.exception(), DeadlineExceeded)
    assert isinstance(due.exception(), DeadlineExceeded)
    assert patient.result().context["deadline"] == began + 30
    assert "deadline" not in free.result().context
    assert (world.calls[0].limits.total, world.calls[0].deadline) == (None, None)


async def test_inside_it_is_the_first_one_s_call(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    token = world.told.set("by the first")
    tasks = [world.ask("c-1")]
    world.told.set("by the second")
    tasks.append(world.ask("c-2"))
    world.told.reset(token)

    async with world.clock.rushing():
        await asyncio.wait(tasks)

    assert world.contexts == ["by the first"]


async def test_an_error_is_a_copy_for_each(new_world: type[World]) -> None:
    original = RateLimited("slow down", retry_after=7.0, limit={"requests_per_minute": 60.0}, request_id="r")
    original.attempts = 3
    original.add_note("a note")
    original.__cause__ = ServerFailed("why")
    world = new_world(error=original)
    tasks = [world.ask(f"c-{number}") for number in range(3)]

    async with world.clock.rushing():
        await asyncio.wait(tasks)

    errors = [task.exception() for task in tasks]
    assert len({id(error) for error in [original, *errors]}) == 4
    assert len({id(error.__traceback__) for error in errors if error}) == 3
    for error in errors:
        assert isinstance(error, RateLimited)
        assert (error.message, error.retry_after, error.attempts) == ("slow down", 7.0, 3)
        assert (error.limit, error.request_id, error.__notes__) == ({"requests_per_minute": 60.0}, "r", ["a note"])
        assert error.__cause__ is original.__cause__
        assert "raise self.error" in "".join(traceback.format_exception(error))
    world.assert_nothing_is_left()


async def test_an_error_of_any_class_is_copied(new_world: type[World]) -> None:
    class Odd(Exception):
        def __init__(self, one: int, *, other: str) -> None:
            super().__init__(f"{one} and {other}")
            self.other = other

    world = new_world(error=Odd(1, other="more"))

    with pytest.raises(Odd, match="1 and more") as caught:
        await world.open("c-1")

    assert caught.value.other == "more"
    assert caught.value is not world.error


async def test_a_stream_is_joined_from_its_first_chunk(new_world: type[World]) -> None:
    world = new_world(*HALF)
    first = await world.open("c-1")
    reading = asyncio.create_task(world.rest_of(first))
    await world.clock.advance(15)

    second = await world.ask("c-2")
    late = asyncio.create_task(world.rest_of(second))
    await world.clock.advance(10)

    assert await reading == await late == ALL
    assert len(world.calls) == 1
    assert second.context["joined"] == "c-1"
    assert world.endings == [[COMPLETE]]
    world.assert_nothing_is_left()


async def test_a_stream_that_has_ended_is_not_joined(new_world: type[World]) -> None:
    world = new_world(*HALF)
    first = await world.open("c-1")
    await world.clock.advance(20)

    second = await world.open("c-2")

    assert second.headers["x-number"] == "2"
    assert await world.rest_of(first) == ALL
    await world.left(second)
    world.assert_nothing_is_left()


async def test_who_reads_slowly_stops_nobody_and_misses_nothing(new_world: type[World]) -> None:
    world = new_world(*HALF)
    slow, fast = world.ask("c-1"), world.ask("c-2")
    await world.clock.advance(1)
    quick = asyncio.create_task(world.rest_of(await fast))
    stream = (await slow).stream
    assert stream is not None
    chunks = aiter(stream)

    assert await anext(chunks) == ALL[0]
    await world.clock.advance(20)

    assert await quick == ALL
    assert await anext(chunks) == ALL[1]
    assert await world.rest_of(await slow) == ALL[2:]
    world.assert_nothing_is_left()


async def test_the_last_reader_who_leaves_closes_the_stream(new_world: type[World]) -> None:
    world = new_world(*HALF)
    replies = [await world.open("c-1"), await world.ask("c-2")]
    await world.clock.advance(5)

    await world.left(replies[0])
    assert not world.bodies[0].closed
    assert world.layer.health() == InFlight(calls=1, callers=1)
    await world.left(replies[1])
    await replies[1].aclose()

    assert world.bodies[0].closed
    assert world.bodies[0].read == 1
    assert world.endings == [[LEFT]]
    world.assert_nothing_is_left()


async def test_who_reads_on_after_leaving_gets_nothing(new_world: type[World]) -> None:
    world = new_world(*HALF)
    reply = await world.open("c-1")
    await world.left(reply)
    assert reply.stream is not None

    assert [chunk async for chunk in reply.stream] == []


async def test_a_stream_that_breaks_breaks_for_each_at_its_own_place(new_world: type[World]) -> None:
    original = ServerFailed("broke")
    world = new_world(b"one", Pause(5), original)
    replies = [await world.open("c-1"), await world.ask("c-2")]
    reading = [asyncio.create_task(world.rest_of(reply)) for reply in replies]
    await world.clock.advance(5)

    errors = [task.exception() for task in reading]

    assert all(isinstance(error, ServerFailed) for error in errors)
    assert len({id(error) for error in [original, *errors]}) == 3
    assert [ending.error for ending in world.endings[0]] == [errors[0]]
    world.assert_nothing_is_left()


async def test_above_its_bound_a_stream_takes_no_more_readers_and_waits_for_the_fastest(
    new_world: type[World],
) -> None:
    chunks = [b"%04d" % number for number in range(50)]
    world = new_world(*chunks)
    replies = [await world.open(f"c-{number}", max_body_size=39) for number in range(1)]
    other = await world.open("c-9", max_body_size=39)

    assert world.bodies[0].read == 10
    assert other.headers["x-number"] == "2"
    assert await world.rest_of(replies[0]) == chunks
    assert await world.rest_of(other) == chunks
    world.assert_nothing_is_left()


async def test_above_the_bound_those_who_are_there_all_read_to_the_end(new_world: type[World]) -> None:
    chunks = [b"%04d" % number for number in range(50)]
    world = new_world(*chunks)
    tasks = [world.ask(f"c-{number}", max_body_size=3) for number in range(3)]
    async with world.clock.rushing():
        slow, *others = await asyncio.gather(*tasks)
    assert world.bodies[0].read == 1

    assert await asyncio.gather(*map(world.rest_of, others)) == [chunks, chunks]
    assert await world.rest_of(slow) == chunks
    assert len(world.calls) == 1
    world.assert_nothing_is_left()


async def test_the_first_complete_ending_is_what_the_upstream_is_told(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    tasks = [world.ask(f"c-{number}") for number in range(4)]
    async with world.clock.rushing():
        replies = await asyncio.gather(*tasks)

    replies[0].end(LEFT)
    replies[1].end(Ending(error=ServerFailed("unreadable")))
    assert world.endings == [[]]
    replies[2].end(COMPLETE)
    replies[3].end(LEFT)

    assert world.endings == [[COMPLETE]]


async def test_when_none_is_complete_an_error_is_told_first(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    tasks = [world.ask(f"c-{number}") for number in range(3)]
    async with world.clock.rushing():
        replies = await asyncio.gather(*tasks)
    broken = Ending(error=ServerFailed("unreadable"))

    for reply, ending in zip(replies, [LEFT, broken, LEFT], strict=True):
        reply.end(ending)

    assert world.endings == [[broken]]


async def test_a_shared_call_that_comes_back_to_the_layer_does_not_wait_for_itself(new_world: type[World]) -> None:
    world = new_world(plain=BODY)

    async def falls_back_on_the_same(call: Call) -> Reply:
        return await world.layer(call, world)

    task = asyncio.create_task(world.layer(world.call_of("c-1"), falls_back_on_the_same))
    async with world.clock.rushing():
        reply = await task

    assert reply.body == BODY


async def test_equal_streams_of_a_client_are_one_with_one_answer(face: Face) -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on().reply("one two three", delay=5)
    options = {"transport": sim.transport(), "clock": clock, "base_url": sim.base_url, "api_key": sim.key}
    grok = face.client(**options, coalesce=True)

    async def said(prompt: str) -> str:
        async with face.reading(grok.stream(prompt)) as reading:
            return "".join(await reading.texts())

    tasks = [asyncio.create_task(said("Count")) for _ in range(5)]
    await face.waits_on(clock, 7)
    await face.turn(clock, 6)
    texts = await asyncio.gather(*tasks)

    assert texts == ["one two three"] * 5
    assert len(sim.calls) == 1


async def test_a_failure_of_a_client_s_shared_call_is_an_error_for_each() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    sim.on().reply(error="capacity", delay=5)
    grok = sim.async_grok(coalesce=True, retries=0)

    async with clock.rushing():
        results = await asyncio.gather(*(grok.ask("Hi") for _ in range(3)), return_exceptions=True)

    assert len({id(error) for error in results}) == 3
    assert all(isinstance(error, NoCapacity) for error in results)
    assert len(sim.calls) == 1


async def test_what_is_not_shared_costs_no_more_than_a_look(new_world: type[World]) -> None:
    world = new_world(plain=BODY)
    seen: list[Call] = []
    asked = world.call_of("c", method="DELETE")

    async def further(call: Call) -> Reply:
        seen.append(call)
        return Reply(200, {}, body=b"")

    send: Next = further
    await world.layer(asked, send)

    assert seen[0] is asked
