"""What every journal keeps: what was acknowledged is there for the next one, and only the last to claim may write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from grokkit.agents.journal import CallRecord, MemoryJournal, RunExists, RunRecord, RunTaken, RunUnknown, TurnRecord
from grokkit.agents.journal.sqlite import SQLiteJournal
from grokkit.wire.events import ToolCall
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from grokkit.agents.journal import Journal

CALL = ToolCall(id="call_1", name="pay", arguments='{"cents": 1}')
INTENDED = CallRecord(turn=1, call=CALL, effects="destructive", key="k1", begun=1)
DONE = replace(INTENDED, status="done", output="paid", seconds=0.5)
TURN = TurnRecord(
    number=1,
    input=[{"role": "user", "content": "Pay"}],
    output=[{"type": "function_call", "call_id": "call_1", "name": "pay", "arguments": "{}"}],
    calls=[CALL],
    usage=Usage(input_tokens=3, output_tokens=4),
    answer_id="resp_1",
    model="grok-4.7",
    request_id="r1",
)
RUN = RunRecord(
    id="order-7",
    agent="clerk",
    tenant="acme",
    model="grok-4.7",
    created=1000.0,
    prompt=[{"role": "user", "content": "Pay"}],
)


async def test_what_was_written_is_there_for_the_next_process(another: Callable[[], Journal]) -> None:
    journal = another()
    await journal.begin(RUN)
    await journal.turn(RUN.claim, TURN)
    await journal.intend(RUN.claim, INTENDED)
    await journal.settle(RUN.claim, DONE)
    await journal.finish(RUN.claim, "done")

    found = await another().load("order-7")

    assert found == replace(RUN, turns=[TURN], calls=[DONE], status="done")


async def test_calls_are_in_the_order_in_which_they_were_first_written(journal: Journal) -> None:
    await journal.begin(RUN)
    second = replace(INTENDED, call=ToolCall(id="call_0", name="pay", arguments="{}"))
    later = replace(INTENDED, turn=2)

    for call in (INTENDED, second, later, replace(second, status="done"), DONE):
        await journal.settle(RUN.claim, call)
    found = await journal.load("order-7")

    assert found.calls == [DONE, replace(second, status="done"), later]
    assert found.call(2, "call_1") == later
    assert found.call(3, "call_1") is None


async def test_a_turn_that_is_written_again_takes_its_place(journal: Journal) -> None:
    await journal.begin(RUN)
    again = replace(TURN, answer_id="resp_2")

    for turn in (replace(TURN, number=2), TURN, again):
        await journal.turn(RUN.claim, turn)

    assert (await journal.load("order-7")).turns == [again, replace(TURN, number=2)]


async def test_a_run_is_begun_once(another: Callable[[], Journal]) -> None:
    await another().begin(RUN)

    with pytest.raises(RunExists, match="'order-7' is in"):
        await another().begin(RUN)


WRITES: dict[str, Callable[[Journal, RunRecord], Awaitable[None]]] = {
    "turn": lambda journal, run: journal.turn(run.claim, TURN),
    "intend": lambda journal, run: journal.intend(run.claim, INTENDED),
    "settle": lambda journal, run: journal.settle(run.claim, DONE),
    "finish": lambda journal, run: journal.finish(run.claim, "failed"),
}


@pytest.mark.parametrize("write", WRITES)
async def test_who_was_overtaken_writes_no_more(another: Callable[[], Journal], write: str) -> None:
    first, second = another(), another()
    await first.begin(RUN)
    taken = await second.claim("order-7")

    with pytest.raises(RunTaken, match="'order-7' was taken over"):
        await WRITES[write](first, RUN)

    assert await first.load("order-7") == taken == replace(RUN, epoch=2)
    await WRITES[write](second, taken)
    with pytest.raises(RunTaken):
        await WRITES[write](second, replace(taken, epoch=3))


@pytest.mark.parametrize("write", WRITES)
async def test_a_run_that_is_not_there_is_not_written_to(journal: Journal, write: str) -> None:
    with pytest.raises(RunUnknown, match="no run 'order-7'"):
        await WRITES[write](journal, RUN)


async def test_a_run_that_is_not_there_is_neither_loaded_nor_claimed(journal: Journal) -> None:
    for ask in (journal.load, journal.claim):
        with pytest.raises(RunUnknown):
            await ask("order-8")


async def test_a_claim_sets_the_run_going_again(journal: Journal) -> None:
    await journal.begin(RUN)
    await journal.finish(RUN.claim, "paused")

    taken = await journal.claim("order-7")

    assert (taken.status, taken.epoch) == ("running", 2)


async def test_a_record_from_elsewhere_is_adopted_whole(journal: Journal) -> None:
    carried = RunRecord.from_json(replace(RUN, turns=[TURN], calls=[DONE], status="paused", epoch=4).to_json())

    taken = await journal.adopt(carried)

    assert taken == replace(carried, status="running", epoch=5) == await journal.load("order-7")


async def test_of_a_run_that_is_known_the_journal_knows_better_than_a_record(journal: Journal) -> None:
    await journal.begin(RUN)
    stale = RUN
    await journal.settle(RUN.claim, DONE)

    taken = await journal.adopt(stale)

    assert (taken.calls, taken.epoch) == ([DONE], 2)


async def test_runs_are_listed_the_newest_first(journal: Journal) -> None:
    for number in range(4):
        await journal.begin(replace(RUN, id=f"run-{number}", created=float(number)))
        await journal.turn(replace(RUN, id=f"run-{number}").claim, TURN)
    await journal.finish(replace(RUN, id="run-1").claim, "paused")

    listed = await journal.list(limit=3)
    paused = await journal.list(status="paused")

    assert [info.id for info in listed] == ["run-3", "run-2", "run-1"]
    assert [(info.id, info.status, info.agent, info.tenant, info.turns) for info in paused] == [
        ("run-1", "paused", "clerk", "acme", 1)
    ]


async def test_a_deleted_run_is_gone_and_may_begin_anew(journal: Journal) -> None:
    await journal.begin(replace(RUN, turns=[TURN], calls=[DONE]))

    assert await journal.delete("order-7")
    assert not await journal.delete("order-7")
    await journal.begin(RUN)

    assert await journal.load("order-7") == RUN


WHAT = st.sampled_from(["turn", "intend", "settle", "finish", "claim", "adopt", "delete", "begin"])


@given(steps=st.lists(st.tuples(WHAT, st.integers(1, 3), st.integers(0, 2)), max_size=25))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_file_and_memory_answer_alike_whatever_is_done(
    steps: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("runs") / "runs.db"
    file, memory = SQLiteJournal(path), MemoryJournal()

    for what, epoch, number in steps:
        run = replace(RUN, epoch=epoch)
        assert await tell(file, what, run, number) == await tell(memory, what, run, number)
    await file.aclose()


async def tell(journal: Journal, what: str, run: RunRecord, number: int) -> Any:
    """What becomes of a step: what it gives, the class of what it raises, and how the run is after it."""
    steps: dict[str, Callable[[], Awaitable[Any]]] = {
        "turn": lambda: journal.turn(run.claim, replace(TURN, number=number)),
        "intend": lambda: journal.intend(run.claim, replace(INTENDED, turn=number)),
        "settle": lambda: journal.settle(run.claim, replace(DONE, turn=number)),
        "finish": lambda: journal.finish(run.claim, "paused"),
        "claim": lambda: journal.claim(run.id),
        "adopt": lambda: journal.adopt(run),
        "delete": lambda: journal.delete(run.id),
        "begin": lambda: journal.begin(run),
    }
    try:
        given: Any = await steps[what]()
    except (RunTaken, RunExists, RunUnknown) as error:
        given = type(error)
    try:
        return given, await journal.load(run.id), await journal.list()
    except RunUnknown:
        return given, None, await journal.list()


async def test_a_journal_s_directory_is_made_at_its_first_use(tmp_path: Path) -> None:
    journal = SQLiteJournal(tmp_path / "a" / "runs.db")
    before = (tmp_path / "a").exists()

    await journal.begin(RUN)
    await journal.aclose()

    assert not before
    assert (tmp_path / "a" / "runs.db").exists()
