from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from grokkit.call import Ending, Reply
from grokkit.errors import GrokError, NoCapacity, ServerFailed
from grokkit.testing import Pause

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.layers.coalesce.conftest import World

PLAIN = b'{"answer": 42}'
MOMENTS = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])


class Script(NamedTuple):
    """What the server does."""

    delay: float
    steps: tuple[bytes | Pause | Exception, ...]
    plain: bytes | None
    error: Exception | None
    bound: int

    @property
    def chunks(self) -> list[bytes]:
        return [step for step in self.steps if isinstance(step, bytes)]


class Caller(NamedTuple):
    """What one of those who ask does."""

    joins: float
    total: float | None
    reads: int | None
    """How many chunks before leaving; None for all of them."""
    pause: float
    """Seconds between two reads."""
    cancelled: float | None
    turns: int
    """How many turns of the loop after that moment."""


STEPS = st.lists(
    st.sampled_from([b"a", b"bb", b"ccc"]) | st.sampled_from([Pause(0.5), Pause(1.0), Pause(2.0)]), max_size=6
)
SCRIPTS = st.builds(
    lambda delay, steps, breaks, plain, error, bound: Script(
        delay, (*steps, *([ServerFailed("broke")] if breaks else [])), plain, error, bound
    ),
    MOMENTS,
    STEPS,
    st.booleans(),
    st.sampled_from([None, None, PLAIN]),
    st.sampled_from([None, None, None, NoCapacity("busy")]),
    st.sampled_from([2, 100]),
)
CALLERS = st.builds(
    Caller,
    MOMENTS,
    st.sampled_from([None, None, 1.0, 2.0]),
    st.sampled_from([None, None, 0, 1, 2]),
    st.sampled_from([0.0, 0.0, 1.0]),
    st.none() | MOMENTS,
    st.integers(0, 8),
)


class Outcome:
    def __init__(self) -> None:
        self.reply: Reply | None = None
        self.seen: list[bytes] = []
        self.complete = False
        self.error: BaseException | None = None


async def play(world: World, script: Script, caller: Caller, name: str, outcome: Outcome) -> None:
    """One caller, from joining to leaving, as a reader behaves: whatever happens, the reply is closed and ended."""
    await world.clock.sleep(caller.joins)
    try:
        call = world.call_of(name, total=caller.total, max_body_size=script.bound)
        reply = outcome.reply = await world.layer(call, world)
    except GrokError as error:
        outcome.error = error
        return
    ending = Ending(complete=False)
    try:
        await read(world, caller, reply, outcome)
        outcome.complete = caller.reads is None
        ending = Ending(complete=outcome.complete)
    except GrokError as error:
        outcome.error = error
        ending = Ending(error=error)
    finally:
        try:
            await reply.aclose()
        finally:
            reply.end(ending)


async def read(world: World, caller: Caller, reply: Reply, outcome: Outcome) -> None:
    if reply.stream is None:
        outcome.seen = [reply.body or b""]
        return
    chunks = aiter(reply.stream)
    while caller.reads is None or len(outcome.seen) < caller.reads:
        chunk = await anext(chunks, None)
        if chunk is None:
            return
        outcome.seen.append(chunk)
        if caller.pause:
            await world.clock.sleep(caller.pause)


def after_turns(turns: int, act: Callable[[], object]) -> Callable[[], None]:
    def step() -> None:
        if turns:
            asyncio.get_running_loop().call_soon(after_turns(turns - 1, act))
        else:
            act()

    return step


async def happen(world: World, script: Script, callers: Sequence[Caller]) -> list[Outcome]:
    outcomes = [Outcome() for _ in callers]
    tasks = []
    alarms = []
    for number, (caller, outcome) in enumerate(zip(callers, outcomes, strict=True)):
        task = asyncio.create_task(play(world, script, caller, f"c-{number}", outcome))
        tasks.append(task)
        if caller.cancelled is not None:
            moment = world.clock.now() + caller.cancelled
            alarms.append(world.clock.call_at(moment, after_turns(caller.turns, task.cancel)))
    async with world.clock.rushing():
        await asyncio.wait(tasks)
    for alarm in alarms:
        alarm.cancel()
    for task in tasks:
        assert task.cancelled() or task.exception() is None
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return outcomes


@settings(max_examples=400, deadline=None)
@given(script=SCRIPTS, callers=st.lists(CALLERS, min_size=1, max_size=5))
def test_however_callers_join_and_leave_each_gets_all_and_nothing_is_left(
    new_world: type[World], script: Script, callers: list[Caller]
) -> None:
    async def check() -> None:
        world = new_world(*script.steps, delay=script.delay, plain=script.plain, error=script.error)

        outcomes = await happen(world, script, callers)

        world.assert_nothing_is_left()
        assert len(world.calls) <= len(callers)
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        assert len({id(error) for error in errors}) == len(errors)
        for outcome in outcomes:
            whole = script.chunks if script.plain is None else [script.plain]
            assert outcome.seen == whole[: len(outcome.seen)]
            if outcome.complete:
                assert outcome.seen == whole
        completed = {outcome.reply.headers["x-number"] for outcome in outcomes if outcome.complete and outcome.reply}
        good = {number for number, told in world.told_of.items() if told[0].complete and told[0].error is None}
        assert completed == good

    asyncio.run(check())
