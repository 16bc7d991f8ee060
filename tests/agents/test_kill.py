"""Runs that are killed with `kill -9`, anywhere and again and again: no effect comes twice, and none is lost.

A run has six calls in three turns, two by two: two that read, one that pays (destructive) and one that puts a label on
(idempotent), one that sends (destructive) and one more that reads. Whoever decides on calls that may have taken effect
looks into the world, by the call's key.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.agents.bench import key_of
from grokkit.agents.journal import RunUnknown
from grokkit.agents.journal.sqlite import SQLiteJournal
from grokkit.sessions.doctor import Item, mend
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from grokkit.agents.journal import TurnRecord

KILLS_AT_STEPS = 160
KILLS_AT_ANY_TIME = 20
STEPS = 50
"""More than a run has when nobody kills it."""


class Forker:
    """The process in whose children the runs are."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, job: dict[str, Any]) -> Any:
        """What became of a job."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        return json.loads(await self._process.stdout.readline())


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(seed=5) as sim:
        sim.on(last="Send the parcel").reply(tool_calls=[("stock", {"item": "tea"}), ("prices", {})])
        sim.on(last="prices are known").reply(
            reasoning="Tea it is.", tool_calls=[("pay", {"cents": 500}), ("label", {"parcel": "tea"})]
        )
        sim.on(last="tea is labelled").reply(tool_calls=[("send", {"parcel": "tea"}), ("stock", {"item": "cups"})])
        sim.on(last="cups: 3 left").reply("It is on its way.")
        yield sim


@pytest.fixture
async def forkers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Forker]]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    script = Path(__file__).with_name("run_to_kill.py")
    pipe = asyncio.subprocess.PIPE
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-W", "error", str(script), stdin=pipe, stdout=pipe)
        for _ in range(2)
    ]
    yield [Forker(process) for process in started]
    for process in started:
        process.kill()
        await process.wait()


class Order:
    """One run, from its beginning to its end through all its deaths."""

    def __init__(self, name: str, folder: Path, sim: Simulator, options: dict[str, str] | None = None) -> None:
        self.name = name
        self._options = options or {}
        self.world = folder / f"{name}.world"
        self.steps = folder / f"{name}.steps"
        self.kills = 0
        self._sim = sim
        self._file = folder / "runs.db"
        self._decisions: dict[str, Any] = {}

    async def live(self, forker: Forker, *, step: int | str | None = None, after: float | None = None) -> bool:
        """One life of the run, which ends at a step, after some time, or well; whether the run is done."""
        told = await forker.do(
            {
                "run": self.name,
                "journal": str(self._file),
                "world": str(self.world),
                "steps": str(self.steps),
                "url": self._sim.base_url,
                "key": self._sim.key,
                "decisions": self._decisions,
                "options": self._options,
                "step": step,
                "after": after,
            }
        )
        assert "error" not in told, told
        if told["signal"]:
            assert told["signal"] == signal.SIGKILL
            self.kills += 1
            await self.check_record()
            return False
        if told["stopped"] == "paused":
            self._decide(told["pending"])
            return False
        self._check_end(told)
        return True

    def effects(self) -> list[str]:
        """What the tools did to the world, each with its key."""
        return self.world.read_text().splitlines() if self.world.exists() else []

    def _decide(self, pending: list[dict[str, Any]]) -> None:
        """As a person would: by a look into the world. Older decisions are sent again, as people do."""
        assert pending
        for request in pending:
            assert request["reason"] == "unknown"
            assert request["name"] in {"pay", "send"}
            happened = f"{request['name']} {request['key']}" in self.effects()
            self._decisions[request["id"]] = (
                {"verdict": "result", "text": "it was done"}
                if happened
                else {"verdict": "again", "begun": request["begun"]}
            )

    async def check_record(self) -> None:
        """What is on the disk is a valid history, whatever its end lacks; nothing was done that is not there."""
        journal = SQLiteJournal(self._file)
        try:
            record = await journal.load(self.name)
        except RunUnknown:
            assert not self.effects()
            return
        finally:
            await journal.aclose()
        if "dialect" not in self._options:
            assert_valid(sent(record.turns))
        announced = {one.key for one in record.calls}
        harm = [effect.split() for effect in self.effects() if effect.startswith(("pay", "send", "label"))]
        assert {key for _, key in harm} <= announced

    def _check_end(self, told: dict[str, Any]) -> None:
        assert told["value"] == "It is on its way."
        by_name = Counter(effect.split()[0] for effect in self.effects())
        assert (by_name["pay"], by_name["send"]) == (1, 1)
        assert len({effect for effect in self.effects() if effect.startswith("label")}) == 1
        if "dialect" not in self._options:
            self._check_items(told["items"])

    def _check_items(self, items: list[Item]) -> None:
        calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
        outputs = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
        expected = {"pay": key_of(self.name, 2, calls[2]), "send": key_of(self.name, 3, calls[4])}

        assert_valid(items)
        assert len(calls) == 6
        assert outputs == calls
        assert {f"{name} {key}" for name, key in expected.items()} <= set(self.effects())


def sent(turns: list[TurnRecord]) -> list[Item]:
    """The items that the model was sent last, as far as the record has them."""
    said = [item for turn in turns[:-1] for item in (*turn.input, *turn.output)]
    return said + [item for turn in turns[-1:] for item in turn.input]


def assert_valid(items: list[Item]) -> None:
    """The doctor has nothing to mend."""
    assert mend(items).report == ""


async def test_a_run_killed_at_every_step_repeats_no_effect_and_loses_none(
    sim: Simulator, forkers: list[Forker], tmp_path: Path
) -> None:
    firsts = iter(range(1, STEPS))
    orders: list[Order] = []

    async def work(forker: Forker) -> None:
        for first in firsts:
            order = Order(f"order-{first}", tmp_path, sim)
            orders.append(order)
            later = random.Random(first)
            done = await order.live(forker, step=first)
            while not done:
                again = order.kills < 5 and sum(one.kills for one in orders) < KILLS_AT_STEPS
                done = await order.live(forker, step=later.randint(1, 8) if again else None)

    async with asyncio.TaskGroup() as both:
        for forker in forkers:
            both.create_task(work(forker))

    for name in EVERY_STEP - set(died_at(orders)):  # calls side by side take turns: numbers alone do not meet all
        order = Order(f"order-{name}", tmp_path, sim)
        orders.append(order)
        done = await order.live(forkers[0], step=name)
        while not done:
            done = await order.live(forkers[0])
    died = died_at(orders)
    assert sum(died.values()) == sum(order.kills for order in orders) >= KILLS_AT_STEPS
    assert set(died) >= EVERY_STEP


def died_at(orders: list[Order]) -> Counter[str]:
    """The steps at which runs were killed, and how often."""
    logs = [order.steps.read_text() for order in orders if order.steps.exists()]
    return Counter(name for log in logs for name in log.splitlines())


EVERY_STEP = {
    *(f"{when} {write}" for when in ("before", "after") for write in ("begin", "finish done", "claim")),
    *(f"{when} turn {number}" for when in ("before", "after") for number in range(1, 5)),
    *(f"{when} intend {name}" for when in ("before", "after") for name in ("pay", "label", "send")),
    *(f"{when} settle {name}" for when in ("before", "after") for name in ("stock", "prices", "pay", "label", "send")),
    *(
        f"{when} the effect of {name}"
        for when in ("before", "after")
        for name in ("stock of tea", "prices", "pay", "label", "send", "stock of cups")
    ),
}


@pytest.mark.parametrize("kind", ["responses", "chat", "session"])
async def test_a_run_killed_at_any_time_repeats_no_effect_and_loses_none(
    sim: Simulator, forkers: list[Forker], tmp_path: Path, kind: str
) -> None:
    orders: list[Order] = []
    times = random.Random(7)

    async def work(forker: Forker) -> None:
        while (kills := sum(order.kills for order in orders)) < KILLS_AT_ANY_TIME:
            name = f"order-{len(orders)}"
            options = {"responses": {}, "chat": {"dialect": "chat"}, "session": {"session": name}}[kind]
            order = Order(name, tmp_path, sim, options)
            orders.append(order)
            done = False
            while not done:
                kill = order.kills < 4 and kills < KILLS_AT_ANY_TIME
                done = await order.live(forker, after=times.uniform(0.005, 0.25) if kill else None)

    async with asyncio.TaskGroup() as both:
        for forker in forkers:
            both.create_task(work(forker))

    assert sum(order.kills for order in orders) >= KILLS_AT_ANY_TIME
