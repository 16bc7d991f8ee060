"""Whatever tools do and whenever a run is cut off: one result for each call, and no effect twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from grokkit.agents.approval import Decision
from grokkit.agents.execution import Execution
from grokkit.agents.journal import CallRecord, Claim, MemoryJournal, RunRecord
from grokkit.errors import StoreUnavailable
from grokkit.testing import TurnableClock
from grokkit.tools import Effects, Tool, ToolContext, tool
from grokkit.wire.events import ToolCall

if TYPE_CHECKING:
    from collections.abc import Sequence

ENDS = st.sampled_from(["value", "error", "never", "ignores", "unknown tool", "bad arguments"])
KINDS: st.SearchStrategy[Effects] = st.sampled_from(["read_only", "idempotent", "destructive"])
PLANS = st.lists(st.tuples(ENDS, KINDS, st.integers(0, 4)), min_size=1, max_size=6)


class World:
    """What tools do to the world: how often each call took effect."""

    def __init__(self, plan: Sequence[tuple[str, Effects, int]], clock: TurnableClock) -> None:
        self.effects: Counter[int] = Counter()
        self.tools = [self._tool(at, end, effects, waits, clock) for at, (end, effects, waits) in enumerate(plan)]
        self.calls = [
            ToolCall(
                id=f"call_{at}",
                name="other" if end == "unknown tool" else f"tool_{at}",
                arguments='{"x": 1}' if end == "bad arguments" else "{}",
            )
            for at, (end, _, _) in enumerate(plan)
        ]

    def _tool(self, at: int, end: str, effects: Effects, waits: int, clock: TurnableClock) -> Tool[..., Any]:
        async def act(context: ToolContext) -> str:
            """Acts."""
            await clock.sleep(waits)
            self.effects[at] += 1
            await clock.sleep(waits)
            if end == "error":
                raise ValueError("no")
            if end in {"never", "ignores"}:
                await forever(clock, ignoring=end == "ignores")
            return context.key

        return tool(name=f"tool_{at}", effects=effects, time_limit=10)(act)


async def forever(clock: TurnableClock, *, ignoring: bool) -> None:
    """Waits, and may ignore that it is not to; not for good, since a loop that ends waits for all."""
    try:
        await clock.sleep(100)
    except asyncio.CancelledError:
        if not ignoring:
            raise
        await clock.sleep(100)


EXPECTED = {
    "value": "done",
    "error": "failed",
    "never": "timed_out",
    "ignores": "timed_out",
    "unknown tool": "refused",
    "bad arguments": "refused",
}


@given(plan=PLANS, parallel=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
async def test_each_call_has_one_result_whatever_becomes_of_its_siblings(
    plan: list[tuple[str, Effects, int]], parallel: int
) -> None:
    clock, journal, run = TurnableClock(), MemoryJournal(), RunRecord(id="run")
    await journal.begin(run)
    world = World(plan, clock)
    made = Execution(world.tools, journal=journal, claim=run.claim, clock=clock, parallel=parallel)

    async with clock.rushing():
        done = await made.run(world.calls, turn=1)

    assert [result.call for result in done.results] == world.calls
    assert [result.status for result in done.results] == [EXPECTED[end] for end, _, _ in plan]
    assert sorted(one.output for one in (await journal.load("run")).calls) == sorted(
        result.output for result in done.results
    )
    assert set(world.effects.values()) <= {1}


@given(plan=PLANS, parallel=st.integers(1, 4), cuts=st.lists(st.integers(0, 12), max_size=4))
@settings(max_examples=60, deadline=None)
async def test_a_run_that_is_cancelled_at_any_moment_goes_on_without_a_second_effect(
    plan: list[tuple[str, Effects, int]], parallel: int, cuts: list[int]
) -> None:
    clock, journal = TurnableClock(), MemoryJournal()
    world = World(plan, clock)
    await journal.begin(RunRecord(id="run"))

    async with clock.rushing():
        for cut in cuts:
            run = await journal.claim("run")
            made = Execution(
                world.tools, journal=journal, claim=run.claim, known=run.calls, clock=clock, parallel=parallel
            )
            running = asyncio.create_task(made.run(world.calls, turn=1))
            await clock.sleep(cut)
            running.cancel()
            await asyncio.wait([running])

    await finished(world, journal, plan, clock)


class Dying(MemoryJournal):
    """A journal whose process dies at one of its writes: before it, or after it was acknowledged by the disk."""

    def __init__(self, until: int, *, written: bool) -> None:
        super().__init__()
        self.left = until
        self.written = written
        self.dead = asyncio.Event()

    async def intend(self, claim: Claim, call: CallRecord) -> None:
        await self._or_die(claim, call)

    async def settle(self, claim: Claim, call: CallRecord) -> None:
        await self._or_die(claim, call)

    async def _or_die(self, claim: Claim, call: CallRecord) -> None:
        if self.dead.is_set():
            await asyncio.Event().wait()
        self.left -= 1
        if self.left != 0 or self.written:
            await super().settle(claim, call)
        if self.left == 0:
            self.dead.set()
            await asyncio.Event().wait()


@given(plan=PLANS, parallel=st.integers(1, 4), until=st.integers(1, 12), written=st.booleans())
@settings(max_examples=80, deadline=None)
async def test_a_process_that_dies_at_any_write_leaves_what_repeats_no_effect(
    plan: list[tuple[str, Effects, int]], parallel: int, until: int, *, written: bool
) -> None:
    clock, journal = TurnableClock(), Dying(until, written=written)
    world = World(plan, clock)
    run = RunRecord(id="run")
    await journal.begin(run)

    made = Execution(world.tools, journal=journal, claim=run.claim, clock=clock, parallel=parallel)
    async with clock.rushing():
        running = asyncio.create_task(made.run(world.calls, turn=1))
        dying = asyncio.create_task(journal.dead.wait())
        await asyncio.wait([running, dying], return_when=asyncio.FIRST_COMPLETED)
        left = await MemoryJournal().adopt(await journal.load("run"))  # what is on the disk at this moment
        before = Counter(world.effects)
        dying.cancel()
        while not running.done():  # twice: a journal that never answers is not waited for
            running.cancel()
            await asyncio.sleep(0)
    world.effects = before  # what it did after its death, it did not do

    again = MemoryJournal()
    await again.adopt(left)
    await finished(world, again, plan, clock)


async def finished(
    world: World, journal: MemoryJournal, plan: Sequence[tuple[str, Effects, int]], clock: TurnableClock
) -> None:
    """Goes on to the end, looking in the world for what is unknown, and checks that nothing came twice or is lost."""
    run = await journal.claim("run")
    async with clock.rushing():
        made = Execution(world.tools, journal=journal, claim=run.claim, known=run.calls, clock=clock)
        done = await made.run(world.calls, turn=1)
        assert all(request.reason == "unknown" for request in done.pending)
        decisions = {
            request.call.id: Decision.result("done before")
            if world.effects[int(request.call.id[5:])]
            else Decision.again(request.begun)
            for request in done.pending
        }
        done = await made.run(world.calls, turn=1, decisions=decisions)

    assert [result.call for result in done.results] == world.calls
    for at, (end, effects, _) in enumerate(plan):
        runs = end not in {"unknown tool", "bad arguments"}
        assert world.effects[at] == runs if effects == "destructive" else world.effects[at] >= runs


@given(plan=PLANS, broken=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
async def test_a_disk_that_is_full_at_any_write_leaves_what_repeats_no_effect(
    plan: list[tuple[str, Effects, int]], broken: int
) -> None:
    clock, journal = TurnableClock(), Full(broken)
    world = World(plan, clock)
    run = RunRecord(id="run")
    await journal.begin(run)

    made = Execution(world.tools, journal=journal, claim=run.claim, clock=clock)
    async with clock.rushing():
        await asyncio.gather(made.run(world.calls, turn=1), return_exceptions=True)
    journal.room = True

    await finished(world, journal, plan, clock)


class Full(MemoryJournal):
    """A journal on a disk that has room for some writes."""

    def __init__(self, until: int) -> None:
        super().__init__()
        self.left = until
        self.room = False

    async def intend(self, claim: Claim, call: CallRecord) -> None:
        self._take()
        await super().intend(claim, call)

    async def settle(self, claim: Claim, call: CallRecord) -> None:
        self._take()
        await super().settle(claim, call)

    def _take(self) -> None:
        self.left -= 1
        if self.left < 0 and not self.room:
            raise StoreUnavailable("the disk is full")
