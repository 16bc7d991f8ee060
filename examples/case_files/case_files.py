"""A support desk whose cases go on: each is a session in one file, for all clerks, over every restart.

    python case_files.py 1001 "My parcel has not come."
    python case_files.py 1001 "It was order 77."

Several clerks may write to one case at the same time: no turn is lost.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from grokkit import AsyncGrok
from grokkit.errors import StreamInterrupted
from grokkit.sessions import TurnNotSaved

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from grokkit import AsyncSession

WHERE = "sqlite:///cases.db"
MANNER = "You are a support desk. Answer in two sentences. Never promise a refund."
LONG = 50_000
"""Tokens from which a case is made short before the next answer; its history stays whole."""
OPEN, CLOSED = "open", "closed"


def case_of(grok: AsyncGrok, customer: str) -> AsyncSession:
    """A customer's case: the same one for whoever opens it."""
    return grok.session(f"case-{customer}", instructions=MANNER, compact_at=LONG)


async def answer(grok: AsyncGrok, customer: str, message: str) -> str:
    """The answer to a message of a customer's, in the light of all before."""
    case = case_of(grok, customer)
    if not (await case.info()).tags:
        await case.describe(title=message[:60], tags=[OPEN])
    try:
        return (await case.ask(message)).text
    except TurnNotSaved as error:  # the customer gets the answer; the turn is saved with the next one
        return error.answer.text if error.answer else ""


async def type_out(grok: AsyncGrok, customer: str, message: str) -> AsyncIterator[str]:
    """The same while it is written. When the connection breaks, what had come is in the case, marked as partial."""
    try:
        async with case_of(grok, customer).stream(message) as stream:
            async for text in stream.text():
                yield text
    except StreamInterrupted:
        yield " (the connection broke: please ask us to go on)"


async def drafts(grok: AsyncGrok, customer: str, message: str, *, tones: list[str]) -> dict[str, str]:
    """What the answer would be in several tones: each is tried in a fork, and the case knows nothing of it."""

    async def one(tone: str) -> str:
        fork = await case_of(grok, customer).fork(f"draft-{customer}-{tone}")
        try:
            return (await fork.ask(message, instructions=f"{MANNER} Be {tone}.")).text
        finally:
            await fork.delete()

    return dict(zip(tones, await asyncio.gather(*(one(tone) for tone in tones)), strict=True))


async def take_back(grok: AsyncGrok, customer: str) -> str | None:
    """Take the last turn back, as it was sent to the wrong case, and give what the customer had said."""
    taken = await case_of(grok, customer).rewind()
    return str(taken[0].input[0]["content"]) if taken else None


async def find(grok: AsyncGrok, words: str) -> list[str]:
    """The open cases in which all these words were said in one turn."""
    return sorted({hit.name for hit in await grok.sessions.search(words, tag=OPEN)})


async def close(grok: AsyncGrok, customer: str, folder: Path) -> Path:
    """File a case as Markdown for people and as JSON lines that can be opened again, and forget it here."""
    case = case_of(grok, customer)
    path = folder / f"{case.name}.md"
    path.write_text(await case.export("markdown"), encoding="utf-8")
    path.with_suffix(".jsonl").write_text(await case.export(), encoding="utf-8")
    await case.delete()
    return path


async def reopen(grok: AsyncGrok, customer: str, folder: Path) -> None:
    """Open a case that was filed."""
    case = case_of(grok, customer)
    await case.import_((folder / f"{case.name}.jsonl").read_text(encoding="utf-8"))
    await case.describe(tags=[OPEN])


async def costs(grok: AsyncGrok) -> dict[str, float]:
    """US dollars by open case, the one with the latest turn first."""
    return {info.name: info.usage.cost_usd or 0.0 async for info in grok.sessions.each(tag=OPEN)}


async def main() -> None:
    """Answer the message of the command line."""
    customer, message = [*sys.argv[1:], "1001", "Where is my parcel?"][:2]
    async with AsyncGrok(sessions=WHERE) as grok:
        print(await answer(grok, customer, message))
        print(await costs(grok))


if __name__ == "__main__":
    asyncio.run(main())
