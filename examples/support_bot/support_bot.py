"""A support desk: sorts tickets, drafts answers from what the shop knows of an order, and writes them as they come.

    python support_bot.py "Where is my order 1001?"

The functions take the client as an argument, so that a test can pass one that calls nobody.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from grokkit import AsyncGrok, Grok, StreamInterrupted, TryLater

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grokkit import ToolCall, Usage

MODEL = "grok-4.7"
MOST_ROUNDS = 4
BUSY = "Thank you for your message. We will answer within a day."
TRIAGE = {
    "type": "object",
    "properties": {
        "category": {"type": "string", "enum": ["delivery", "billing", "other"]},
        "urgent": {"type": "boolean"},
    },
    "required": ["category", "urgent"],
    "additionalProperties": False,
}
LOOK_UP = {
    "type": "function",
    "function": {
        "name": "look_up_order",
        "description": "What the shop knows of an order.",
        "parameters": {
            "type": "object",
            "properties": {"order": {"type": "string"}},
            "required": ["order"],
        },
    },
}


@dataclass(frozen=True)
class Triage:
    """What a ticket is about."""

    category: str
    urgent: bool


class NoDraft(Exception):
    """The model went on asking instead of answering."""


async def classify(grok: AsyncGrok, ticket: str) -> Triage:
    """What one ticket is about."""
    answer = await grok.chat.create(
        MODEL,
        messages=[{"role": "system", "content": "Sort the ticket."}, {"role": "user", "content": ticket}],
        response_format={"type": "json_schema", "json_schema": {"name": "triage", "schema": TRIAGE, "strict": True}},
    )
    return Triage(**json.loads(answer.text))


async def classify_all(grok: AsyncGrok, tickets: Sequence[str]) -> list[Triage]:
    """What many tickets are about, asked at once."""
    return list(await asyncio.gather(*(classify(grok, ticket) for ticket in tickets)))


def draft(grok: Grok, ticket: str, orders: Mapping[str, str]) -> str:
    """An answer to a ticket; the model may look up orders. What customers get when nobody has time: `BUSY`."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "Answer the customer in two sentences. Look up orders; never guess."},
        {"role": "user", "content": ticket},
    ]
    try:
        for _ in range(MOST_ROUNDS):
            answer = grok.chat.create(MODEL, messages=messages, tools=[LOOK_UP])
            if not answer.tool_calls:
                return answer.text
            messages.append({"role": "assistant", "tool_calls": [as_message(call) for call in answer.tool_calls]})
            messages += [tool_result(call, orders) for call in answer.tool_calls]
    except TryLater:
        return BUSY
    raise NoDraft(f"no answer after {MOST_ROUNDS} rounds")


def as_message(call: ToolCall) -> dict[str, Any]:
    """A tool call as the conversation repeats it."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def tool_result(call: ToolCall, orders: Mapping[str, str]) -> dict[str, Any]:
    """The message that tells the model what a call of `look_up_order` gave."""
    order = json.loads(call.arguments).get("order", "")
    found = orders.get(order, f"There is no order {order!r}.")
    return {"role": "tool", "tool_call_id": call.id, "content": found}


def write(grok: Grok, ticket: str, out: TextIO) -> Usage | None:
    """Write an answer while it comes, and give what it took; `None` when it broke off."""
    try:
        with grok.stream(f"Answer this customer in two sentences: {ticket}", model=MODEL) as stream:
            for text in stream.text():
                out.write(text)
                out.flush()
    except StreamInterrupted:
        out.write("\n(the connection broke: the rest will follow by mail)\n")
        return None
    out.write("\n")
    return stream.result.usage


def main() -> None:
    """Answer the ticket of the command line."""
    orders = {"1001": "Sent on Monday, due on Thursday.", "1002": "Waiting for payment."}
    ticket = " ".join(sys.argv[1:]) or "Where is my order 1001?"
    with Grok() as grok:
        print(draft(grok, ticket, orders))
        write(grok, ticket, sys.stdout)


if __name__ == "__main__":
    main()
