"""What every peer script does: announce itself, then answer each JSON command with one JSON line.

Only the CPU time of this process is measured (user and system, all threads), around the calls alone.
With `--once URL` the script makes one plain call instead and ends: a whole program, start to answer. With
`--trace PACKAGE URL` it makes two, and tells which functions of the package the second one entered.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypedDict, cast

if TYPE_CHECKING:
    from types import FrameType

KEY = "xai-bench"
MODEL = "grok-4.20-0309-non-reasoning"
QUESTION = "Why is the sky blue?"

AsyncCall = Callable[[], Awaitable[int]]
BlockingCall = Callable[[], int]


@dataclass(frozen=True)
class Peer:
    """One library: how to connect it, asynchronously and blocking, to a base URL.

    A connection is a table of what it can do (`chat`, `chat_stream`, `responses`, ...); each call answers
    with the number of characters of text that it brought, so that the run can check that the work was done.
    """

    distribution: str
    """Whose version is told; none where there is nothing but Python."""
    connect: Callable[[str], Awaitable[Mapping[str, AsyncCall]]]
    connect_blocking: Callable[[str], Mapping[str, BlockingCall]] | None = None


class Command(TypedDict):
    """What to measure: `calls` times an operation, `concurrency` of them in flight.

    Each `client` named is a client of its own, so that connections left from one scenario cost another nothing.
    """

    client: str
    face: str
    operation: str
    url: str
    calls: int
    concurrency: int


@dataclass
class Worker:
    """A peer with its open connections."""

    peer: Peer
    runner: asyncio.Runner
    connections: dict[str, Mapping[str, AsyncCall]] = field(default_factory=dict)
    blocking_connections: dict[str, Mapping[str, BlockingCall]] = field(default_factory=dict)

    def obey(self, command: Command) -> dict[str, object]:
        """The measurement that a command asks for, or what kept us from it."""
        try:
            if command["face"] == "blocking":
                return self._measure_blocking(command)
            return self.runner.run(self._measure(command))
        except Exception as error:  # noqa: BLE001 (whatever a library raises ends up in the report)
            traceback.print_exc()
            return {"error": _plainly(error)}

    async def _measure(self, command: Command) -> dict[str, object]:
        client = command["client"]
        if client not in self.connections:
            self.connections[client] = await self.peer.connect(command["url"])
        call = self.connections[client].get(command["operation"])
        if call is None:
            return {"unsupported": True}
        todo = iter(range(command["calls"]))
        characters = 0

        async def caller() -> None:
            nonlocal characters
            for _ in todo:
                brought = await call()
                characters += brought

        gc.collect()
        started, wall = _cpu(), time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(command["concurrency"]):
                group.create_task(caller())
        return {"cpu": _cpu() - started, "wall": time.perf_counter() - wall, "characters": characters}

    def _measure_blocking(self, command: Command) -> dict[str, object]:
        client = command["client"]
        if self.peer.connect_blocking is None:
            return {"unsupported": True}
        if client not in self.blocking_connections:
            self.blocking_connections[client] = self.peer.connect_blocking(command["url"])
        call = self.blocking_connections[client].get(command["operation"])
        if call is None:
            return {"unsupported": True}
        gc.collect()
        started, wall = _cpu(), time.perf_counter()
        characters = sum(call() for _ in range(command["calls"]))
        return {"cpu": _cpu() - started, "wall": time.perf_counter() - wall, "characters": characters}


def serve(peer: Peer) -> None:
    """Answer commands from standard input until it closes."""
    answers = _private_stdout()
    with asyncio.Runner() as runner:
        worker = Worker(peer, runner)
        if "--once" in sys.argv:
            _say(answers, worker.obey(_one_chat()) | {"process_cpu": _cpu()})
        elif "--trace" in sys.argv:
            _say(answers, _traced(worker, Path(sys.argv[-2])))
        else:
            _say(answers, {"version": version(peer.distribution) if peer.distribution else ""})
            for line in sys.stdin:
                _say(answers, worker.obey(cast("Command", json.loads(line))))
        answers.flush()
        os._exit(0)  # closing is not measured, and no library's background thread may hold us up


def _one_chat() -> Command:
    return Command(client="one", face="async", operation="chat", url=sys.argv[-1], calls=1, concurrency=1)


def _traced(worker: Worker, package: Path) -> dict[str, object]:
    """The functions entered, a list a file: name, lines. A first call goes untraced: what is built once is built."""
    entered: dict[str, dict[str, int]] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(f"{package}{os.sep}") and code.co_name != "<module>":
            last = max(line or 0 for _, _, line in code.co_lines())
            entered.setdefault(code.co_filename, {})[code.co_qualname] = last - code.co_firstlineno + 1

    result = worker.obey(_one_chat())
    sys.setprofile(note)
    try:
        result |= worker.obey(_one_chat())
    finally:
        sys.setprofile(None)
    return result | {"entered": entered}


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _plainly(error: Exception) -> str:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def _private_stdout() -> TextIO:
    """Standard output for us alone: what a library prints goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "w")


def _say(answers: TextIO, value: Mapping[str, object]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()
