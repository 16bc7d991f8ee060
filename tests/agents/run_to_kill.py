"""A process that makes agents' runs in children of its own and lets them be killed with SIGKILL; for `test_kill.py`.

Each line on stdin is a job, each line on stdout what became of it. A child is forked from a process that has imported
everything and started nothing, so that a kill costs milliseconds. A child kills itself at a numbered step, between any
two things that happen in a run, or is killed from outside after some time, whatever it does then.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp  # noqa: F401 - what a child would import is here before it is forked

from grokkit import AsyncGrok
from grokkit.agents import Decision, loop  # noqa: F401
from grokkit.agents.journal import RunUnknown
from grokkit.agents.journal.sqlite import SQLiteJournal
from grokkit.tools import Tool, ToolContext, tool

if TYPE_CHECKING:
    from grokkit.agents.outcome import RunResult


class Steps:
    """Counts what happens in a run, and ends the process at one of the steps: the `last`, or the one of that name."""

    def __init__(self, last: int | str | None, log: Path) -> None:
        self._last = last
        self._count = 0
        self._log = log
        self._lock = threading.Lock()

    def pass_by(self, name: str) -> None:
        """The process dies here, if it is to."""
        with self._lock:
            self._count += 1
            if self._last in {self._count, name}:
                note(self._log, name)
                os.kill(os.getpid(), signal.SIGKILL)


def note(path: Path, line: str) -> None:
    """Add a line to a file in one write: it is there whole, or not at all, whoever dies when."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{line}\n".encode())
    os.close(file)


class Journal(SQLiteJournal):
    """The real journal, with a step before and after each of its writes."""

    def __init__(self, path: str, steps: Steps) -> None:
        super().__init__(path)
        self._steps = steps

    async def begin(self, record: Any) -> None:
        self._steps.pass_by("before begin")
        await super().begin(record)
        self._steps.pass_by("after begin")

    async def turn(self, claim: Any, turn: Any) -> None:
        self._steps.pass_by(f"before turn {turn.number}")
        await super().turn(claim, turn)
        self._steps.pass_by(f"after turn {turn.number}")

    async def intend(self, claim: Any, call: Any) -> None:
        self._steps.pass_by(f"before intend {call.call.name}")
        await super().intend(claim, call)
        self._steps.pass_by(f"after intend {call.call.name}")

    async def settle(self, claim: Any, call: Any) -> None:
        self._steps.pass_by(f"before settle {call.call.name}")
        await super().settle(claim, call)
        self._steps.pass_by(f"after settle {call.call.name}")

    async def claim(self, run_id: str) -> Any:
        self._steps.pass_by("before claim")
        record = await super().claim(run_id)
        self._steps.pass_by("after claim")
        return record

    async def finish(self, claim: Any, status: Any) -> None:
        self._steps.pass_by(f"before finish {status}")
        await super().finish(claim, status)
        self._steps.pass_by(f"after finish {status}")


def tools(world: Path, steps: Steps) -> list[Tool[..., Any]]:
    """Two that read, one that puts and two that do harm when they run twice. What they did is in a file."""

    def act(name: str, key: str) -> None:
        steps.pass_by(f"before the effect of {name}")
        note(world, f"{name} {key}")
        steps.pass_by(f"after the effect of {name}")

    @tool(effects="read_only")
    async def stock(item: str, context: ToolContext) -> str:
        """Look into the store."""
        act(f"stock of {item}", context.key)
        return f"{item}: 3 left"

    @tool(effects="read_only")
    def prices(context: ToolContext) -> str:
        """Look up prices."""
        act("prices", context.key)
        return "prices are known"

    @tool(effects="destructive")
    def pay(cents: int, context: ToolContext) -> str:
        """Pay."""
        act("pay", context.key)
        return f"{cents} paid"

    @tool(effects="idempotent")
    async def label(parcel: str, context: ToolContext) -> str:
        """Put a label on a parcel."""
        act("label", context.key)
        return f"{parcel} is labelled"

    @tool(effects="destructive")
    async def send(parcel: str, context: ToolContext) -> str:
        """Send a parcel."""
        act("send", context.key)
        return f"{parcel} is on its way"

    return [stock, prices, pay, label, send]


async def run(job: dict[str, Any]) -> dict[str, Any]:
    """Begin the run of the job, or go on with it."""
    steps = Steps(job["step"], Path(job["steps"]))
    journal = Journal(job["journal"], steps)
    async with AsyncGrok(base_url=job["url"], api_key=job["key"], model="grok-4.7", trust_env=False) as grok:
        agent = grok.agent(tools=tools(Path(job["world"]), steps), journal=journal, name="clerk", **job["options"])
        try:
            await journal.load(job["run"])
        except RunUnknown:
            result: RunResult[str] = await agent.run("Send the parcel", id=job["run"])
        else:
            decisions = {name: Decision(**decision) for name, decision in job["decisions"].items()}
            result = await agent.resume(job["run"], decisions)
    await journal.aclose()
    waiting = [
        {"id": one.call.id, "key": one.key, "name": one.call.name, "begun": one.begun, "reason": one.reason}
        for one in result.pending
    ]
    return {
        "stopped": result.stopped,
        "value": result.value if result.stopped == "done" else None,
        "items": list(result.items),
        "pending": waiting,
    }


def forked(job: dict[str, Any]) -> dict[str, Any]:
    """What became of a job in a child: the signal that ended it, or its result, or its error."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        try:
            told = asyncio.run(run(job))
        except BaseException as error:  # noqa: BLE001 - it is told
            told = {"error": f"{type(error).__name__}: {error}"}
        with os.fdopen(into, "w") as pipe:
            json.dump(told, pipe)
        os._exit(0)
    os.close(into)
    if job["after"] is not None:
        time.sleep(job["after"])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(out) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, **(json.loads(told) if told else {})}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(forked(json.loads(line))), flush=True)
