"""One process of a fleet: callers that ask one question after the other, and what happens to them as lines of JSON.

It says `ready`, begins when it is told a line, says how it is when it is told another, and goes on until it is killed.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec

from grokkit import AsyncGrok
from grokkit.errors import GrokError

if TYPE_CHECKING:
    from grokkit import Call, Next, Reply

TOLD = {"StateLost", "StateRecovered", "LimitLearned", "CircuitOpened", "CircuitProbed", "CircuitClosed"}


class Job(msgspec.Struct, kw_only=True):
    """What a process is to do."""

    name: str
    callers: int
    options: dict[str, Any]
    """Of its client."""


class Line(msgspec.Struct, kw_only=True):
    """What it says."""

    name: str
    at: float
    """On the machine's monotonic clock, which is also the simulator's."""
    text: str = ""


def say(name: str, text: object = "") -> None:
    """Write a line."""
    line = msgspec.json.encode(Line(name=name, at=time.monotonic(), text=str(text)))
    sys.stdout.write(line.decode() + "\n")
    sys.stdout.flush()


def say_event(event: object) -> None:
    """Write what layers and stores decided, where it is rare."""
    if type(event).__name__ in TOLD:
        say(type(event).__name__, event)


class Warnings(logging.Handler):
    """Says what the library warns of."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        say("warning", record.getMessage())


class Stamp:
    """Writes on each call when it was let go."""

    ring = "attempt"

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        """Send it with the moment."""
        return await call_next(call.replace(headers={**call.headers, "x-sent": repr(time.monotonic())}))


async def ask_on(grok: AsyncGrok) -> None:
    """Ask for ever; whose call fails comes again when the error says."""
    while True:
        try:
            await grok.ask("Hi")
        except GrokError as error:
            say(type(error).__name__, error)
            await asyncio.sleep(error.retry_after or 0.0)


async def run(job: Job) -> None:
    """Let the callers ask."""
    logging.getLogger("grokkit").addHandler(Warnings(logging.WARNING))
    own: dict[str, Any] = {"headers": {"x-process": job.name}, "hooks": [say_event], "layers": [Stamp()]}
    async with AsyncGrok(trust_env=False, **own, **job.options) as grok:
        say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        async with asyncio.TaskGroup() as group:
            for _ in range(job.callers):
                group.create_task(ask_on(grok))
            while await asyncio.to_thread(sys.stdin.readline):
                say("health", grok.health())


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=Job)))
