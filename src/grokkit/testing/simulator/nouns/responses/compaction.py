"""Conversations made short: one item that only the server can read, to be put at the head of the next input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator import tokens
from grokkit.testing.simulator.asked import text_of
from grokkit.testing.simulator.nouns.responses.answering import secret_of
from grokkit.testing.simulator.nouns.responses.inputs import opened, read_input
from grokkit.testing.simulator.nouns.responses.prompting import check_files, check_window, turns_of
from grokkit.testing.simulator.nouns.responses.sealed import seal
from grokkit.testing.simulator.thought import Prompt, Thought

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.testing.simulator.nouns.responses.inputs import Item
    from grokkit.testing.simulator.nouns.responses.request import CompactRequest
    from grokkit.testing.simulator.visit import Visit

_INSTRUCTING = {"system", "developer"}
_WORDS = 12


def compacted(request: CompactRequest, visit: Visit) -> dict[str, Any]:
    """The reply to `POST /v1/responses/compact`."""
    model = visit.model(request.model, "responses")
    secret = secret_of(visit)
    items = list(opened(read_input(request.input, secret), secret))
    check_files(items, visit)
    prompt = Prompt(model=model.id, turns=tuple(turns_of(items, visit)))
    check_window(prompt, model)
    short, dropped = shortened(items)
    summary = "".join(text_of(item["content"]) for item in short)
    bill = visit.charge(prompt, [Thought(text=summary)])
    item = {"type": "compaction", "id": f"cmp_{visit.simulator.new_id()}"}
    return {
        "object": "response.compaction",
        "id": f"cmp_{visit.id}",
        "created_at": int(visit.now()),
        "model": model.id,
        "output": [{**item, "encrypted_content": seal({"items": short}, secret)}],
        "usage": {
            "input_tokens": bill.input_tokens,
            "input_tokens_details": {"cached_tokens": bill.cached_tokens},
            "output_tokens": tokens.count(summary),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": bill.input_tokens + tokens.count(summary),
            "dropped_message_count": dropped,
        },
    }


def shortened(items: Sequence[Item]) -> tuple[list[Item], int]:
    """Instructions, a summary of the rest, and the last message of the user; and how many were summarised.

    >>> said = [{"type": "message", "role": role, "content": role} for role in ("user", "assistant", "user")]
    >>> [item["content"] for item in shortened(said)[0]]
    ['Summary of 2 earlier messages: user: user / assistant: assistant', 'user']
    """
    instructions = [item for item in items if item.get("role") in _INSTRUCTING]
    users = [item for item in items if item.get("role") == "user"]
    last = users[-1:]
    rest = [item for item in items if not any(item is kept for kept in (*instructions, *last))]
    if not rest:
        return [*instructions, *last], 0
    told = " / ".join(f"{turn.role}: {_beginning(turn.text)}" for turn in turns_of(rest))
    text = f"Summary of {len(rest)} earlier messages: {told}"
    return [*instructions, {"type": "message", "role": "assistant", "content": text}, *last], len(rest)


def _beginning(text: str) -> str:
    words = text.split()
    return " ".join(words[:_WORDS]) + (" ..." if len(words) > _WORDS else "")
