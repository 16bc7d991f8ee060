"""The callers of a storm, in a process of their own: each makes one call after the other, and notes how it went."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from typing import TYPE_CHECKING, NamedTuple, TextIO

from .clients import CLIENTS
from .outcome import Outcome, summary
from .stall import Stall
from .weather import MODEL, OTHER_MODEL, THINK, Storm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .clients import Call


class Caller(NamedTuple):
    """One of the callers; the same number thinks for the same times, whatever the client."""

    number: int
    storm: Storm
    at: float
    call: Call
    outcomes: list[Outcome]

    async def run(self) -> None:
        """Call until the storm is over; a call that has begun by then is waited for."""
        draw = random.Random(self.number)
        await _until(self.at + THINK * self.number / self.storm.callers)
        while (began := time.monotonic() - self.at) < self.storm.seconds:
            error = await self._once()
            self.outcomes.append(Outcome(began, time.monotonic() - self.at, error))
            await asyncio.sleep(THINK * draw.uniform(0.5, 1.5))

    async def _once(self) -> str | None:
        try:
            await self.call(MODEL)
        except Exception as error:  # noqa: BLE001 (whatever a library raises is counted)
            return type(error).__name__
        return None


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


async def weather(client: str, url: str, key: str, limit: float, answers: TextIO) -> None:
    """Announce that all is ready, read the storm from standard input, and say what became of the calls."""
    async with CLIENTS[client](url, key, limit) as call:
        await call(OTHER_MODEL)
        _say(answers, {})
        begin = json.loads(await asyncio.to_thread(sys.stdin.readline))
        storm, outcomes = Storm(**begin["storm"]), list[Outcome]()
        stall, used = Stall(), time.process_time()
        watching = asyncio.ensure_future(stall.watch())
        await asyncio.gather(
            *(Caller(number, storm, begin["at"], call, outcomes).run() for number in range(storm.callers))
        )
        watching.cancel()
        itself = {"cpu": time.process_time() - used, "stall": stall.longest}
        _say(answers, summary(outcomes, storm) | itself)


def _say(answers: TextIO, value: Mapping[str, object]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def _private_stdout() -> TextIO:
    """Standard output for us alone: what a library prints goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "w")


if __name__ == "__main__":
    client, url, key, limit = sys.argv[1:]
    asyncio.run(weather(client, url, key, float(limit), _private_stdout()))
