"""The simulator of a storm, in a process of its own: makes the trouble, and counts what arrives each second."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from grokkit.testing import Simulator

from .stall import Stall
from .weather import LATENCY, MODEL, Storm

if TYPE_CHECKING:
    from collections.abc import Callable

PLENTY = 100
"""A rate limit so many times the demand is none."""
EACH = 0.1
"""The probability of each of the three errors of kind b."""


def outage(sim: Simulator, _storm: Storm, _at: float) -> None:
    sim.faults(status=503)


def errors(sim: Simulator, _storm: Storm, _at: float) -> None:
    for number, status in enumerate((500, 502, 503)):
        sim.faults(EACH / (1 - number * EACH), status=status)  # of several, the first that strikes counts


def rate_limit(sim: Simulator, storm: Storm, _at: float) -> None:
    sim.limit(model=MODEL, requests_per_second=storm.rate_limit, requests_per_minute=60 * storm.rate_limit)


def stall(sim: Simulator, _storm: Storm, _at: float) -> None:
    sim.faults(stall_before_headers=True)


def no_money(sim: Simulator, _storm: Storm, _at: float) -> None:
    sim.credit(0)


def outage_in_the_middle(sim: Simulator, storm: Storm, at: float) -> None:
    begins, ends = (at + moment for moment in storm.outage)
    sim.faults(status=503, on={"when": lambda _: begins <= time.monotonic() < ends})


TROUBLE: dict[str, Callable[[Simulator, Storm, float], None]] = {
    "a": outage,
    "b": errors,
    "c": rate_limit,
    "d": stall,
    "e": no_money,
    "f": outage_in_the_middle,
}


class Samples:
    """How many requests had arrived, and had been refused with 429, at each second of the storm."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._before = sim.tally.arrived
        self._stall = Stall()
        self.arrived: list[int] = []
        self.refused: list[int] = []

    async def take(self, at: float) -> None:
        """Look each second until cancelled."""
        watching = asyncio.ensure_future(self._stall.watch())
        try:
            for second in range(sys.maxsize):
                await asyncio.sleep(at + second - time.monotonic())
                self._add()
        finally:
            watching.cancel()

    def report(self) -> dict[str, Any]:
        """Everything counted, up to now."""
        self._add()
        return {"arrived": self.arrived, "refused": self.refused, "stall": self._stall.longest}

    def _add(self) -> None:
        self.arrived.append(self._sim.tally.arrived - self._before)
        self.refused.append(self._sim.count(status=429))


async def serve() -> None:
    """Serve; the first line of standard input begins a storm, the next asks for the report."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with Simulator(latency=LATENCY, remembers=100) as sim:
        print(json.dumps({"url": sim.base_url, "key": sim.key}), flush=True)
        begin = json.loads(await lines.readline())
        storm, at = Storm(**begin["storm"]), begin["at"]
        plenty = PLENTY * max(1, round(storm.demand))
        sim.limit(requests_per_second=plenty, requests_per_minute=60 * plenty)
        TROUBLE[storm.kind](sim, storm, at)
        samples = Samples(sim)
        taking = asyncio.ensure_future(samples.take(at))
        print(json.dumps({}), flush=True)
        if await lines.readline():
            taking.cancel()
            print(json.dumps(samples.report()), flush=True)
        await lines.read()


if __name__ == "__main__":
    asyncio.run(serve())
