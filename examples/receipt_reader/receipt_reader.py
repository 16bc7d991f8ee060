"""Reads receipts into a ledger: lines show up as they are read, sums are checked, doubtful ones go to a person.

    python receipt_reader.py receipt.txt ...

The functions take the client as an argument, so that a test can pass one that calls nobody.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TextIO

from msgspec import Meta

from grokkit import AsyncGrok, Grok, TryLater, Usage
from grokkit.errors import AnswerUnfit

MODEL = "grok-4.7"
ORDER = "Read this receipt. Amounts are in cents. If it is none, say what it is.\n\n"

Cents = Annotated[int, Meta(ge=0, le=10_000_000)]


@dataclass(frozen=True)
class Line:
    """A line of a receipt.

    Attributes:
        what: the goods, in a word or two
        cents: for all pieces together
        kind: what it is for in the books
    """

    what: str
    cents: Cents
    kind: Literal["food", "travel", "office", "other"] = "other"


@dataclass(frozen=True)
class Receipt:
    """A receipt as it is printed.

    Attributes:
        day: of the purchase
        total: as printed, not added up
    """

    shop: str
    day: date
    lines: list[Line]
    total: Cents


@dataclass(frozen=True)
class Other:
    """What is no receipt.

    Attributes:
        what: it is instead, for the person who sorts it
    """

    what: str


@dataclass
class Ledger:
    """What was read, and what a person has to look at."""

    receipts: list[Receipt] = field(default_factory=list)
    doubtful: dict[str, str] = field(default_factory=dict)
    """Why, by the text of the receipt."""
    usage: Usage = field(default_factory=Usage)

    def by_kind(self) -> dict[str, int]:
        """Cents spent, by kind."""
        sums: dict[str, int] = {}
        for line in (line for receipt in self.receipts for line in receipt.lines):
            sums[line.kind] = sums.get(line.kind, 0) + line.cents
        return sums


def doubt(receipt: Receipt | Other) -> str | None:
    """Why a person should look at it, if one should."""
    if isinstance(receipt, Other):
        return f"no receipt: {receipt.what}"
    added = sum(line.cents for line in receipt.lines)
    return None if added == receipt.total else f"the lines add up to {added}, and {receipt.total} is printed"


async def book(grok: AsyncGrok, text: str, ledger: Ledger) -> None:
    """Read one receipt into the ledger."""
    try:
        parsed = await grok.parse(ORDER + text, into=Receipt | Other, model=MODEL)
    except AnswerUnfit as error:
        ledger.usage += error.usage or Usage()
        ledger.doubtful[text] = f"could not be read: {error.message}"
        return
    except TryLater as error:
        ledger.doubtful[text] = f"not read yet: {error.message}"
        return
    ledger.usage += parsed.usage
    reason = doubt(parsed.value)
    if reason is None and isinstance(parsed.value, Receipt):
        ledger.receipts.append(parsed.value)
    else:
        ledger.doubtful[text] = reason or ""


async def book_all(grok: AsyncGrok, texts: Sequence[str]) -> Ledger:
    """Read many receipts at once; the client keeps to the limits of its key."""
    ledger = Ledger()
    await asyncio.gather(*(book(grok, text, ledger) for text in texts))
    return ledger


def show(grok: Grok, text: str, out: TextIO) -> Receipt:
    """Read one receipt for somebody who watches: each line as it comes, with the sum so far."""
    added = 0
    with grok.parse_stream(ORDER + text, into=Receipt, model=MODEL) as stream:
        for line in stream.items("lines"):
            added += line.cents
            out.write(f"{line.what:<20} {line.cents / 100:>8.2f} {added / 100:>8.2f}\n")
            out.flush()
    return stream.result.value


def main() -> None:
    """Read the files of the command line."""
    texts = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]]
    if len(texts) == 1:
        with Grok() as grok:
            print(doubt(show(grok, texts[0], sys.stdout)) or "in order")
        return

    async def read() -> Ledger:
        async with AsyncGrok() as grok:
            return await book_all(grok, texts)

    ledger = asyncio.run(read())
    print(ledger.by_kind(), ledger.usage.cost_usd, *ledger.doubtful.values(), sep="\n")


if __name__ == "__main__":
    main()
