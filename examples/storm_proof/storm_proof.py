"""A help desk that gets through a storm: people are answered in time or told so, reports wait for their turn.

    python storm_proof.py "Where is my parcel?"

One client for the program, and two that are derived from it: for people, who wait, and for reports, which can.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from typing import TYPE_CHECKING

from grokkit import AskSomeone, AsyncGrok, RateLimit, Retry, TryLater
from grokkit.telemetry.events import CallFailed, Retried, RetryRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from grokkit.client import ClientOptions
    from grokkit.telemetry.events import Event

MODEL = "grok-4.7"
ANOTHER = "grok-4.3"
LATER = "We are very busy. Please try again in a few minutes."
CLOSED = "We cannot answer today. Somebody has been told."


class Ledger:
    """A hook that counts: what a dashboard would show, and an alarm look at."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        """Count one event."""
        self.counts[type(event).__name__] += 1
        match event:
            case Retried(may_have_run=True):
                self.counts["perhaps billed twice"] += 1
            case RetryRefused(reason=reason):
                self.counts[f"not retried: {reason}"] += 1
            case CallFailed(error=AskSomeone()):
                self.counts["call somebody"] += 1


def settings(ledger: Ledger) -> ClientOptions:
    """What all calls of the program have in common."""
    return {
        "model": MODEL,
        "hooks": [ledger],
        "rate_limit": RateLimit(requests_per_minute=60),  # or tier=...; state="redis://..." for several processes
    }


def for_people(grok: AsyncGrok) -> AsyncGrok:
    """Somebody waits: fifteen seconds in all, one retry, then another model."""
    return grok.with_options(timeout=15, priority="high", retries=Retry(max=1), fallback=[ANOTHER], tenant="people")


def for_reports(grok: AsyncGrok) -> AsyncGrok:
    """Nobody waits: half an hour, and only after the people. A report is not worth paying for twice."""
    return grok.with_options(timeout=1800, priority="low", retries=Retry(max=6, ambiguous=False), tenant="reports")


async def answer(grok: AsyncGrok, question: str) -> str:
    """The answer for a person; or a line that says what to do instead."""
    try:
        return (await grok.ask(question)).text
    except TryLater:
        return LATER
    except AskSomeone:
        return CLOSED


async def summarise(grok: AsyncGrok, documents: Iterable[str]) -> list[str | None]:
    """A line on each document, in order; `None` for those that did not come through: do these again tomorrow."""

    async def one(document: str) -> str | None:
        try:
            return (await grok.ask(f"Say in one line: {document}")).text
        except TryLater:
            return None

    return list(await asyncio.gather(*(one(document) for document in documents)))


async def main() -> None:
    """Answer the question of the command line, with reports being written meanwhile."""
    ledger = Ledger()
    async with AsyncGrok(**settings(ledger)) as grok:
        reports = asyncio.create_task(summarise(for_reports(grok), ["Sales rose.", "It rained."]))
        print(await answer(for_people(grok), " ".join(sys.argv[1:]) or "Where is my parcel?"))
        print(await reports)
        print(grok.health())
    print(dict(ledger.counts))


if __name__ == "__main__":
    asyncio.run(main())
