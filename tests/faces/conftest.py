"""The simulator on a real port, and real processes that call it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from grokkit.testing import Fault, TurnableClock
from grokkit.testing.simulator import Thought

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import WatchedSimulator

    from grokkit.testing.simulator.visit import Visit

PATIENCE = 20.0
MODEL = "grok-4.20-non-reasoning"  # does not reason: a plain call is not streamed underneath
BEGINNING = 4
"""Events of its streams that begin response and message. Text comes after them."""
_SLOW = re.compile(r"^Executing <.* took \d+\.\d+ seconds\n", re.MULTILINE)
"""What asyncio's debug mode remarks on a busy machine."""
_PAUSE = 60.0
_AFTER = re.compile(r"after ([^,]*)")
_TOGETHER = re.compile(r"(\d+) together")
_EVENTS = re.compile(r"events (\d+)")


class Script:
    """What the simulator answers, by the words of the last message. Its clock stands still.

    A plain call gets its own words back: at once; for `after X` or `after X, more` once somebody has asked X; for
    `3 together` once three that say so wait at the same time. A stream gives as many pieces of text as `events 500`
    says. `hang` is never answered; `events 3 then hang` stops for ever after three pieces (`events 0` after the
    headers), `events 3 then wait` until `go_on` is called.
    """

    def __init__(self, sim: WatchedSimulator, clock: TurnableClock) -> None:
        self.sim = sim
        self._clock = clock
        self._asked: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._together: dict[int, asyncio.Barrier] = {}
        stop = BEGINNING + 3
        sim.on().reply(self._answer)
        sim.on(last=re.compile("^hang$")).reply(fault=Fault(stall_before_headers=True))
        sim.on(last="events 0 then hang").reply(self._answer, fault=Fault(stall_after_headers=True))
        sim.on(last="events 3 then hang").reply(self._answer, fault=Fault(stall_at_event=stop))
        sim.on(last="events 3 then wait").reply(self._answer, fault=Fault(stall_at_event=stop, stall_seconds=_PAUSE))
        sim.on(when=self._note).reply()

    def go_on(self) -> None:
        """Let the streams go on that wait."""
        self._clock.turn(_PAUSE)

    def _note(self, visit: Visit) -> bool:
        """Fits nothing: it is how every request is heard of, those included that hang."""
        self._asked[visit.asked.last or ""].set()
        return False

    async def _answer(self, visit: Visit) -> Thought:
        words = visit.asked.last or ""
        if match := _AFTER.match(words):
            await self._asked[match[1]].wait()
        if match := _TOGETHER.match(words):
            count = int(match[1])
            await self._together.setdefault(count, asyncio.Barrier(count)).wait()
        return _pieces(words) if visit.body.get("stream") else Thought(text=words)


def _pieces(words: str) -> Thought:
    match = _EVENTS.match(words)
    pieces = tuple(f"{number} " for number in range(int(match[1]) if match else 3))
    return Thought(text="".join(pieces), pieces=pieces)


@pytest.fixture
def script(watched: type[WatchedSimulator]) -> Iterator[Script]:
    """The script of the simulator that programs and threads call."""
    clock = TurnableClock()
    with watched(key="test-key", clock=clock) as sim:
        yield Script(sim, clock)


@pytest.fixture
def sim(script: Script) -> WatchedSimulator:
    """That simulator."""
    return script.sim


class Program:
    """A script in an interpreter of its own, where every warning is an error and asyncio looks for mistakes."""

    def __init__(self, path: Path, url: str, source: str) -> None:
        path.write_text(textwrap.dedent(source))
        strict = ["-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning"]
        self.process = subprocess.Popen(
            [sys.executable, *strict, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "XAI_API_KEY": "test-key",
                "GROKKIT_BASE_URL": url,
                "GROKKIT_MODEL": MODEL,
                "GROKKIT_CONFIG": "none",
            },
        )

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def says(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def end(self, *, within: float = PATIENCE) -> tuple[int, list[str], str]:
        """Exit status, lines printed since, and what it wrote to standard error."""
        try:
            printed, complaints = self.process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, printed.splitlines(), _SLOW.sub("", complaints)


@pytest.fixture
def program(tmp_path: Path, sim: WatchedSimulator) -> Iterator[Callable[[str], Program]]:
    """Start a script that calls the simulator."""
    started: list[Program] = []

    def start(source: str) -> Program:
        started.append(Program(tmp_path / f"script_{len(started)}.py", sim.base_url, source))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.fixture
def stopwatch() -> Callable[[], float]:
    """Seconds since the test began."""
    started = time.monotonic()
    return lambda: time.monotonic() - started
